// LOAD AND TEST, LOAD COMPLEMENT, NEGATIVE and POSITIVE, LOAD LENGTHENED, LOAD ROUNDED, LOAD FP
// INTEGER, CONVERT FROM and TO FIXED and LOGICAL, TEST DATA CLASS.
#include "hypervisor/sie/assist/bfp/instruction.h"

namespace hypervisor::assist {
namespace {

using bfp::Environment;
using bfp::Extended;
using bfp::Long;
using bfp::Short;

template <typename F>
void LoadAndTest(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<F>(cpu, insn.r1, insn.r2)) return;
  Environment environment = EnvironmentOf(cpu);
  const auto operand = ReadFpr<F>(cpu, insn.r2);
  const bfp::Number number = bfp::Unpack<F>(operand);
  const auto result = number.IsNan() ? bfp::NanResult<F>({&number}, environment) : operand;
  if (!environment.suppressed) {
    WriteFpr<F>(cpu, insn.r1, result);
    cpu.set_cc(bfp::ClassCc<F>(result));
  }
  Finish(cpu, environment);
}

// Only the sign changes, even a NaN's: no exceptions.
template <typename F, typename ChangeSign>
void LoadWithSign(GuestCpu& cpu, const Insn& insn, ChangeSign change_sign) {
  if (!BfpPermitted<F>(cpu, insn.r1, insn.r2)) return;
  const auto result = static_cast<typename F::Bits>(change_sign(ReadFpr<F>(cpu, insn.r2)));
  WriteFpr<F>(cpu, insn.r1, result);
  cpu.set_cc(bfp::ClassCc<F>(result));
}
template <typename F>
void LoadComplement(GuestCpu& cpu, const Insn& insn) {
  LoadWithSign<F>(cpu, insn, [](auto bits) { return bits ^ F::kSign; });
}
template <typename F>
void LoadNegative(GuestCpu& cpu, const Insn& insn) {
  LoadWithSign<F>(cpu, insn, [](auto bits) { return bits | F::kSign; });
}
template <typename F>
void LoadPositive(GuestCpu& cpu, const Insn& insn) {
  LoadWithSign<F>(cpu, insn, [](auto bits) { return bits & ~F::kSign; });
}

template <typename F, typename G, typename Second>
void LoadLengthened(GuestCpu& cpu, const Insn& insn) {
  typename F::Bits second;
  if (!BfpPermitted<G>(cpu, insn.r1) || !Second::template Read<F>(cpu, insn, second)) return;
  Environment environment = EnvironmentOf(cpu);
  const auto result = bfp::Lengthen<G>(bfp::Unpack<F>(second), environment);
  if (!environment.suppressed) WriteFpr<G>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

// The result takes the registers of the longer format if it is scaled, so they are tested for it.
template <typename G, typename F>
void LoadRounded(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<G>(cpu, insn.r1, insn.r2)) return;
  Environment environment = EnvironmentOf(cpu);
  if (cpu.facilities().Has(Facility::kFloatingPointExtension) &&
      !ModifiedEnvironment(cpu, insn, environment)) {
    return;
  }
  const auto result = bfp::LoadRounded<F, G>(bfp::Unpack<G>(ReadFpr<G>(cpu, insn.r2)), environment);
  if (result.is_scaled) {
    WriteFpr<G>(cpu, insn.r1, result.scaled);
  } else if (!environment.suppressed) {
    WriteFpr<F>(cpu, insn.r1, result.bits);
  }
  Finish(cpu, environment);
}

template <typename F>
void LoadFpInteger(GuestCpu& cpu, const Insn& insn) {
  Environment environment;
  if (!BfpPermitted<F>(cpu, insn.r1, insn.r2) || !ModifiedEnvironment(cpu, insn, environment))
    return;
  const auto result =
      bfp::RoundToIntegral<F>(bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r2)), environment);
  if (!environment.suppressed) WriteFpr<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename Integer, typename F>
void FromInteger(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<F>(cpu, insn.r1)) return;
  Environment environment = EnvironmentOf(cpu);
  if (cpu.facilities().Has(Facility::kFloatingPointExtension) &&
      !ModifiedEnvironment(cpu, insn, environment)) {
    return;
  }
  const auto value = static_cast<Integer>(cpu.gpr(insn.r2));
  const bool negative = value < 0;
  const auto bits = static_cast<uint64_t>(value);
  const auto result = bfp::FromInteger<F>(negative, negative ? -bits : bits, environment);
  WriteFpr<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename F, typename Integer>
void ToInteger(GuestCpu& cpu, const Insn& insn) {
  Environment environment;
  if (!BfpPermitted<F>(cpu, insn.r2) || !ModifiedEnvironment(cpu, insn, environment)) return;
  const auto result =
      bfp::ToInteger<Integer>(bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r2)), environment);
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

template <typename F>
void TestDataClass(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<F>(cpu, insn.r1)) return;
  const uint64_t classes = cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2);
  cpu.set_cc((classes & bfp::DataClass<F>(ReadFpr<F>(cpu, insn.r1))) != 0);
}

}  // namespace

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }
#define ALL_FORMATS(name, ...)                 \
  INSTRUCTION(name##Short, __VA_ARGS__<Short>) \
  INSTRUCTION(name##Long, __VA_ARGS__<Long>)   \
  INSTRUCTION(name##Extended, __VA_ARGS__<Extended>)

ALL_FORMATS(LoadAndTestBfp, LoadAndTest)
ALL_FORMATS(LoadComplementBfp, LoadComplement)
ALL_FORMATS(LoadNegativeBfp, LoadNegative)
ALL_FORMATS(LoadPositiveBfp, LoadPositive)
ALL_FORMATS(LoadFpInteger, LoadFpInteger)
ALL_FORMATS(TestDataClass, TestDataClass)

INSTRUCTION(LengthenShortToLong, LoadLengthened<Short, Long, FromRegister>)
INSTRUCTION(LengthenShortToLongStorage, LoadLengthened<Short, Long, FromStorage>)
INSTRUCTION(LengthenShortToExtended, LoadLengthened<Short, Extended, FromRegister>)
INSTRUCTION(LengthenShortToExtendedStorage, LoadLengthened<Short, Extended, FromStorage>)
INSTRUCTION(LengthenLongToExtended, LoadLengthened<Long, Extended, FromRegister>)
INSTRUCTION(LengthenLongToExtendedStorage, LoadLengthened<Long, Extended, FromStorage>)

INSTRUCTION(RoundLongToShort, LoadRounded<Long, Short>)
INSTRUCTION(RoundExtendedToLong, LoadRounded<Extended, Long>)
INSTRUCTION(RoundExtendedToShort, LoadRounded<Extended, Short>)

#define CONVERSIONS(suffix, Integer)                                  \
  INSTRUCTION(Short##From##suffix, FromInteger<Integer, Short>)       \
  INSTRUCTION(Long##From##suffix, FromInteger<Integer, Long>)         \
  INSTRUCTION(Extended##From##suffix, FromInteger<Integer, Extended>) \
  INSTRUCTION(Short##To##suffix, ToInteger<Short, Integer>)           \
  INSTRUCTION(Long##To##suffix, ToInteger<Long, Integer>)             \
  INSTRUCTION(Extended##To##suffix, ToInteger<Extended, Integer>)

CONVERSIONS(Fixed32, int32_t)
CONVERSIONS(Fixed64, int64_t)
CONVERSIONS(Logical32, uint32_t)
CONVERSIONS(Logical64, uint64_t)

}  // namespace hypervisor::assist
