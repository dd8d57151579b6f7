// KVM_CREATE_VCPU: the SIE block a new vCPU starts with.
#ifndef HYPERVISOR_CORE_CREATE_VCPU_H_
#define HYPERVISOR_CORE_CREATE_VCPU_H_

#include <cstdint>

#include "hypervisor/core/vm.h"

namespace hypervisor {

// The vCPU, or null and `error`: EINVAL, EEXIST or ENOMEM. The caller holds vm.mutex.
Vcpu* CreateVcpu(Vm& vm, uint64_t id, int& error);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_CREATE_VCPU_H_
