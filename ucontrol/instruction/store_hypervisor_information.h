// STORE HYPERVISOR INFORMATION: the CPU resources of the machine and the partition under a guest.
#ifndef UCONTROL_INSTRUCTION_STORE_HYPERVISOR_INFORMATION_H_
#define UCONTROL_INSTRUCTION_STORE_HYPERVISOR_INFORMATION_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition StoreHypervisorInformation(Vcpu& vcpu);  // B256

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_STORE_HYPERVISOR_INFORMATION_H_
