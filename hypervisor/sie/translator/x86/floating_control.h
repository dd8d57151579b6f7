// The host's floating-point control in translated code: exceptions masked, rounding as the guest's
// FPC says. Exceptions gather in its flags, and are the FPC's when C++ takes over.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_FLOATING_CONTROL_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_FLOATING_CONTROL_H_

#include <xmmintrin.h>

#include <cstdint>

namespace hypervisor::x86 {

inline constexpr uint32_t kOurControl = 0x1f80;  // C++'s, to nearest

// Whether the host can do as the FPC says: nothing traps, and it has the rounding mode.
constexpr bool IsForHost(uint32_t fpc) {
  return (fpc & 0xf8000000) == 0 && (fpc & 7) < 4;
}

constexpr uint32_t ControlOf(uint32_t fpc) {
  constexpr uint32_t kRounding[] = {0, 3, 2, 1};  // nearest, toward zero, up, down
  return IsForHost(fpc) ? kOurControl | kRounding[fpc & 7] << 13 : kOurControl;
}

// The FPC's flags: invalid operation, division by zero, overflow, underflow, inexact.
constexpr uint32_t FlagsOf(uint32_t control) {
  return (control & 0x01) << 23 | (control & 0x04) << 20 | (control & 0x08) << 18 |
         (control & 0x10) << 16 | (control & 0x20) << 14;
}

inline void BeginGuestArithmetic(uint32_t fpc) {
  const uint32_t control = ControlOf(fpc);
  if (_mm_getcsr() != control) _mm_setcsr(control);
}
inline void EndGuestArithmetic(uint32_t& fpc) {
  const uint32_t control = _mm_getcsr();
  if (control == kOurControl) return;
  fpc |= FlagsOf(control);
  _mm_setcsr(kOurControl);
}
// Forgets what C++ has calculated.
inline void ClearArithmetic() {
  if (_mm_getcsr() != kOurControl) _mm_setcsr(kOurControl);
}

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_FLOATING_CONTROL_H_
