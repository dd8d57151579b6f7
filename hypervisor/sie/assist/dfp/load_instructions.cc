// LOAD AND TEST, LOAD LENGTHENED, LOAD ROUNDED, LOAD FP INTEGER, COMPARE, COMPARE AND SIGNAL,
// COMPARE BIASED EXPONENT, TEST DATA CLASS, TEST DATA GROUP.
#include "hypervisor/sie/assist/dfp/instruction.h"

namespace hypervisor::assist {
namespace {

using dfp::Environment;
using dfp::Extended;
using dfp::Long;
using dfp::Number;
using dfp::Short;

template <typename F>
void LoadAndTest(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r2)) return;
  Environment environment = DfpEnvironment(cpu);
  const Number result = dfp::LoadSpecial(ReadDfp<F>(cpu, insn.r2), false, environment);
  if (!environment.suppressed) {
    WriteDfp<F>(cpu, insn.r1, result);
    cpu.set_cc(dfp::ClassCc(result));
  }
  Finish(cpu, environment);
}

// The leftmost bit of M4 controls the invalid-operation exception.
bool AsItIs(const Insn& insn) {
  return (insn.m4 & 8) != 0;
}

template <typename F, typename G>
void Lengthen(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<G>(cpu, insn.r1)) return;
  Environment environment = DfpEnvironment(cpu);
  const Number result = dfp::LoadSpecial(ReadDfp<F>(cpu, insn.r2), AsItIs(insn), environment);
  if (!environment.suppressed) WriteDfp<G>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

// From G to F. The result takes the registers of the longer format if it is scaled.
template <typename G, typename F>
void LoadRounded(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<G>(cpu, insn.r1, insn.r2)) return;
  Environment environment = DfpEnvironment(cpu, insn.m3);
  environment.suppress_inexact = HasFloatingPointExtension(cpu) && (insn.m4 & 4) != 0;
  const Number operand = ReadDfp<G>(cpu, insn.r2);
  dfp::Rounded result;
  if (operand.IsFinite()) {
    constexpr int kLoadRoundedScale = G::kShape.scale / 3;
    result = dfp::Round(dfp::ExactOf(operand), operand.exponent, F::kShape, G::kShape,
                        kLoadRoundedScale, environment);
  } else {
    result.number = dfp::LoadSpecial(operand, AsItIs(insn), environment);
  }
  if (result.scaled) {
    WriteDfp<G>(cpu, insn.r1, result.number);
  } else if (!environment.suppressed) {
    WriteDfp<F>(cpu, insn.r1, result.number);
  }
  Finish(cpu, environment);
}

template <typename F>
void LoadInteger(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r2)) return;
  Environment environment = DfpEnvironment(cpu, insn.m3);
  environment.suppress_inexact = (insn.m4 & 4) != 0;
  const Number result = dfp::RoundToIntegral(ReadDfp<F>(cpu, insn.r2), F::kShape, environment);
  if (!environment.suppressed) WriteDfp<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename F, bool kSignal>
void Compare(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r2)) return;
  Environment environment = DfpEnvironment(cpu);
  const uint8_t cc =
      dfp::Compare(ReadDfp<F>(cpu, insn.r1), ReadDfp<F>(cpu, insn.r2), kSignal, environment);
  if (!environment.suppressed) cpu.set_cc(cc);
  Finish(cpu, environment);
}

template <typename F>
void CompareExponent(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1, insn.r2)) return;
  cpu.set_cc(dfp::CompareExponents(ReadDfp<F>(cpu, insn.r1), ReadDfp<F>(cpu, insn.r2)));
}

// `classify` gives one of 12 bits; the second-operand address selects those that make CC 1.
template <typename F, typename Classify>
void Test(GuestCpu& cpu, const Insn& insn, Classify classify) {
  if (!DfpPermitted<F>(cpu, insn.r1)) return;
  const uint64_t selected = cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2);
  cpu.set_cc((selected & classify(ReadDfp<F>(cpu, insn.r1), F::kShape)) != 0);
}
template <typename F>
void TestClass(GuestCpu& cpu, const Insn& insn) {
  Test<F>(cpu, insn, dfp::DataClass);
}
template <typename F>
void TestGroup(GuestCpu& cpu, const Insn& insn) {
  Test<F>(cpu, insn, dfp::DataGroup);
}

}  // namespace

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }

INSTRUCTION(LoadAndTestDfpLong, LoadAndTest<Long>)
INSTRUCTION(LoadAndTestDfpExtended, LoadAndTest<Extended>)
INSTRUCTION(LengthenDfpShortToLong, Lengthen<Short, Long>)
INSTRUCTION(LengthenDfpLongToExtended, Lengthen<Long, Extended>)
INSTRUCTION(RoundDfpLongToShort, LoadRounded<Long, Short>)
INSTRUCTION(RoundDfpExtendedToLong, LoadRounded<Extended, Long>)
INSTRUCTION(LoadDfpIntegerLong, LoadInteger<Long>)
INSTRUCTION(LoadDfpIntegerExtended, LoadInteger<Extended>)
INSTRUCTION(CompareDfpLong, Compare<Long, false>)
INSTRUCTION(CompareDfpExtended, Compare<Extended, false>)
INSTRUCTION(CompareAndSignalDfpLong, Compare<Long, true>)
INSTRUCTION(CompareAndSignalDfpExtended, Compare<Extended, true>)
INSTRUCTION(CompareBiasedExponentLong, CompareExponent<Long>)
INSTRUCTION(CompareBiasedExponentExtended, CompareExponent<Extended>)
INSTRUCTION(TestDfpDataClassShort, TestClass<Short>)
INSTRUCTION(TestDfpDataClassLong, TestClass<Long>)
INSTRUCTION(TestDfpDataClassExtended, TestClass<Extended>)
INSTRUCTION(TestDfpDataGroupShort, TestGroup<Short>)
INSTRUCTION(TestDfpDataGroupLong, TestGroup<Long>)
INSTRUCTION(TestDfpDataGroupExtended, TestGroup<Extended>)

}  // namespace hypervisor::assist
