// DIAGNOSE 0x010: the guest gives pages back, whose contents become zeros.
#ifndef UCONTROL_DIAGNOSE_RELEASE_PAGES_H_
#define UCONTROL_DIAGNOSE_RELEASE_PAGES_H_

#include <cstdint>

#include "hypervisor/arch/address.h"

namespace ucontrol {

class Machine;

// Whole pages; what of them isn't storage is passed over.
void DiscardStorage(Machine& machine, hypervisor::GuestAbsolute start, uint64_t length);

}  // namespace ucontrol

#endif  // UCONTROL_DIAGNOSE_RELEASE_PAGES_H_
