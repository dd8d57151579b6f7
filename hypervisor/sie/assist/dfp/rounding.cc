#include "hypervisor/sie/assist/dfp/rounding.h"

#include <algorithm>

namespace hypervisor::dfp {
namespace {

// Whether a magnitude is rounded away from zero, given its last digit kept and how what is lost
// compares with half of that digit's unit: less (-1), equal (0), greater (1). Something is lost.
bool RoundsAway(Rounding mode, bool negative, unsigned digit, int half) {
  switch (mode) {
    case Rounding::kNearestEven:
      return half > 0 || (half == 0 && digit % 2 != 0);
    case Rounding::kTowardZero:
      return false;
    case Rounding::kUp:
      return !negative;
    case Rounding::kDown:
      return negative;
    case Rounding::kNearestAway:
      return half >= 0;
    case Rounding::kNearestTowardZero:
      return half > 0;
    case Rounding::kAway:
      return true;
    case Rounding::kPrepareShorter:
      return digit % 5 == 0;
  }
  return false;
}

bool OverflowIsInfinite(Rounding mode, bool negative) {
  switch (mode) {
    case Rounding::kTowardZero:
    case Rounding::kPrepareShorter:
      return false;
    case Rounding::kUp:
      return !negative;
    case Rounding::kDown:
      return negative;
    default:
      return true;
  }
}

// Moves the exponent of an exact number towards `exponent`: trailing zeros come or go.
void Approach(Number& number, int exponent, int precision) {
  const U128 limit = Power(precision - 1);
  while (number.exponent > exponent && number.coefficient < limit) {
    number.coefficient *= 10;
    --number.exponent;
  }
  while (number.exponent < exponent && number.coefficient % 10 == 0) {
    number.coefficient /= 10;
    ++number.exponent;
  }
}

}  // namespace

RoundedCoefficient RoundCoefficient(const Exact& exact, int count, Rounding mode) {
  RoundedCoefficient rounded;
  Wide rest;
  int half = -1;
  if (count <= 0) {
    rounded.value = exact.coefficient;
  } else if (count > kMostDigits) {
    rest = exact.coefficient;
  } else {
    const Wide& unit = kPowers[static_cast<size_t>(count)];
    rounded.value = DivideWide(exact.coefficient, unit, rest);
    const Wide middle = unit >> 1;
    half = rest < middle ? -1 : rest > middle || exact.more ? 1 : 0;
  }
  rounded.inexact = exact.more || !rest.IsZero();
  if (!rounded.inexact) return rounded;
  Wide digit;
  DivideWide(rounded.value, {0, 10}, digit);
  rounded.incremented = RoundsAway(mode, exact.negative, static_cast<unsigned>(digit.low), half);
  if (rounded.incremented) rounded.value = rounded.value + Wide{0, 1};
  return rounded;
}

Number Overflow(bool negative, const Shape& shape, Environment& environment) {
  const bool infinite = OverflowIsInfinite(environment.mode, negative);
  environment.flags |= bfp::kOverflow;
  environment.RaiseInexact(infinite);
  if (infinite) return {Kind::kInfinity, negative, 0, 0};
  return {Kind::kFinite, negative, shape.highest(), Power(shape.precision) - 1};
}

Rounded Round(const Exact& exact, int preferred, const Shape& shape, Environment& environment) {
  return Round(exact, preferred, shape, shape, shape.scale, environment);
}

Rounded Round(const Exact& exact, int preferred, const Shape& shape, const Shape& scaled_shape,
              int scale, Environment& environment) {
  Rounded result;
  Number& number = result.number;
  number.negative = exact.negative;
  const int nearest = std::clamp(preferred, shape.lowest(), shape.highest());
  if (exact.coefficient.IsZero()) {
    number.exponent = nearest;
    if (nearest != preferred) environment.RaiseQuantum();
    return result;
  }
  const int digits = Digits(exact.coefficient);
  const bool tiny = exact.exponent + digits - 1 < shape.min_exponent();
  const bool underflow_traps = tiny && (environment.masks & bfp::kUnderflow) != 0;
  // The exponent of the last digit that there is room for.
  int last = exact.exponent + digits - shape.precision;
  if (tiny && !underflow_traps) last = std::max(last, shape.lowest());
  const int lost = std::max(last - exact.exponent, 0);
  const RoundedCoefficient rounded = RoundCoefficient(exact, lost, environment.mode);
  number.coefficient = rounded.value.low;
  number.exponent = exact.exponent + lost;
  if (number.coefficient == Power(shape.precision)) {
    number.coefficient /= 10;
    ++number.exponent;
  }
  const bool overflow = number.exponent + Digits(number.coefficient) - 1 > shape.max_exponent;
  if (underflow_traps || (overflow && (environment.masks & bfp::kOverflow) != 0)) {
    if (!rounded.inexact) Approach(number, preferred, shape.precision);
    environment.Trap(overflow ? bfp::kOverflow : bfp::kUnderflow, rounded.inexact,
                     rounded.incremented);
    result.scaled = true;
    // Once, but for conversions from another radix, whose numbers may lie farther away.
    do {
      number.exponent += overflow ? -scale : scale;
    } while (number.exponent > scaled_shape.highest() || number.exponent < scaled_shape.lowest());
    return result;
  }
  if (overflow) {
    number = Overflow(number.negative, shape, environment);
    return result;
  }
  if (rounded.inexact) {
    if (tiny) environment.flags |= bfp::kUnderflow;
    environment.RaiseInexact(rounded.incremented);
    return result;
  }
  Approach(number, nearest, shape.precision);
  if (number.exponent != preferred) environment.RaiseQuantum();
  return result;
}

}  // namespace hypervisor::dfp
