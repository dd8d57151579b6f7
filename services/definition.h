// What a client may say about a machine or a memory: checked, and completed.
#ifndef SERVICES_DEFINITION_H_
#define SERVICES_DEFINITION_H_

#include "absl/status/status.h"
#include "services/limits.h"
#include "ucontrol/v1/machine.pb.h"
#include "ucontrol/v1/memory.pb.h"

namespace services {

// INVALID_ARGUMENT about the field that is wrong, RESOURCE_EXHAUSTED past a limit. Fills in what
// the client left to us: the number of vCPUs, devices' ids, the moment that a ttl means.
absl::Status CompleteDefinition(const Limits& limits, ucontrol::v1::Machine& machine);
absl::Status CompleteDefinition(const Limits& limits, ucontrol::v1::Memory& memory);

}  // namespace services

#endif  // SERVICES_DEFINITION_H_
