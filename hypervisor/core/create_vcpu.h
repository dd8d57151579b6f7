// KVM_CREATE_VCPU: the SIE block a new vCPU starts with.
#ifndef HYPERVISOR_CORE_CREATE_VCPU_H_
#define HYPERVISOR_CORE_CREATE_VCPU_H_

#include <cstdint>

#include "hypervisor/core/vm.h"

namespace hypervisor {

// The number of the vCPU's file, or the negative of EINVAL, EEXIST, ENOMEM or EMFILE, which leave
// nothing behind.
int64_t CreateVcpu(Vm& vm, uint64_t id);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_CREATE_VCPU_H_
