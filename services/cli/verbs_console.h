// Verbs that show what a guest prints: run, console, logs.
#ifndef SERVICES_CLI_VERBS_CONSOLE_H_
#define SERVICES_CLI_VERBS_CONSOLE_H_

#include "services/cli/verb.h"

namespace services::cli {

absl::StatusOr<int> RunVerb(Invocation& invocation);
absl::StatusOr<int> ConsoleVerb(Invocation& invocation);
absl::StatusOr<int> LogsVerb(Invocation& invocation);

}  // namespace services::cli

#endif  // SERVICES_CLI_VERBS_CONSOLE_H_
