#include "hypervisor/sie/assist/dfp/arithmetic.h"

#include <algorithm>
#include <utility>

namespace hypervisor::dfp {
namespace {

// How far a coefficient of 34 digits can be shifted to the left.
constexpr int kMostShift = kMostDigits - 1 - 34;

Number Invalid(Environment& environment) {
  environment.Raise(bfp::kInvalid);
  return kDefaultNan;
}

// The sum of two finite numbers; the exponent of the first is not the lower one.
Exact ExactSum(const Number& high, const Number& low) {
  const int distance = high.exponent - low.exponent;
  const int shift = std::min(distance, kMostShift);
  Exact sum{high.negative, high.exponent - shift, {}, false};
  const Wide a = ShiftLeft({0, high.coefficient}, shift);
  Wide b = {0, low.coefficient};
  if (distance > shift && high.coefficient != 0) {
    // What is lost lies far below any digit that is kept, even if many of them cancel.
    Wide rest = b;
    const int lost = distance - shift;
    b = lost < kMostDigits ? DivideWide(b, kPowers[static_cast<size_t>(lost)], rest) : Wide{};
    sum.more = !rest.IsZero();
  } else if (distance > shift) {
    return ExactOf(low);
  }
  if (high.negative == low.negative) {
    sum.coefficient = a + b;
  } else if (a >= b) {
    sum.coefficient = a - b;
    // One less, and something more.
    if (sum.more) sum.coefficient = sum.coefficient - Wide{0, 1};
  } else {
    sum.coefficient = b - a;
    sum.negative = low.negative;
  }
  return sum;
}

}  // namespace

Number NanResult(std::initializer_list<const Number*> operands, Environment& environment) {
  const auto quiet = [](Number nan) {
    nan.kind = Kind::kQuietNan;
    return nan;
  };
  for (const Number* operand : operands) {
    if (operand->kind != Kind::kSignalingNan) continue;
    environment.Raise(bfp::kInvalid);
    return quiet(*operand);
  }
  for (const Number* operand : operands) {
    if (operand->kind == Kind::kQuietNan) return *operand;
  }
  return kDefaultNan;
}

Number Add(const Number& a, const Number& b, const Shape& shape, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult({&a, &b}, environment);
  if (!a.IsFinite() || !b.IsFinite()) {
    if (a.kind == b.kind && a.negative != b.negative) return Invalid(environment);
    return InfinityOf(a.IsFinite() ? b.negative : a.negative);
  }
  const bool a_is_high = a.exponent >= b.exponent;
  Exact sum = a_is_high ? ExactSum(a, b) : ExactSum(b, a);
  // A zero that comes from a difference is negative only if rounding goes down.
  if (sum.coefficient.IsZero()) {
    sum.negative = a.negative == b.negative ? a.negative : environment.mode == Rounding::kDown;
  }
  return Round(sum, std::min(a.exponent, b.exponent), shape, environment).number;
}

Number Subtract(const Number& a, Number b, const Shape& shape, Environment& environment) {
  if (!b.IsNan()) b.negative = !b.negative;
  return Add(a, b, shape, environment);
}

Number Multiply(const Number& a, const Number& b, const Shape& shape, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult({&a, &b}, environment);
  const bool negative = a.negative != b.negative;
  if (!a.IsFinite() || !b.IsFinite()) {
    if (a.IsZero() || b.IsZero()) return Invalid(environment);
    return InfinityOf(negative);
  }
  const Exact product{negative, a.exponent + b.exponent,
                      Wide::Product(a.coefficient, b.coefficient), false};
  return Round(product, product.exponent, shape, environment).number;
}

Number Divide(const Number& a, const Number& b, const Shape& shape, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult({&a, &b}, environment);
  const bool negative = a.negative != b.negative;
  if (!a.IsFinite()) return b.IsFinite() ? InfinityOf(negative) : Invalid(environment);
  if (!b.IsFinite()) {
    // Zero, with the least exponent there is.
    return {Kind::kFinite, negative, shape.lowest(), 0};
  }
  if (b.IsZero()) {
    if (a.IsZero()) return Invalid(environment);
    environment.Raise(bfp::kDivideByZero);
    return InfinityOf(negative);
  }
  // More digits than the precision.
  Exact quotient{negative, a.exponent - b.exponent, {}, false};
  const int preferred = quotient.exponent;
  if (!a.IsZero()) {
    const int shift = kMostDigits - 1 - Digits(a.coefficient);
    Wide remainder;
    quotient.coefficient =
        DivideWide(ShiftLeft({0, a.coefficient}, shift), {0, b.coefficient}, remainder);
    quotient.exponent -= shift;
    quotient.more = !remainder.IsZero();
  }
  return Round(quotient, preferred, shape, environment).number;
}

uint8_t Compare(const Number& a, const Number& b, bool signal, Environment& environment) {
  if (a.IsNan() || b.IsNan()) {
    if (signal || a.kind == Kind::kSignalingNan || b.kind == Kind::kSignalingNan)
      environment.Raise(bfp::kInvalid);
    return 3;
  }
  if (a.IsZero() && b.IsZero()) return 0;
  const bool a_negative = a.negative && !a.IsZero();
  const bool b_negative = b.negative && !b.IsZero();
  if (a_negative != b_negative) return a_negative ? 1 : 2;
  int order = 0;
  if (!a.IsFinite() || !b.IsFinite()) {
    order = static_cast<int>(!a.IsFinite()) - static_cast<int>(!b.IsFinite());
  } else if (a.IsZero() || b.IsZero()) {
    order = a.IsZero() ? -1 : 1;
  } else {
    const int a_place = a.exponent + Digits(a.coefficient);
    const int b_place = b.exponent + Digits(b.coefficient);
    if (a_place != b_place) {
      order = a_place < b_place ? -1 : 1;
    } else {
      const int lowest = std::min(a.exponent, b.exponent);
      const Wide x = ShiftLeft({0, a.coefficient}, a.exponent - lowest);
      const Wide y = ShiftLeft({0, b.coefficient}, b.exponent - lowest);
      order = x == y ? 0 : x < y ? -1 : 1;
    }
  }
  if (order == 0) return 0;
  return (order < 0) != a_negative ? 1 : 2;
}

uint8_t CompareExponents(const Number& a, const Number& b) {
  if (!a.IsFinite() || !b.IsFinite()) {
    const bool alike = a.IsNan() ? b.IsNan() : a.kind == b.kind;
    return alike ? 0 : 3;
  }
  if (a.exponent == b.exponent) return 0;
  return a.exponent < b.exponent ? 1 : 2;
}

Number Quantize(const Number& value, const Number& pattern, const Shape& shape,
                Environment& environment) {
  if (value.IsNan() || pattern.IsNan()) return NanResult({&pattern, &value}, environment);
  if (!value.IsFinite() || !pattern.IsFinite()) {
    if (value.IsFinite() || pattern.IsFinite()) return Invalid(environment);
    return InfinityOf(value.negative);
  }
  Number result{Kind::kFinite, value.negative, pattern.exponent, value.coefficient};
  if (value.IsZero()) return result;
  const int shift = value.exponent - pattern.exponent;
  if (shift >= 0) {
    if (Digits(value.coefficient) + shift > shape.precision) return Invalid(environment);
    result.coefficient *= Power(shift);
    return result;
  }
  const RoundedCoefficient rounded = RoundCoefficient(ExactOf(value), -shift, environment.mode);
  result.coefficient = rounded.value.low;
  if (rounded.inexact) environment.RaiseInexact(rounded.incremented);
  return result;
}

Number Reround(const Number& value, int digits, const Shape& shape, Environment& environment) {
  if (!value.IsFinite()) return LoadSpecial(value, false, environment);
  const int lost = digits == 0 ? 0 : Digits(value.coefficient) - digits;
  if (lost <= 0) return value;
  const RoundedCoefficient rounded = RoundCoefficient(ExactOf(value), lost, environment.mode);
  Number result{Kind::kFinite, value.negative, value.exponent + lost, rounded.value.low};
  if (result.coefficient == Power(digits)) {
    result.coefficient /= 10;
    ++result.exponent;
  }
  if (result.exponent + digits - 1 > shape.max_exponent) {
    if ((environment.masks & bfp::kOverflow) == 0) {
      return Overflow(value.negative, shape, environment);
    }
    environment.Trap(bfp::kOverflow, rounded.inexact, rounded.incremented);
    result.exponent -= shape.scale;
    return result;
  }
  if (rounded.inexact) environment.RaiseInexact(rounded.incremented);
  // Beyond the highest exponent the digits move to the left.
  if (result.exponent > shape.highest()) {
    result.coefficient *= Power(result.exponent - shape.highest());
    result.exponent = shape.highest();
    if (!rounded.inexact) environment.RaiseQuantum();
  }
  return result;
}

Number RoundToIntegral(const Number& value, const Shape& shape, Environment& environment) {
  if (!value.IsFinite()) return LoadSpecial(value, false, environment);
  if (value.exponent >= 0) return value;
  return Quantize(value, {}, shape, environment);
}

Number LoadSpecial(const Number& value, bool as_it_is, Environment& environment) {
  if (value.IsFinite() || as_it_is) return value;
  if (value.IsNan()) return NanResult({&value}, environment);
  return InfinityOf(value.negative);
}

IntegerResult ToMagnitude(const Number& value, uint64_t positive_limit, uint64_t negative_limit,
                          Environment& environment) {
  const uint64_t limit = value.negative ? negative_limit : positive_limit;
  const auto invalid = [&] {
    environment.Raise(bfp::kInvalid);
    if (!environment.suppressed) environment.RaiseInexact(false);
    return IntegerResult{limit, 3};
  };
  if (!value.IsFinite()) return invalid();
  if (value.IsZero()) return {0, 0};
  if (value.exponent + Digits(value.coefficient) > 20) return invalid();
  RoundedCoefficient rounded;
  if (value.exponent >= 0) {
    rounded.value = {0, value.coefficient * Power(value.exponent)};
  } else {
    rounded = RoundCoefficient(ExactOf(value), -value.exponent, environment.mode);
  }
  if (rounded.value > Wide{0, limit}) return invalid();
  if (rounded.inexact) environment.RaiseInexact(rounded.incremented);
  return {static_cast<uint64_t>(rounded.value.low), static_cast<uint8_t>(value.negative ? 1 : 2)};
}

uint32_t DataClass(const Number& number, const Shape& shape) {
  uint32_t positive = 0;
  switch (number.kind) {
    case Kind::kFinite:
      if (number.IsZero()) {
        positive = 0x800;
      } else {
        const int place = number.exponent + Digits(number.coefficient) - 1;
        positive = place < shape.min_exponent() ? 0x200 : 0x080;
      }
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

uint32_t DataGroup(const Number& number, const Shape& shape) {
  uint32_t positive = 0x002;
  if (number.IsFinite()) {
    const bool extreme = number.exponent == shape.lowest() || number.exponent == shape.highest();
    if (number.IsZero()) {
      positive = extreme ? 0x200 : 0x800;
    } else if (extreme) {
      positive = 0x080;
    } else {
      positive = number.coefficient < Power(shape.precision - 1) ? 0x020 : 0x008;
    }
  }
  return number.negative ? positive >> 1 : positive;
}

Number ShiftCoefficient(Number number, int digits, const Shape& shape) {
  // The trailing significand of an infinity or a NaN has one digit less.
  const int room = number.IsFinite() ? shape.precision : shape.precision - 1;
  if (digits >= room || digits <= -room) {
    number.coefficient = 0;
  } else if (digits < 0) {
    number.coefficient /= Power(-digits);
  } else {
    number.coefficient = number.coefficient % Power(room - digits) * Power(digits);
  }
  return number;
}

}  // namespace hypervisor::dfp
