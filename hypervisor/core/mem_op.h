// KVM_S390_MEM_OP: reads and writes the guest's storage, by absolute address on a VM, by logical
// address on a vCPU.
#ifndef HYPERVISOR_CORE_MEM_OP_H_
#define HYPERVISOR_CORE_MEM_OP_H_

#include <cstdint>

#include "hypervisor/core/vm.h"

namespace hypervisor {

// 0, -errno, or the code of the program interruption that the access would have caused.
int64_t VmMemOp(Vm& vm, const uapi::MemOp& operation);
int64_t VcpuMemOp(Vcpu& vcpu, const uapi::MemOp& operation);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_MEM_OP_H_
