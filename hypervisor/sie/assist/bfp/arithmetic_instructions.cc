// ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARE ROOT, MULTIPLY AND ADD, MULTIPLY AND SUBTRACT, COMPARE,
// COMPARE AND SIGNAL, DIVIDE TO INTEGER.
#include <cmath>
#include <functional>

#include "hypervisor/sie/assist/bfp/host_arithmetic.h"
#include "hypervisor/sie/assist/bfp/instruction.h"

namespace hypervisor::assist {
namespace {

using bfp::Environment;
using bfp::Extended;
using bfp::Long;
using bfp::Number;
using bfp::Short;

// First operand op second operand: `operation` on both as numbers with the environment, or
// `host_operation` on the host's own.
template <typename F, typename Second, typename Operation, typename HostOperation>
void Binary(GuestCpu& cpu, const Insn& insn, bool sets_cc, Operation operation,
            HostOperation host_operation) {
  typename F::Bits second;
  if (!BfpPermitted<F>(cpu, insn.r1) || !Second::template Read<F>(cpu, insn, second)) return;
  const auto first = ReadFpr<F>(cpu, insn.r1);
  typename F::Bits result;
  if (bfp::HostMayCalculate(cpu.state().fpc) &&
      bfp::HostResult<F>(host_operation, result, first, second)) {
    WriteFpr<F>(cpu, insn.r1, result);
    if (sets_cc) cpu.set_cc(bfp::ClassCc<F>(result));
    return;
  }
  Environment environment = EnvironmentOf(cpu);
  result = operation(bfp::Unpack<F>(first), bfp::Unpack<F>(second), environment);
  if (!environment.suppressed) {
    WriteFpr<F>(cpu, insn.r1, result);
    if (sets_cc) cpu.set_cc(bfp::ClassCc<F>(result));
  }
  Finish(cpu, environment);
}

template <typename F, typename Second>
void AddBfp(GuestCpu& cpu, const Insn& insn) {
  Binary<F, Second>(cpu, insn, true, bfp::Add<F>, std::plus<>());
}

template <typename F, typename Second>
void SubtractBfp(GuestCpu& cpu, const Insn& insn) {
  Binary<F, Second>(cpu, insn, true, bfp::Subtract<F>, std::minus<>());
}

template <typename F, typename Second>
void MultiplyBfp(GuestCpu& cpu, const Insn& insn) {
  Binary<F, Second>(cpu, insn, false, bfp::Multiply<F>, std::multiplies<>());
}

template <typename F, typename Second>
void DivideBfp(GuestCpu& cpu, const Insn& insn) {
  Binary<F, Second>(cpu, insn, false, bfp::Divide<F>, std::divides<>());
}

// The product of two F in the longer format G.
template <typename F, typename G, typename Second>
void MultiplyLonger(GuestCpu& cpu, const Insn& insn) {
  typename F::Bits second;
  if (!BfpPermitted<G>(cpu, insn.r1) || !Second::template Read<F>(cpu, insn, second)) return;
  Environment environment = EnvironmentOf(cpu);
  const auto result = bfp::Multiply<G>(bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r1)),
                                       bfp::Unpack<F>(second), environment);
  if (!environment.suppressed) WriteFpr<G>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename F, typename Second>
void SquareRootBfp(GuestCpu& cpu, const Insn& insn) {
  typename F::Bits second;
  if (!BfpPermitted<F>(cpu, insn.r1) || !Second::template Read<F>(cpu, insn, second)) return;
  typename F::Bits result;
  if (bfp::HostMayCalculate(cpu.state().fpc) && !(second & F::kSign) &&
      bfp::HostResult<F>([](auto a) { return std::sqrt(a); }, result, second)) {
    return WriteFpr<F>(cpu, insn.r1, result);
  }
  Environment environment = EnvironmentOf(cpu);
  result = bfp::SquareRoot<F>(bfp::Unpack<F>(second), environment);
  if (!environment.suppressed) WriteFpr<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

// First operand: the third times the second, plus or minus the first.
template <typename F, typename Second, bool kSubtract>
void MultiplyAndAddBfp(GuestCpu& cpu, const Insn& insn) {
  typename F::Bits second;
  if (!BfpPermitted<F>(cpu) || !Second::template Read<F>(cpu, insn, second)) return;
  const auto first = ReadFpr<F>(cpu, insn.r1);
  const auto third = ReadFpr<F>(cpu, insn.r3);
  typename F::Bits result;
  const auto host_operation = [](auto a, auto b, auto c) {
    return std::fma(b, c, kSubtract ? -a : a);
  };
  if (bfp::HostMayCalculate(cpu.state().fpc) &&
      bfp::HostResult<F>(host_operation, result, first, second, third)) {
    return WriteFpr<F>(cpu, insn.r1, result);
  }
  Environment environment = EnvironmentOf(cpu);
  const Number a = bfp::Unpack<F>(first);
  const Number b = bfp::Unpack<F>(second);
  const Number c = bfp::Unpack<F>(third);
  result = kSubtract ? bfp::MultiplyAndSubtract<F>(a, b, c, environment)
                     : bfp::MultiplyAndAdd<F>(a, b, c, environment);
  if (!environment.suppressed) WriteFpr<F>(cpu, insn.r1, result);
  Finish(cpu, environment);
}

template <typename F, typename Second, bool kSignal>
void CompareBfp(GuestCpu& cpu, const Insn& insn) {
  typename F::Bits second;
  if (!BfpPermitted<F>(cpu, insn.r1) || !Second::template Read<F>(cpu, insn, second)) return;
  Environment environment = EnvironmentOf(cpu);
  const uint8_t cc = bfp::Compare(bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r1)), bfp::Unpack<F>(second),
                                  kSignal, environment);
  if (!environment.suppressed) cpu.set_cc(cc);
  Finish(cpu, environment);
}

// The quotient goes to R3, the remainder to R1; M4 is the quotient's rounding mode.
template <typename F>
void DivideToInteger(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<F>(cpu)) return;
  if (insn.r1 == insn.r2 || insn.r2 == insn.r3 || insn.r1 == insn.r3)
    return cpu.Interrupt(PgmCode::kSpecification);
  Environment environment = EnvironmentOf(cpu);
  bfp::Rounding rounding = environment.rounding;
  if (!RoundingOf(cpu, insn.m4, rounding)) return;
  const auto result =
      bfp::DivideToInteger<F>(bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r1)),
                              bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r2)), rounding, environment);
  if (!environment.suppressed) {
    WriteFpr<F>(cpu, insn.r1, result.remainder);
    WriteFpr<F>(cpu, insn.r3, result.quotient);
    cpu.set_cc(result.cc);
  }
  Finish(cpu, environment);
}

}  // namespace

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }
#define SHORT_AND_LONG(name, ...)                                  \
  INSTRUCTION(name##Short, __VA_ARGS__<Short, FromRegister>)       \
  INSTRUCTION(name##ShortStorage, __VA_ARGS__<Short, FromStorage>) \
  INSTRUCTION(name##Long, __VA_ARGS__<Long, FromRegister>)         \
  INSTRUCTION(name##LongStorage, __VA_ARGS__<Long, FromStorage>)
#define ALL_FORMATS(name, ...)      \
  SHORT_AND_LONG(name, __VA_ARGS__) \
  INSTRUCTION(name##Extended, __VA_ARGS__<Extended, FromRegister>)

ALL_FORMATS(AddBfp, AddBfp)
ALL_FORMATS(SubtractBfp, SubtractBfp)
ALL_FORMATS(MultiplyBfp, MultiplyBfp)
ALL_FORMATS(DivideBfp, DivideBfp)
ALL_FORMATS(SquareRootBfp, SquareRootBfp)
INSTRUCTION(MultiplyBfpShortToLong, MultiplyLonger<Short, Long, FromRegister>)
INSTRUCTION(MultiplyBfpShortToLongStorage, MultiplyLonger<Short, Long, FromStorage>)
INSTRUCTION(MultiplyBfpLongToExtended, MultiplyLonger<Long, Extended, FromRegister>)
INSTRUCTION(MultiplyBfpLongToExtendedStorage, MultiplyLonger<Long, Extended, FromStorage>)

INSTRUCTION(MultiplyAndAddBfpShort, MultiplyAndAddBfp<Short, FromRegister, false>)
INSTRUCTION(MultiplyAndAddBfpShortStorage, MultiplyAndAddBfp<Short, FromStorage, false>)
INSTRUCTION(MultiplyAndAddBfpLong, MultiplyAndAddBfp<Long, FromRegister, false>)
INSTRUCTION(MultiplyAndAddBfpLongStorage, MultiplyAndAddBfp<Long, FromStorage, false>)
INSTRUCTION(MultiplyAndSubtractBfpShort, MultiplyAndAddBfp<Short, FromRegister, true>)
INSTRUCTION(MultiplyAndSubtractBfpShortStorage, MultiplyAndAddBfp<Short, FromStorage, true>)
INSTRUCTION(MultiplyAndSubtractBfpLong, MultiplyAndAddBfp<Long, FromRegister, true>)
INSTRUCTION(MultiplyAndSubtractBfpLongStorage, MultiplyAndAddBfp<Long, FromStorage, true>)

INSTRUCTION(CompareBfpShort, CompareBfp<Short, FromRegister, false>)
INSTRUCTION(CompareBfpShortStorage, CompareBfp<Short, FromStorage, false>)
INSTRUCTION(CompareBfpLong, CompareBfp<Long, FromRegister, false>)
INSTRUCTION(CompareBfpLongStorage, CompareBfp<Long, FromStorage, false>)
INSTRUCTION(CompareBfpExtended, CompareBfp<Extended, FromRegister, false>)
INSTRUCTION(CompareAndSignalBfpShort, CompareBfp<Short, FromRegister, true>)
INSTRUCTION(CompareAndSignalBfpShortStorage, CompareBfp<Short, FromStorage, true>)
INSTRUCTION(CompareAndSignalBfpLong, CompareBfp<Long, FromRegister, true>)
INSTRUCTION(CompareAndSignalBfpLongStorage, CompareBfp<Long, FromStorage, true>)
INSTRUCTION(CompareAndSignalBfpExtended, CompareBfp<Extended, FromRegister, true>)

INSTRUCTION(DivideToIntegerShort, DivideToInteger<Short>)
INSTRUCTION(DivideToIntegerLong, DivideToInteger<Long>)

}  // namespace hypervisor::assist
