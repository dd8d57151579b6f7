// Verbs about the life of machines.
#ifndef SERVICES_CLI_VERBS_MACHINES_H_
#define SERVICES_CLI_VERBS_MACHINES_H_

#include "services/cli/verb.h"

namespace services::cli {

absl::StatusOr<int> CreateVerb(Invocation& invocation);
absl::StatusOr<int> StartVerb(Invocation& invocation);
absl::StatusOr<int> ListVerb(Invocation& invocation);
absl::StatusOr<int> ProcessesVerb(Invocation& invocation);
absl::StatusOr<int> ShowVerb(Invocation& invocation);
absl::StatusOr<int> PauseVerb(Invocation& invocation);
absl::StatusOr<int> ResumeVerb(Invocation& invocation);
absl::StatusOr<int> ResetVerb(Invocation& invocation);
absl::StatusOr<int> StopVerb(Invocation& invocation);
absl::StatusOr<int> RemoveVerb(Invocation& invocation);

}  // namespace services::cli

#endif  // SERVICES_CLI_VERBS_MACHINES_H_
