// KVM_RUN.
#ifndef HYPERVISOR_CORE_RUN_H_
#define HYPERVISOR_CORE_RUN_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t RunVcpu(Vcpu& vcpu, uint64_t argument);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_RUN_H_
