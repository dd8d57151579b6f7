// What every binary-floating-point instruction does around its operation: fetch operands, take the
// rounding mode and masks from the FPC and the modifiers, put results, flags and traps back.
#ifndef HYPERVISOR_SIE_ASSIST_BFP_INSTRUCTION_H_
#define HYPERVISOR_SIE_ASSIST_BFP_INSTRUCTION_H_

#include <type_traits>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/bfp/conversion.h"
#include "hypervisor/sie/assist/floating_point_control.h"

namespace hypervisor::assist {

// Registers hold numbers of a binary or decimal format on the left.
template <typename F>
typename F::Bits ReadFpr(const GuestCpu& cpu, int r) {
  if constexpr (sizeof(typename F::Bits) == 4) {
    return static_cast<uint32_t>(cpu.fpr(r) >> 32);
  } else if constexpr (sizeof(typename F::Bits) == 8) {
    return cpu.fpr(r);
  } else {
    return bfp::U128{cpu.fpr(r)} << 64 | cpu.fpr(r + 2);
  }
}

template <typename F>
void WriteFpr(GuestCpu& cpu, int r, typename F::Bits bits) {
  if constexpr (sizeof(typename F::Bits) == 4) {
    cpu.set_fpr(r, (cpu.fpr(r) & 0xffffffff) | uint64_t{bits} << 32);
  } else if constexpr (sizeof(typename F::Bits) == 8) {
    cpu.set_fpr(r, bits);
  } else {
    cpu.set_fpr(r, static_cast<uint64_t>(bits >> 64));
    cpu.set_fpr(r + 2, static_cast<uint64_t>(bits));
  }
}

// The instruction may be used, and registers that hold extended numbers are pairs.
template <typename F, typename... Registers>
bool BfpPermitted(GuestCpu& cpu, Registers... registers) {
  if (!AllowBfp(cpu)) return false;
  if constexpr (std::is_same_v<F, bfp::Extended>) return ArePairs(cpu, registers...);
  return true;
}

// Where the second operand lies. Read is false if stopped.
struct FromRegister {
  template <typename F>
  static bool Read(GuestCpu& cpu, const Insn& insn, typename F::Bits& bits) {
    if constexpr (std::is_same_v<F, bfp::Extended>) {
      if (!ArePairs(cpu, insn.r2)) return false;
    }
    bits = ReadFpr<F>(cpu, insn.r2);
    return true;
  }
};
struct FromStorage {
  template <typename F>
  static bool Read(GuestCpu& cpu, const Insn& insn, typename F::Bits& bits) {
    bits = cpu.Load<typename F::Bits>(cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2), insn.b2);
    return !cpu.Stopped();
  }
};

inline bfp::Environment EnvironmentOf(const GuestCpu& cpu) {
  bfp::Environment environment;
  environment.rounding = static_cast<bfp::Rounding>(cpu.state().fpc & 7);
  environment.masks = MasksOf(cpu.state().fpc);
  return environment;
}

// False, with a specification exception, if a rounding-mode modifier has no meaning; 0 stands for
// the FPC's mode.
bool RoundingOf(GuestCpu& cpu, int modifier, bfp::Rounding& rounding);

// The environment of an instruction with the fields M3 and M4, or only M3 before the
// floating-point-extension facility.
bool ModifiedEnvironment(GuestCpu& cpu, int m3, int m4, bfp::Environment& environment);

// Puts back flags and trap. One that suppresses the instruction stops it here, another comes when
// the results are in place.
inline void Finish(GuestCpu& cpu, const bfp::Environment& environment) {
  cpu.state().fpc |= uint32_t{environment.flags} << 16;
  if (!environment.trap) [[likely]]
    return;
  if (environment.suppressed) return cpu.InterruptData(environment.trap);
  cpu.InterruptDataAfterCompletion(environment.trap);
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_BFP_INSTRUCTION_H_
