// KVM_S390_STORE_STATUS (PoP: Control, "Store Status").
//
// The status goes through the VM's memory slots. A UCONTROL VM has one slot of the kernel's own,
// which maps our user addresses one to one, whatever UCAS_MAP says: its status lands at the *user*
// address that the argument or the prefix gives.
#ifndef HYPERVISOR_CORE_STORE_STATUS_H_
#define HYPERVISOR_CORE_STORE_STATUS_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t StoreStatus(Vcpu& vcpu, uint64_t address);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_STORE_STATUS_H_
