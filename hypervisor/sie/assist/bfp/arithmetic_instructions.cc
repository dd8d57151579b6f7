// ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARE ROOT, COMPARE and COMPARE AND SIGNAL of extended numbers;
// MULTIPLY with a longer product; DIVIDE TO INTEGER.
#include "hypervisor/sie/assist/bfp/instruction.h"
#include "hypervisor/sie/assist/bfp/operations.h"

namespace hypervisor::assist {
namespace {

using bfp::Environment;
using bfp::Extended;
using bfp::Long;
using bfp::Short;
using bfp::U128;

// First operand op second operand.
void Binary(GuestCpu& cpu, const Insn& insn, bool sets_cc,
            U128 (*operation)(GuestCpu&, U128, U128)) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const U128 result =
      operation(cpu, ReadFpr<Extended>(cpu, insn.r1), ReadFpr<Extended>(cpu, insn.r2));
  if (cpu.Stopped()) return;
  WriteFpr<Extended>(cpu, insn.r1, result);
  if (sets_cc) cpu.set_cc(bfp::ClassCc<Extended>(result));
}

void CompareExtended(GuestCpu& cpu, const Insn& insn, bool signal) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const uint8_t cc =
      CompareBfp(cpu, ReadFpr<Extended>(cpu, insn.r1), ReadFpr<Extended>(cpu, insn.r2), signal);
  if (!cpu.Stopped()) cpu.set_cc(cc);
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

void AddBfpExtended(GuestCpu& cpu, const Insn& insn) {
  Binary(cpu, insn, true, AddBfp<U128>);
}
void SubtractBfpExtended(GuestCpu& cpu, const Insn& insn) {
  Binary(cpu, insn, true, SubtractBfp<U128>);
}
void MultiplyBfpExtended(GuestCpu& cpu, const Insn& insn) {
  Binary(cpu, insn, false, MultiplyBfp<U128>);
}
void DivideBfpExtended(GuestCpu& cpu, const Insn& insn) {
  Binary(cpu, insn, false, DivideBfp<U128>);
}
void SquareRootBfpExtended(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const U128 result = SquareRootBfp(cpu, ReadFpr<Extended>(cpu, insn.r2));
  if (!cpu.Stopped()) WriteFpr<Extended>(cpu, insn.r1, result);
}

void CompareBfpExtended(GuestCpu& cpu, const Insn& insn) {
  CompareExtended(cpu, insn, false);
}
void CompareAndSignalBfpExtended(GuestCpu& cpu, const Insn& insn) {
  CompareExtended(cpu, insn, true);
}

void MultiplyBfpShortToLong(GuestCpu& cpu, const Insn& insn) {
  MultiplyLonger<Short, Long, FromRegister>(cpu, insn);
}
void MultiplyBfpShortToLongStorage(GuestCpu& cpu, const Insn& insn) {
  MultiplyLonger<Short, Long, FromStorage>(cpu, insn);
}
void MultiplyBfpLongToExtended(GuestCpu& cpu, const Insn& insn) {
  MultiplyLonger<Long, Extended, FromRegister>(cpu, insn);
}
void MultiplyBfpLongToExtendedStorage(GuestCpu& cpu, const Insn& insn) {
  MultiplyLonger<Long, Extended, FromStorage>(cpu, insn);
}

void DivideToIntegerShort(GuestCpu& cpu, const Insn& insn) {
  DivideToInteger<Short>(cpu, insn);
}
void DivideToIntegerLong(GuestCpu& cpu, const Insn& insn) {
  DivideToInteger<Long>(cpu, insn);
}

}  // namespace hypervisor::assist
