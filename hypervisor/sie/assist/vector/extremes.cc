// VECTOR FP MAXIMUM and MINIMUM. M6 says whose function of that name it is: they differ in NaNs and
// in zeros.
#include "hypervisor/sie/assist/vector/floating_point.h"

namespace hypervisor::assist {
namespace {

using bfp::Environment;
using bfp::Kind;
using bfp::Number;

enum Function { kIeee, kJava, kMacro, kAlgorithm, kLibrary };  // of M6; 8 more: of magnitudes
constexpr int kOfMagnitudes = 8;

// The result with a NaN among the operands.
template <typename F>
typename F::Bits OfNans(Function function, typename F::Bits a, typename F::Bits b,
                        const Number& first, const Number& second, Environment& environment) {
  const bool signals = first.kind == Kind::kSignalingNan || second.kind == Kind::kSignalingNan;
  switch (function) {
    case kMacro:  // a > b ? a : b
      environment.Raise(bfp::kInvalid);
      return b;
    case kAlgorithm:  // a < b ? b : a
      environment.Raise(bfp::kInvalid);
      return a;
    case kIeee:  // a number goes before a quiet NaN
      if (!signals && !first.IsNan()) return a;
      if (!signals && !second.IsNan()) return b;
      break;
    case kLibrary:  // a number goes before any NaN
      if (signals) environment.Raise(bfp::kInvalid);
      if (!first.IsNan()) return a;
      if (!second.IsNan()) return b;
      return bfp::PackNan<F>(first);
    case kJava:
      break;
  }
  return bfp::NanResult<F>({&first, &second}, environment);
}

// Whether the first operand is the extreme one. Zeros are equal where the function compares as C
// does.
bool TakesFirst(Function function, bool minimum, const Number& first, const Number& second) {
  Environment quiet;
  int order = bfp::Compare(first, second, false, quiet);
  if (order == 0) {
    if (function == kMacro) return false;
    if (function == kAlgorithm) return true;
    if (first.negative != second.negative) order = first.negative ? 1 : 2;
  }
  return (order == 1) == minimum;
}

template <typename F>
typename F::Bits Extreme(Function function, bool of_magnitudes, bool minimum, typename F::Bits a,
                         typename F::Bits b, Environment& environment) {
  const auto magnitude = [](typename F::Bits bits) {
    return static_cast<typename F::Bits>(bits & ~F::kSign);
  };
  // IEEE compares magnitudes, the others take them.
  if (of_magnitudes && function != kIeee) {
    a = magnitude(a);
    b = magnitude(b);
  }
  const Number first = bfp::Unpack<F>(a);
  const Number second = bfp::Unpack<F>(b);
  if (first.IsNan() || second.IsNan()) return OfNans<F>(function, a, b, first, second, environment);
  if (of_magnitudes && magnitude(a) != magnitude(b))
    return (magnitude(a) < magnitude(b)) == minimum ? a : b;
  return TakesFirst(function, minimum, first, second) ? a : b;
}

void Extremes(GuestCpu& cpu, const Insn& insn, bool minimum) {
  const int function = insn.m6 & ~kOfMagnitudes;
  const int reserved = function > kLibrary ? 1 : 0;
  WithFormat(cpu, insn.m4, insn.m5 | reserved, kSingleElement, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    const auto b = ReadVector<Bits>(cpu, insn.r3);
    Compute<Bits>(cpu, insn, EnvironmentOf(cpu), (insn.m5 & kSingleElement) != 0,
                  [&](size_t i, Environment& environment) {
                    return Extreme<F>(static_cast<Function>(function),
                                      (insn.m6 & kOfMagnitudes) != 0, minimum, a[i], b[i],
                                      environment);
                  });
  });
}

}  // namespace

void VectorFpMaximum(GuestCpu& cpu, const Insn& insn) {
  Extremes(cpu, insn, false);
}
void VectorFpMinimum(GuestCpu& cpu, const Insn& insn) {
  Extremes(cpu, insn, true);
}

}  // namespace hypervisor::assist
