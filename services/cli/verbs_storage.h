// Verbs about memories and what they are mapped to.
#ifndef SERVICES_CLI_VERBS_STORAGE_H_
#define SERVICES_CLI_VERBS_STORAGE_H_

#include "services/cli/verb.h"

namespace services::cli {

absl::StatusOr<int> MapVerb(Invocation& invocation);
absl::StatusOr<int> UnmapVerb(Invocation& invocation);
absl::StatusOr<int> MappingsVerb(Invocation& invocation);
absl::StatusOr<int> MemoryVerb(Invocation& invocation);

}  // namespace services::cli

#endif  // SERVICES_CLI_VERBS_STORAGE_H_
