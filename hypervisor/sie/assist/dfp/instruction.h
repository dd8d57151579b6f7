// What every decimal-floating-point instruction does around its operation.
#ifndef HYPERVISOR_SIE_ASSIST_DFP_INSTRUCTION_H_
#define HYPERVISOR_SIE_ASSIST_DFP_INSTRUCTION_H_

#include <type_traits>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/bfp/instruction.h"
#include "hypervisor/sie/assist/dfp/arithmetic.h"
#include "hypervisor/sie/assist/floating_point_control.h"

namespace hypervisor::assist {

// The instruction may be used, and registers that hold extended numbers are pairs.
template <typename F, typename... Registers>
bool DfpPermitted(GuestCpu& cpu, Registers... registers) {
  if (!AllowDfp(cpu)) return false;
  if constexpr (std::is_same_v<F, dfp::Extended>) return ArePairs(cpu, registers...);
  return true;
}

template <typename F>
dfp::Number ReadDfp(const GuestCpu& cpu, int r) {
  return dfp::Unpack<F>(ReadFpr<F>(cpu, r));
}
template <typename F>
void WriteDfp(GuestCpu& cpu, int r, const dfp::Number& number) {
  WriteFpr<F>(cpu, r, dfp::Pack<F>(number));
}

inline bool HasFloatingPointExtension(const GuestCpu& cpu) {
  return cpu.facilities().Has(Facility::kFloatingPointExtension);
}

// With the rounding mode that a modifier names: from 8 on by the number that the FPC uses, and with
// the floating-point-extension facility also as binary floating point has them; otherwise the
// FPC's.
dfp::Environment DfpEnvironment(const GuestCpu& cpu, uint8_t modifier = 0);

// That of a field which the floating-point-extension facility has added, and which is ignored
// without it.
inline dfp::Environment AddedModifierEnvironment(const GuestCpu& cpu, uint8_t modifier) {
  return DfpEnvironment(cpu, HasFloatingPointExtension(cpu) ? modifier : 0);
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_DFP_INSTRUCTION_H_
