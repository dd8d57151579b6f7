// What ucctl says about itself: help, shell completion, the manual page. All of it comes from the
// table of verbs.
#ifndef SERVICES_CLI_HELP_H_
#define SERVICES_CLI_HELP_H_

#include <string>

#include "absl/status/statusor.h"
#include "services/cli/verb.h"

namespace services::cli {

// Of all verbs, or of one.
std::string Overview();
std::string HelpFor(const Verb& verb);

// A script for bash, zsh or fish; INVALID_ARGUMENT for other shells.
absl::StatusOr<std::string> CompletionScript(const std::string& shell);

// ucctl(1), in troff.
std::string ManualPage();

}  // namespace services::cli

#endif  // SERVICES_CLI_HELP_H_
