// KVM_EXIT_S390_UCONTROL: the guest touched a segment that its vCPU hasn't mapped.
#ifndef UCONTROL_SEGMENT_FAULT_H_
#define UCONTROL_SEGMENT_FAULT_H_

#include "hypervisor/arch/address.h"
#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

// Maps the machine's storage, or ends the instruction with an addressing exception.
Disposition HandleSegmentFault(Vcpu& vcpu, hypervisor::VcpuAddress address);

}  // namespace ucontrol

#endif  // UCONTROL_SEGMENT_FAULT_H_
