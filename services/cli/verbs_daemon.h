// Verbs about the daemon as a whole: events, version.
#ifndef SERVICES_CLI_VERBS_DAEMON_H_
#define SERVICES_CLI_VERBS_DAEMON_H_

#include "services/cli/verb.h"

namespace services::cli {

absl::StatusOr<int> EventsVerb(Invocation& invocation);
absl::StatusOr<int> VersionVerb(Invocation& invocation);

}  // namespace services::cli

#endif  // SERVICES_CLI_VERBS_DAEMON_H_
