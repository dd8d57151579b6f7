// ADD, SUBTRACT, MULTIPLY, DIVIDE, QUANTIZE, REROUND, SHIFT COEFFICIENT, INSERT and EXTRACT BIASED
// EXPONENT, EXTRACT SIGNIFICANCE.
#include "hypervisor/sie/assist/dfp/instruction.h"

namespace hypervisor::assist {
namespace {

using dfp::Environment;
using dfp::Extended;
using dfp::Kind;
using dfp::Long;
using dfp::Number;

// The first operand becomes the second one op the third.
template <typename F, auto kOperation, bool kSetsCc>
void Binary(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r2, insn.r3)) return;
  Environment environment = AddedModifierEnvironment(cpu, insn.m4);
  const Number result =
      kOperation(ReadDfp<F>(cpu, insn.r2), ReadDfp<F>(cpu, insn.r3), F::kShape, environment);
  if (!environment.suppressed) {
    WriteDfp<F>(cpu, insn.r1, result);
    if (kSetsCc) cpu.set_cc(dfp::ClassCc(result));
  }
  Finish(cpu, environment);
}

// The third operand with the quantum of the second.
template <typename F>
void QuantizeTo(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r2, insn.r3)) return;
  Environment environment = DfpEnvironment(cpu, insn.m4);
  const Number result =
      dfp::Quantize(ReadDfp<F>(cpu, insn.r3), ReadDfp<F>(cpu, insn.r2), F::kShape, environment);
  if (!environment.suppressed) WriteDfp<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename F>
void RoundAgain(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r3)) return;
  Environment environment = DfpEnvironment(cpu, insn.m4);
  const int digits = static_cast<int>(cpu.gpr(insn.r2) & 0x3f);
  const Number result = dfp::Reround(ReadDfp<F>(cpu, insn.r3), digits, F::kShape, environment);
  if (!environment.suppressed) WriteDfp<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename F, int kSign>
void Shift(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r3)) return;
  const int digits =
      static_cast<int>(cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2) & 0x3f) * kSign;
  WriteDfp<F>(cpu, insn.r1, dfp::ShiftCoefficient(ReadDfp<F>(cpu, insn.r3), digits, F::kShape));
}

// What stands for a biased exponent or a number of digits if there is none.
constexpr int64_t CodeOf(Kind kind) {
  switch (kind) {
    case Kind::kInfinity:
      return -1;
    case Kind::kQuietNan:
      return -2;
    case Kind::kSignalingNan:
      return -3;
    case Kind::kFinite:
      break;
  }
  return 0;
}

template <typename F>
void ExtractExponent(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r2)) return;
  const Number number = ReadDfp<F>(cpu, insn.r2);
  const int64_t result =
      number.IsFinite() ? number.exponent + F::kShape.bias() : CodeOf(number.kind);
  cpu.set_gpr(insn.r1, static_cast<uint64_t>(result));
}

template <typename F>
void ExtractSignificance(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r2)) return;
  const Number number = ReadDfp<F>(cpu, insn.r2);
  const int64_t result = number.IsFinite() ? dfp::Digits(number.coefficient) : CodeOf(number.kind);
  cpu.set_gpr(insn.r1, static_cast<uint64_t>(result));
}

// Sign and coefficient of the third operand, of an infinity or a NaN its trailing significand.
template <typename F>
void InsertExponent(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r3)) return;
  const auto biased = static_cast<int64_t>(cpu.gpr(insn.r2));
  Number number = ReadDfp<F>(cpu, insn.r3);
  number.kind = Kind::kQuietNan;
  if (biased >= 0 && biased <= F::kShape.highest() + F::kShape.bias()) {
    number.kind = Kind::kFinite;
    number.exponent = static_cast<int>(biased) - F::kShape.bias();
  } else if (biased == CodeOf(Kind::kInfinity)) {
    number.kind = Kind::kInfinity;
  } else if (biased == CodeOf(Kind::kSignalingNan)) {
    number.kind = Kind::kSignalingNan;
  }
  WriteDfp<F>(cpu, insn.r1, number);
}

}  // namespace

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }

INSTRUCTION(AddDfpLong, Binary<Long, dfp::Add, true>)
INSTRUCTION(AddDfpExtended, Binary<Extended, dfp::Add, true>)
INSTRUCTION(SubtractDfpLong, Binary<Long, dfp::Subtract, true>)
INSTRUCTION(SubtractDfpExtended, Binary<Extended, dfp::Subtract, true>)
INSTRUCTION(MultiplyDfpLong, Binary<Long, dfp::Multiply, false>)
INSTRUCTION(MultiplyDfpExtended, Binary<Extended, dfp::Multiply, false>)
INSTRUCTION(DivideDfpLong, Binary<Long, dfp::Divide, false>)
INSTRUCTION(DivideDfpExtended, Binary<Extended, dfp::Divide, false>)
INSTRUCTION(QuantizeLong, QuantizeTo<Long>)
INSTRUCTION(QuantizeExtended, QuantizeTo<Extended>)
INSTRUCTION(ReroundLong, RoundAgain<Long>)
INSTRUCTION(ReroundExtended, RoundAgain<Extended>)
INSTRUCTION(ShiftCoefficientLeftLong, Shift<Long, 1>)
INSTRUCTION(ShiftCoefficientLeftExtended, Shift<Extended, 1>)
INSTRUCTION(ShiftCoefficientRightLong, Shift<Long, -1>)
INSTRUCTION(ShiftCoefficientRightExtended, Shift<Extended, -1>)
INSTRUCTION(ExtractBiasedExponentLong, ExtractExponent<Long>)
INSTRUCTION(ExtractBiasedExponentExtended, ExtractExponent<Extended>)
INSTRUCTION(ExtractSignificanceLong, ExtractSignificance<Long>)
INSTRUCTION(ExtractSignificanceExtended, ExtractSignificance<Extended>)
INSTRUCTION(InsertBiasedExponentLong, InsertExponent<Long>)
INSTRUCTION(InsertBiasedExponentExtended, InsertExponent<Extended>)

}  // namespace hypervisor::assist
