// KVM_S390_IRQ and KVM_S390_INTERRUPT of a vCPU, KVM_S390_GET/SET_IRQ_STATE.
#ifndef HYPERVISOR_CORE_INTERRUPT_REQUESTS_H_
#define HYPERVISOR_CORE_INTERRUPT_REQUESTS_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

// Any thread, without the vCPU's mutex.
int64_t InjectIrq(Vcpu& vcpu, const uapi::Irq& irq);
int64_t Interrupt(Vcpu& vcpu, uint64_t argument);

int64_t ReadIrqState(Vcpu& vcpu, const uapi::IrqState& state);
int64_t SetIrqState(Vcpu& vcpu, const uapi::IrqState& state);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_INTERRUPT_REQUESTS_H_
