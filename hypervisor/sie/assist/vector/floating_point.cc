// PoP: Vector Floating-Point Instructions. Numbers are those of assist/bfp.
#include <cmath>
#include <functional>

#include "hypervisor/sie/assist/bfp/host_arithmetic.h"
#include "hypervisor/sie/assist/vector/floating_point.h"

namespace hypervisor::assist {
namespace {

using bfp::Environment;
using bfp::Extended;
using bfp::Long;
using bfp::Short;
using bfp::Unpack;

constexpr uint8_t kSuppressInexact = 4;  // XxC
constexpr uint8_t kSignalQuietNans = 4;  // of comparisons, with vector enhancements 1
constexpr uint8_t kSetCc = 1;

// Calls f with the longer and the shorter format of a conversion.
template <typename F>
void WithFormats(GuestCpu& cpu, int longer, int flags, int allowed, F f) {
  if (!AllowVector(cpu)) return;
  if ((flags & ~allowed) == 0) {
    if (longer == 3) return f(Long(), Short());
    if (longer == 4 && HasEnhancements1(cpu)) return f(Extended(), Long());
  }
  cpu.Interrupt(PgmCode::kSpecification);
}

// V2 op V3 by `operation`, or the host's where it gives the same.
template <typename HostOperation, typename Operation>
void Arithmetic(GuestCpu& cpu, const Insn& insn, HostOperation host, Operation operation) {
  WithFormat(cpu, insn.m4, insn.m5, kSingleElement, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    const auto b = ReadVector<Bits>(cpu, insn.r3);
    const bool host_may = bfp::HostMayCalculate(cpu.state().fpc);
    Compute<Bits>(cpu, insn, EnvironmentOf(cpu), (insn.m5 & kSingleElement) != 0,
                  [&](size_t i, Environment& environment) {
                    Bits result;
                    if (host_may && bfp::HostResult<F>(host, result, a[i], b[i])) return result;
                    return static_cast<Bits>(
                        operation(format, Unpack<F>(a[i]), Unpack<F>(b[i]), environment));
                  });
  });
}

template <typename Operation>
void MultiplyAnd(GuestCpu& cpu, const Insn& insn, Operation operation) {
  WithFormat(cpu, insn.m6, insn.m5, kSingleElement, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    const auto b = ReadVector<Bits>(cpu, insn.r3);
    const auto c = ReadVector<Bits>(cpu, insn.r4);
    Compute<Bits>(cpu, insn, EnvironmentOf(cpu), (insn.m5 & kSingleElement) != 0,
                  [&](size_t i, Environment& environment) {
                    return static_cast<Bits>(operation(format, Unpack<F>(c[i]), Unpack<F>(b[i]),
                                                       Unpack<F>(a[i]), environment));
                  });
  });
}

// The sign of a rounded sum inverted, unless it is a NaN.
template <typename F>
typename F::Bits Inverted(typename F::Bits bits) {
  const bool is_nan = (bits & ~F::kSign) > F::kInfinity;
  return is_nan ? bits : bits ^ F::kSign;
}

// Condition code of a count of elements that a test holds for.
uint8_t CcOf(size_t count, size_t all) {
  return count == all ? 0 : count == 0 ? 3 : 1;
}

// V1 gets all ones where the comparison's condition code is one of `codes`.
void CompareFp(GuestCpu& cpu, const Insn& insn, int codes) {
  const int allowed = kSingleElement | (HasEnhancements1(cpu) ? kSignalQuietNans : 0);
  const int reserved = insn.m6 & ~kSetCc ? 1 : 0;
  WithFormat(cpu, insn.m4, insn.m5 | reserved, allowed, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    const auto b = ReadVector<Bits>(cpu, insn.r3);
    const bool single = (insn.m5 & kSingleElement) != 0;
    size_t count = 0;
    const auto compare = [&](size_t i, Environment& environment) {
      const int cc = bfp::Compare(Unpack<F>(a[i]), Unpack<F>(b[i]),
                                  (insn.m5 & kSignalQuietNans) != 0, environment);
      const bool holds = (codes >> cc & 1) != 0;
      count += holds;
      return holds ? kAllOnes<Bits> : Bits{0};
    };
    if (!Compute<Bits>(cpu, insn, EnvironmentOf(cpu), single, compare)) return;
    if (insn.m6 & kSetCc) cpu.set_cc(CcOf(count, single ? 1 : a.size()));
  });
}

void CompareScalar(GuestCpu& cpu, const Insn& insn, bool signal) {
  WithFormat(cpu, insn.m3, insn.m4, 0, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    Environment environment = EnvironmentOf(cpu);
    const auto a = ReadVector<Bits>(cpu, insn.r1);
    const auto b = ReadVector<Bits>(cpu, insn.r2);
    const uint8_t cc = bfp::Compare(Unpack<F>(a[0]), Unpack<F>(b[0]), signal, environment);
    if (environment.trap) return InterruptVectorProcessing(cpu, 0, environment.trap);
    cpu.set_cc(cc);
    cpu.state().fpc |= uint32_t{environment.flags} << 16;
  });
}

// The environment of an instruction with a rounding mode in M5 and XxC in M4; false if stopped.
bool RoundedEnvironment(GuestCpu& cpu, const Insn& insn, Environment& environment) {
  environment = EnvironmentOf(cpu);
  environment.suppress_inexact = (insn.m4 & kSuppressInexact) != 0;
  return RoundingOf(cpu, insn.m5, environment.rounding);
}

// Between numbers and integers of one size: doublewords, with vector enhancements 2 also words.
template <typename F>
void WithNumbersAndIntegers(GuestCpu& cpu, const Insn& insn, F f) {
  if (!AllowVector(cpu)) return;
  Environment environment;
  const bool words = insn.m3 == 2 && cpu.facilities().Has(Facility::kVectorEnhancements2);
  if ((insn.m4 & ~(kSingleElement | kSuppressInexact)) != 0 || (insn.m3 != 3 && !words))
    return cpu.Interrupt(PgmCode::kSpecification);
  if (!RoundedEnvironment(cpu, insn, environment)) return;
  if (words) return f(Short(), environment);
  f(Long(), environment);
}

template <bool kWithSign>
void FromIntegers(GuestCpu& cpu, const Insn& insn) {
  WithNumbersAndIntegers(cpu, insn, [&](auto format, const Environment& modified) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    Compute<Bits>(cpu, insn, modified, (insn.m4 & kSingleElement) != 0,
                  [&](size_t i, Environment& environment) {
                    const bool negative = kWithSign && static_cast<Signed<Bits>>(a[i]) < 0;
                    const auto magnitude = static_cast<Bits>(negative ? Bits{0} - a[i] : a[i]);
                    return bfp::FromInteger<F>(negative, magnitude, environment);
                  });
  });
}

template <bool kWithSign>
void ToIntegers(GuestCpu& cpu, const Insn& insn) {
  WithNumbersAndIntegers(cpu, insn, [&](auto format, const Environment& modified) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    using Integer = std::conditional_t<kWithSign, Signed<Bits>, Bits>;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    Compute<Bits>(
        cpu, insn, modified, (insn.m4 & kSingleElement) != 0,
        [&](size_t i, Environment& environment) {
          return static_cast<Bits>(bfp::ToInteger<Integer>(Unpack<F>(a[i]), environment).value);
        });
  });
}

}  // namespace

#define ARITHMETIC(name, host, operation)                                                          \
  void name(GuestCpu& cpu, const Insn& insn) {                                                     \
    Arithmetic(cpu, insn, host, [](auto format, const auto& a, const auto& b, auto& environment) { \
      return bfp::operation<decltype(format)>(a, b, environment);                                  \
    });                                                                                            \
  }
ARITHMETIC(VectorFpAdd, std::plus<>(), Add)
ARITHMETIC(VectorFpSubtract, std::minus<>(), Subtract)
ARITHMETIC(VectorFpMultiply, std::multiplies<>(), Multiply)
ARITHMETIC(VectorFpDivide, std::divides<>(), Divide)
#undef ARITHMETIC

void VectorFpSquareRoot(GuestCpu& cpu, const Insn& insn) {
  WithFormat(cpu, insn.m3, insn.m4, kSingleElement, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    Compute<Bits>(cpu, insn, EnvironmentOf(cpu), (insn.m4 & kSingleElement) != 0,
                  [&](size_t i, Environment& environment) {
                    return bfp::SquareRoot<F>(Unpack<F>(a[i]), environment);
                  });
  });
}

void VectorFpMultiplyAndAdd(GuestCpu& cpu, const Insn& insn) {
  MultiplyAnd(
      cpu, insn,
      [](auto format, const auto& c, const auto& b, const auto& a, Environment& environment) {
        return bfp::MultiplyAndAdd<decltype(format)>(c, b, a, environment);
      });
}
void VectorFpMultiplyAndSubtract(GuestCpu& cpu, const Insn& insn) {
  MultiplyAnd(
      cpu, insn,
      [](auto format, const auto& c, const auto& b, const auto& a, Environment& environment) {
        return bfp::MultiplyAndSubtract<decltype(format)>(c, b, a, environment);
      });
}

void VectorFpNegativeMultiplyAndAdd(GuestCpu& cpu, const Insn& insn) {
  MultiplyAnd(
      cpu, insn,
      [](auto format, const auto& c, const auto& b, const auto& a, Environment& environment) {
        using F = decltype(format);
        return Inverted<F>(bfp::MultiplyAndAdd<F>(c, b, a, environment));
      });
}
void VectorFpNegativeMultiplyAndSubtract(GuestCpu& cpu, const Insn& insn) {
  MultiplyAnd(
      cpu, insn,
      [](auto format, const auto& c, const auto& b, const auto& a, Environment& environment) {
        using F = decltype(format);
        return Inverted<F>(bfp::MultiplyAndSubtract<F>(c, b, a, environment));
      });
}

void VectorFpCompareScalar(GuestCpu& cpu, const Insn& insn) {
  CompareScalar(cpu, insn, false);
}
void VectorFpCompareAndSignalScalar(GuestCpu& cpu, const Insn& insn) {
  CompareScalar(cpu, insn, true);
}
void VectorFpCompareEqual(GuestCpu& cpu, const Insn& insn) {
  CompareFp(cpu, insn, 1 << 0);
}
void VectorFpCompareHigh(GuestCpu& cpu, const Insn& insn) {
  CompareFp(cpu, insn, 1 << 2);
}
void VectorFpCompareHighOrEqual(GuestCpu& cpu, const Insn& insn) {
  CompareFp(cpu, insn, 1 << 0 | 1 << 2);
}

void VectorFpConvertFromFixed(GuestCpu& cpu, const Insn& insn) {
  FromIntegers<true>(cpu, insn);
}
void VectorFpConvertFromLogical(GuestCpu& cpu, const Insn& insn) {
  FromIntegers<false>(cpu, insn);
}
void VectorFpConvertToFixed(GuestCpu& cpu, const Insn& insn) {
  ToIntegers<true>(cpu, insn);
}
void VectorFpConvertToLogical(GuestCpu& cpu, const Insn& insn) {
  ToIntegers<false>(cpu, insn);
}

void VectorLoadFpInteger(GuestCpu& cpu, const Insn& insn) {
  WithFormat(cpu, insn.m3, insn.m4, kSingleElement | kSuppressInexact, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    Environment modified;
    if (!RoundedEnvironment(cpu, insn, modified)) return;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    Compute<Bits>(cpu, insn, modified, (insn.m4 & kSingleElement) != 0,
                  [&](size_t i, Environment& environment) {
                    return bfp::RoundToIntegral<F>(Unpack<F>(a[i]), environment);
                  });
  });
}

// The shorter numbers are every other element, from the left.
void VectorFpLoadLengthened(GuestCpu& cpu, const Insn& insn) {
  WithFormats(cpu, insn.m3 + 1, insn.m4, kSingleElement, [&](auto longer, auto shorter) {
    using F = decltype(shorter);
    using G = decltype(longer);
    const auto a = ReadVector<typename F::Bits>(cpu, insn.r2);
    Compute<typename G::Bits>(cpu, insn, EnvironmentOf(cpu), (insn.m4 & kSingleElement) != 0,
                              [&](size_t i, Environment& environment) {
                                return bfp::Lengthen<G>(Unpack<F>(a[2 * i]), environment);
                              });
  });
}

void VectorFpLoadRounded(GuestCpu& cpu, const Insn& insn) {
  const auto round = [&](auto longer, auto shorter) {
    using F = decltype(shorter);
    using G = decltype(longer);
    Environment modified;
    if (!RoundedEnvironment(cpu, insn, modified)) return;
    const auto a = ReadVector<typename G::Bits>(cpu, insn.r2);
    Compute<typename F::Bits, 2>(cpu, insn, modified, (insn.m4 & kSingleElement) != 0,
                                 [&](size_t i, Environment& environment) {
                                   return bfp::LoadRounded<F, G>(Unpack<G>(a[i]), environment).bits;
                                 });
  };
  WithFormats(cpu, insn.m3, insn.m4, kSingleElement | kSuppressInexact, round);
}

// Complement, negative, positive, without a look at the number.
void VectorFpPerformSignOperation(GuestCpu& cpu, const Insn& insn) {
  constexpr int kOperations = 3;
  const int reserved = insn.m5 >= kOperations ? 1 : 0;
  WithFormat(cpu, insn.m3, insn.m4 | reserved, kSingleElement, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    Compute<Bits>(cpu, insn, Environment{}, (insn.m4 & kSingleElement) != 0,
                  [&](size_t i, Environment&) -> Bits {
                    if (insn.m5 == 0) return a[i] ^ F::kSign;
                    if (insn.m5 == 1) return a[i] | F::kSign;
                    return a[i] & ~F::kSign;
                  });
  });
}

void VectorFpTestDataClassImmediate(GuestCpu& cpu, const Insn& insn) {
  WithFormat(cpu, insn.m4, insn.m5, kSingleElement, [&](auto format) {
    using F = decltype(format);
    using Bits = typename F::Bits;
    const auto a = ReadVector<Bits>(cpu, insn.r2);
    const bool single = (insn.m5 & kSingleElement) != 0;
    size_t count = 0;
    Compute<Bits>(cpu, insn, Environment{}, single, [&](size_t i, Environment&) {
      const bool belongs = (bfp::DataClass<F>(a[i]) & insn.i3) != 0;
      count += belongs;
      return belongs ? kAllOnes<Bits> : Bits{0};
    });
    cpu.set_cc(CcOf(count, single ? 1 : a.size()));
  });
}

}  // namespace hypervisor::assist
