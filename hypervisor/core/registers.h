// KVM_GET/SET_REGS, _SREGS, _FPU and KVM_S390_SET_INITIAL_PSW: other names for what kvm_run and the
// SIE block hold.
#ifndef HYPERVISOR_CORE_REGISTERS_H_
#define HYPERVISOR_CORE_REGISTERS_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t ReadRegs(Vcpu& vcpu, uapi::Regs& regs);
int64_t SetRegs(Vcpu& vcpu, const uapi::Regs& regs);
int64_t ReadSregs(Vcpu& vcpu, uapi::Sregs& sregs);
int64_t SetSregs(Vcpu& vcpu, const uapi::Sregs& sregs);
int64_t ReadFpu(Vcpu& vcpu, uapi::Fpu& fpu);
int64_t SetFpu(Vcpu& vcpu, const uapi::Fpu& fpu);

// EBUSY unless the CPU is stopped. Any PSW is taken.
int64_t SetInitialPsw(Vcpu& vcpu, const uapi::PswArgument& psw);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_REGISTERS_H_
