// The floating-point-control register and the controls that permit floating-point instructions
// (PoP: Floating-Point Overview and Support Instructions).
#ifndef HYPERVISOR_SIE_ASSIST_FLOATING_POINT_CONTROL_H_
#define HYPERVISOR_SIE_ASSIST_FLOATING_POINT_CONTROL_H_

#include <cstdint>

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

// The masks, flags and the data-exception code name the same exceptions by the same bits.
inline constexpr uint8_t kIeeeInvalid = 0x80;
inline constexpr uint8_t kIeeeDivideByZero = 0x40;
inline constexpr uint8_t kIeeeOverflow = 0x20;
inline constexpr uint8_t kIeeeUnderflow = 0x10;
inline constexpr uint8_t kIeeeInexact = 0x08;
inline constexpr uint8_t kQuantum = 0x04;

constexpr uint8_t MasksOf(uint32_t fpc) {
  return static_cast<uint8_t>(fpc >> 24);
}
constexpr uint8_t FlagsOf(uint32_t fpc) {
  return static_cast<uint8_t>(fpc >> 16);
}

// Rounding modes 4 to 6 don't exist; unassigned bits must be zeros.
constexpr bool IsValidBfpRoundingMode(uint32_t mode) {
  return mode < 4 || mode == 7;
}
constexpr bool IsValidFpc(uint32_t fpc) {
  return (fpc & 0x03030088) == 0 && IsValidBfpRoundingMode(fpc & 7);
}

inline bool AfpOn(const GuestCpu& cpu) {
  return (cpu.state().cr[0] & cr0::kAfpRegister) != 0;
}

// Each yields true if the instruction may go on.
inline bool AllowBfp(GuestCpu& cpu) {
  if (AfpOn(cpu)) [[likely]]
    return true;
  cpu.InterruptData(kDxcBfpInstruction);
  return false;
}
inline bool AllowDfp(GuestCpu& cpu) {
  if (AfpOn(cpu)) [[likely]]
    return true;
  cpu.InterruptData(kDxcDfpInstruction);
  return false;
}
// An extended number lies in a pair of registers: 0 and 2, 1 and 3, 4 and 6 ...
template <typename... Registers>
bool ArePairs(GuestCpu& cpu, Registers... registers) {
  if (((registers | ...) & 2) == 0) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_FLOATING_POINT_CONTROL_H_
