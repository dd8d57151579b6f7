// The PSW's leftmost byte, and what instructions make of it.
#ifndef HYPERVISOR_SIE_ASSIST_SYSTEM_MASK_H_
#define HYPERVISOR_SIE_ASSIST_SYSTEM_MASK_H_

#include <cstdint>

#include "hypervisor/isa/semantics/row.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

// Makes it `mask`, in which only bits 0, 1, 5-7 may be one. A PSW that this makes invalid is
// noticed early, yet with the length of the instruction, other than one that was loaded whole (PoP:
// Program Execution, "Early Exception Recognition").
void ReplaceSystemMask(GuestCpu& cpu, uint8_t mask);

// STORE THEN AND SYSTEM MASK for kAnd, STORE THEN OR SYSTEM MASK for kOr: stores it, and then makes
// it what the update makes of it and `operand`.
void StoreThenUpdateSystemMask(GuestCpu& cpu, Update update, uint64_t address, int ar,
                               uint8_t operand);

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_SYSTEM_MASK_H_
