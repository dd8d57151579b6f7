// Conversions between formats and between integers and binary-floating-point numbers, and what
// depends on integral values.
#ifndef HYPERVISOR_SIE_ASSIST_BFP_CONVERSION_H_
#define HYPERVISOR_SIE_ASSIST_BFP_CONVERSION_H_

#include <limits>
#include <type_traits>

#include "hypervisor/sie/assist/bfp/arithmetic.h"

namespace hypervisor::bfp {

// LOAD LENGTHENED: always exact.
template <typename F>
typename F::Bits Lengthen(const Number& a, Environment& environment) {
  if (a.IsNan()) return NanResult<F>({&a}, environment);
  if (a.kind == Kind::kZero) return ZeroOf<F>(a.negative);
  if (a.kind == Kind::kInfinity) return InfinityOf<F>(a.negative);
  return Round<F>(Exact::Of(a), environment);
}

// LOAD ROUNDED from G to F. If an overflow or underflow traps, the number rounded to the precision
// of F stays in the format G, its exponent scaled by 512 or 8192.
template <typename F, typename G>
RoundedResult<F, G> LoadRounded(const Number& a, Environment& environment) {
  RoundedResult<F, G> result;
  if (a.kind == Kind::kFinite) {
    constexpr int kLoadRoundedScale = G::kScale / 3;
    return RoundWithScale<F, G>(Exact::Of(a), environment, kLoadRoundedScale);
  }
  result.bits = Lengthen<F>(a, environment);
  return result;
}

// The nearest integral value as the rounding mode says, as a number; inexact if that changes it.
inline Number IntegralValue(const Number& a, Rounding rounding, bool& inexact, bool& incremented) {
  inexact = incremented = false;
  if (a.exponent >= 127) return a;
  const RoundedSignificand rounded = RoundSignificand(Exact::Of(a), a.exponent + 1, rounding);
  inexact = rounded.inexact;
  incremented = rounded.incremented;
  if (rounded.value == 0) return {Kind::kZero, a.negative, 0, 0};
  const int shift = CountLeadingZeros(rounded.value);
  return {Kind::kFinite, a.negative, 127 - shift, rounded.value << shift};
}

// LOAD FP INTEGER.
template <typename F>
typename F::Bits RoundToIntegral(const Number& a, Environment& environment) {
  if (a.kind != Kind::kFinite) return Lengthen<F>(a, environment);
  bool inexact;
  bool incremented;
  const Number integral = IntegralValue(a, environment.rounding, inexact, incremented);
  if (inexact) environment.RaiseInexact(incremented);
  return Lengthen<F>(integral, environment);
}

template <typename Integer>
struct IntegerResult {
  Integer value = 0;
  uint8_t cc = 0;
};

// CONVERT TO FIXED, CONVERT TO LOGICAL. CC: that of the operand, 3 if it has no integer. Then the
// result is the one nearest, for a NaN the lowest, and it is inexact too.
template <typename Integer>
IntegerResult<Integer> ToInteger(const Number& a, Environment& environment) {
  using Limits = std::numeric_limits<Integer>;
  const auto invalid = [&environment](Integer value) {
    environment.Raise(kInvalid);
    if (!environment.suppressed) environment.RaiseInexact(false);
    return IntegerResult<Integer>{value, 3};
  };
  if (a.IsNan()) return invalid(Limits::min());
  if (a.kind == Kind::kZero) return {0, 0};
  const Integer nearest = a.negative ? Limits::min() : Limits::max();
  if (a.kind == Kind::kInfinity || a.exponent >= 64) return invalid(nearest);
  const RoundedSignificand rounded =
      RoundSignificand(Exact::Of(a), a.exponent + 1, environment.rounding);
  const U128 limit =
      a.negative ? (std::is_signed_v<Integer> ? U128{Limits::max()} + 1 : 0) : U128{Limits::max()};
  if (rounded.value > limit) return invalid(nearest);
  if (rounded.inexact) environment.RaiseInexact(rounded.incremented);
  const auto magnitude = static_cast<std::make_unsigned_t<Integer>>(rounded.value);
  return {
      static_cast<Integer>(a.negative ? std::make_unsigned_t<Integer>{0} - magnitude : magnitude),
      static_cast<uint8_t>(a.negative ? 1 : 2)};
}

// CONVERT FROM FIXED, CONVERT FROM LOGICAL.
template <typename F>
typename F::Bits FromInteger(bool negative, uint64_t magnitude, Environment& environment) {
  if (magnitude == 0) return 0;
  const Exact exact{negative, 127, {magnitude, 0}};
  return Round<F>(exact.Normalized(), environment);
}

// DIVIDE TO INTEGER. CC: 0 the remainder is the final one; 1 likewise, but the quotient is scaled
// or a NaN; 2 and 3 likewise for a partial remainder.
template <typename F>
struct IntegerQuotient {
  typename F::Bits quotient = 0;
  typename F::Bits remainder = 0;
  uint8_t cc = 0;
};

template <typename F>
IntegerQuotient<F> DivideToInteger(const Number& dividend, const Number& divisor,
                                   Rounding quotient_rounding, Environment& environment) {
  const bool negative = dividend.negative != divisor.negative;
  if (dividend.IsNan() || divisor.IsNan()) {
    const auto nan = NanResult<F>({&dividend, &divisor}, environment);
    return {nan, nan, 1};
  }
  if (dividend.kind == Kind::kInfinity || divisor.kind == Kind::kZero) {
    const auto nan = InvalidResult<F>(environment);
    return {nan, nan, 1};
  }
  if (dividend.kind == Kind::kZero || divisor.kind == Kind::kInfinity) {
    Environment exact;  // the dividend itself: nothing to raise
    return {ZeroOf<F>(negative), Lengthen<F>(dividend, exact), 0};
  }
  const Exact precise = ExactQuotient(dividend, divisor, F::kPrecision);
  // A quotient that the precision can't hold is cut to it, with a partial remainder unless that is
  // zero.
  const bool cut = precise.exponent >= F::kPrecision;
  Number quotient{Kind::kFinite, negative, precise.exponent, 0};
  bool inexact;
  bool incremented;
  if (cut) {
    quotient = RoundUnbounded<F>(precise, Rounding::kTowardZero, inexact, incremented);
  } else {
    const RoundedSignificand rounded =
        RoundSignificand(precise, precise.exponent + 1, quotient_rounding);
    if (rounded.value == 0) {
      quotient.kind = Kind::kZero;
    } else {
      const int shift = CountLeadingZeros(rounded.value);
      quotient.exponent = 127 - shift;
      quotient.significand = rounded.value << shift;
    }
  }
  IntegerQuotient<F> result;
  Number subtracted = quotient;
  subtracted.negative = !subtracted.negative;
  result.remainder = MultiplyAndAdd<F>(dividend, subtracted, divisor, environment);
  const bool remainder_is_zero = (result.remainder & ~F::kSign) == 0;
  if (remainder_is_zero) result.remainder = ZeroOf<F>(dividend.negative);
  if (cut && !remainder_is_zero) result.cc = 2;
  if (quotient.kind == Kind::kZero) {
    result.quotient = ZeroOf<F>(negative);
  } else {
    const bool scaled = quotient.exponent > F::kMaxExponent;
    if (scaled) ++result.cc;
    result.quotient = Pack<F>(negative, quotient.exponent - (scaled ? F::kScale : 0),
                              quotient.significand >> (128 - F::kPrecision));
  }
  return result;
}

// TEST DATA CLASS: the one bit of 12 that the number belongs to.
template <typename F>
uint32_t DataClass(typename F::Bits bits) {
  const Number number = Unpack<F>(bits);
  uint32_t positive = 0;
  switch (number.kind) {
    case Kind::kZero:
      positive = 0x800;
      break;
    case Kind::kFinite:
      positive = number.exponent >= F::kMinExponent ? 0x200 : 0x080;
      break;
    case Kind::kInfinity:
      positive = 0x020;
      break;
    case Kind::kQuietNan:
      positive = 0x008;
      break;
    case Kind::kSignalingNan:
      positive = 0x002;
      break;
  }
  return number.negative ? positive >> 1 : positive;
}

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_CONVERSION_H_
