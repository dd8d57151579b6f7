// What a client may inject where: the rules of KVM_S390_INTERRUPT and KVM_S390_IRQ.
#ifndef UCONTROL_INJECTION_H_
#define UCONTROL_INJECTION_H_

#include "absl/status/status.h"
#include "hypervisor/uapi/kvm.h"

namespace ucontrol {

class Machine;
class Vcpu;

// For any CPU of the machine: virtio, service signal, pfault completion, channel-report machine
// check, I/O.
absl::Status InjectFloating(Machine& machine, const hypervisor::uapi::Irq& irq);

// For one CPU: program, stop, restart, set prefix, the CPU's timers, emergency signal, external
// call, pfault initiation, machine check.
absl::Status InjectLocal(Vcpu& vcpu, const hypervisor::uapi::Irq& irq);

}  // namespace ucontrol

#endif  // UCONTROL_INJECTION_H_
