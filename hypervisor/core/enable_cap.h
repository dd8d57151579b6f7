// KVM_ENABLE_CAP on a VM and on a vCPU.
#ifndef HYPERVISOR_CORE_ENABLE_CAP_H_
#define HYPERVISOR_CORE_ENABLE_CAP_H_

#include <cstdint>

#include "hypervisor/core/vm.h"

namespace hypervisor {

int64_t EnableVmCap(Vm& vm, const uapi::EnableCap& cap);
int64_t EnableVcpuCap(Vcpu& vcpu, const uapi::EnableCap& cap);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_ENABLE_CAP_H_
