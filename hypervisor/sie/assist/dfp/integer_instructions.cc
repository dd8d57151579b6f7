// CONVERT FROM FIXED, CONVERT FROM LOGICAL, CONVERT TO FIXED, CONVERT TO LOGICAL.
#include "hypervisor/sie/assist/dfp/instruction.h"

namespace hypervisor::assist {
namespace {

using dfp::Environment;
using dfp::Extended;
using dfp::Long;

// The preferred quantum is one.
template <typename Integer, typename F>
void FromInteger(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1)) return;
  Environment environment = AddedModifierEnvironment(cpu, insn.m3);
  environment.suppress_inexact = HasFloatingPointExtension(cpu) && (insn.m4 & 4) != 0;
  const auto value = static_cast<Integer>(cpu.gpr(insn.r2));
  const auto bits = static_cast<uint64_t>(value);
  const bool negative = value < 0;
  const dfp::Exact exact{negative, 0, {0, negative ? -bits : bits}, false};
  WriteDfp<F>(cpu, insn.r1, dfp::Round(exact, 0, F::kShape, environment).number);
  Finish(cpu, environment);
}

template <typename F, typename Integer>
void ToInteger(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r2)) return;
  Environment environment = DfpEnvironment(cpu, insn.m3);
  environment.suppress_inexact = HasFloatingPointExtension(cpu) && (insn.m4 & 4) != 0;
  const auto result = dfp::ToInteger<Integer>(ReadDfp<F>(cpu, insn.r2), environment);
  if (!environment.suppressed) {
    if constexpr (sizeof(Integer) == 4) {
      cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(result.value));
    } else {
      cpu.set_gpr(insn.r1, static_cast<uint64_t>(result.value));
    }
    cpu.set_cc(result.cc);
  }
  Finish(cpu, environment);
}

}  // namespace

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }
#define CONVERSIONS(suffix, Integer)                                       \
  INSTRUCTION(DecimalLongFrom##suffix, FromInteger<Integer, Long>)         \
  INSTRUCTION(DecimalExtendedFrom##suffix, FromInteger<Integer, Extended>) \
  INSTRUCTION(DecimalLongTo##suffix, ToInteger<Long, Integer>)             \
  INSTRUCTION(DecimalExtendedTo##suffix, ToInteger<Extended, Integer>)

CONVERSIONS(Fixed32, int32_t)
CONVERSIONS(Fixed64, int64_t)
CONVERSIONS(Logical32, uint32_t)
CONVERSIONS(Logical64, uint64_t)

}  // namespace hypervisor::assist
