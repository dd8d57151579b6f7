// Verbs about vCPUs: their registers and interruptions.
#ifndef SERVICES_CLI_VERBS_VCPUS_H_
#define SERVICES_CLI_VERBS_VCPUS_H_

#include "services/cli/verb.h"

namespace services::cli {

absl::StatusOr<int> RegistersVerb(Invocation& invocation);
absl::StatusOr<int> InjectVerb(Invocation& invocation);

}  // namespace services::cli

#endif  // SERVICES_CLI_VERBS_VCPUS_H_
