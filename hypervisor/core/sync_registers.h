// The registers on their way between kvm_run, the SIE block and the engine.
#ifndef HYPERVISOR_CORE_SYNC_REGISTERS_H_
#define HYPERVISOR_CORE_SYNC_REGISTERS_H_

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

// Before SIE: general, access and floating-point registers and the PSW always come from kvm_run,
// the others if they are marked in kvm_dirty_regs, which is cleared. The rest is the block's.
void LoadRegisters(Vcpu& vcpu);

// After SIE: everything, in the block and in kvm_run.
void StoreRegisters(Vcpu& vcpu);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_SYNC_REGISTERS_H_
