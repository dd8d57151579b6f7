// The linkage stack: entries in the home address space, the current one named by CR15 (PoP: Program
// Execution, "Linkage-Stack Operations").
#ifndef HYPERVISOR_SIE_ASSIST_LINKAGE_STACK_H_
#define HYPERVISOR_SIE_ASSIST_LINKAGE_STACK_H_

#include <cstdint>

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::linkage {

// The types of state entries, in their entry descriptors.
inline constexpr uint8_t kBranchState = 0x0c;
inline constexpr uint8_t kProgramCallState = 0x0d;

inline constexpr uint32_t kStateEntrySize = 296;

// Offsets in a state entry.
inline constexpr uint32_t kGprs = 0;
inline constexpr uint32_t kKeyMask = 128;  // then SASN, EAX, PASN: 2 bytes each
inline constexpr uint32_t kPswMask = 136;
inline constexpr uint32_t kCalled = 144;  // branch address, or called-space id and PC number
inline constexpr uint32_t kModifiable = 152;
inline constexpr uint32_t kPswAddress = 168;
inline constexpr uint32_t kAccessRegisters = 224;
inline constexpr uint32_t kDescriptor = 288;

struct StateEntry {
  uint8_t bytes[kStateEntrySize];
  uint64_t address = 0;     // virtual, of its first byte
  uint64_t descriptor = 0;  // of its descriptor: what CR15 holds while it is the last entry
  uint8_t type = 0;
};

// The home space, access key 0.
inline constexpr Space kStackSpace{Space::kHome, 0, 0};

// Adds a state entry: all registers, `psw` as the PSW to return to, and the doubleword `called`.
// False if stopped; nothing is changed then.
bool Push(GuestCpu& cpu, uint8_t type, const Psw& psw, uint64_t called);

// Finds the last state entry. False if stopped: stack-empty, stack-type, stack-specification, or,
// for PROGRAM RETURN (`unstack`), stack-operation.
bool FindLast(GuestCpu& cpu, bool unstack, StateEntry& entry);

// Takes general and access registers `first` to `last` (they may wrap) out of an entry.
void RestoreRegisters(GuestCpu& cpu, const StateEntry& entry, int first, int last);

// Removes the entry: the one before it is the last again. False if stopped.
bool Pop(GuestCpu& cpu, const StateEntry& entry);

}  // namespace hypervisor::linkage

#endif  // HYPERVISOR_SIE_ASSIST_LINKAGE_STACK_H_
