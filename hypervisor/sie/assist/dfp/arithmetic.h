// Operations on decimal-floating-point numbers. Results are numbers of the shape asked for; if the
// environment says `suppressed`, there is none. With several NaNs, a signaling one comes before a
// quiet one, then the order of the operands counts.
#ifndef HYPERVISOR_SIE_ASSIST_DFP_ARITHMETIC_H_
#define HYPERVISOR_SIE_ASSIST_DFP_ARITHMETIC_H_

#include <initializer_list>
#include <limits>

#include "hypervisor/sie/assist/dfp/rounding.h"

namespace hypervisor::dfp {

inline constexpr Number kDefaultNan = {Kind::kQuietNan, false, 0, 0};

constexpr Number InfinityOf(bool negative) {
  return {Kind::kInfinity, negative, 0, 0};
}

// An exact result that is this number.
constexpr Exact ExactOf(const Number& number) {
  return {number.negative, number.exponent, {0, number.coefficient}, false};
}

// The result of an operation with a NaN among its operands: that NaN, made quiet.
Number NanResult(std::initializer_list<const Number*> operands, Environment& environment);

Number Add(const Number& a, const Number& b, const Shape& shape, Environment& environment);
Number Subtract(const Number& a, Number b, const Shape& shape, Environment& environment);
Number Multiply(const Number& a, const Number& b, const Shape& shape, Environment& environment);
Number Divide(const Number& a, const Number& b, const Shape& shape, Environment& environment);

// Condition code of a comparison: 0 equal, 1 first low, 2 first high, 3 unordered.
uint8_t Compare(const Number& a, const Number& b, bool signal, Environment& environment);
uint8_t CompareExponents(const Number& a, const Number& b);

// `value` with the exponent of `pattern`.
Number Quantize(const Number& value, const Number& pattern, const Shape& shape,
                Environment& environment);
// Rounded to so many digits, unless it has no more; 0 stands for all that there are.
Number Reround(const Number& value, int digits, const Shape& shape, Environment& environment);
// LOAD FP INTEGER.
Number RoundToIntegral(const Number& value, const Shape& shape, Environment& environment);

// LOAD AND TEST, and what LOAD LENGTHENED and LOAD ROUNDED do with infinities and NaNs. With
// `as_it_is` (the invalid-operation control) a signaling NaN stays one, silently, and an infinity
// keeps its digits.
Number LoadSpecial(const Number& value, bool as_it_is, Environment& environment);

// CONVERT TO FIXED, CONVERT TO LOGICAL: a magnitude with the sign of the operand, no more than
// `limit`, and the condition code: that of the operand, or 3 if it has no such integer.
struct IntegerResult {
  uint64_t magnitude = 0;
  uint8_t cc = 0;
};
IntegerResult ToMagnitude(const Number& value, uint64_t positive_limit, uint64_t negative_limit,
                          Environment& environment);

template <typename Integer>
struct Converted {
  Integer value = 0;
  uint8_t cc = 0;
};

template <typename Integer>
Converted<Integer> ToInteger(const Number& value, Environment& environment) {
  using Limits = std::numeric_limits<Integer>;
  constexpr auto kPositive = static_cast<uint64_t>(Limits::max());
  constexpr uint64_t kNegative = Limits::is_signed ? kPositive + 1 : 0;
  if (value.IsNan()) {
    environment.Raise(bfp::kInvalid);
    if (!environment.suppressed) environment.RaiseInexact(false);
    return {Limits::min(), 3};
  }
  const IntegerResult result = ToMagnitude(value, kPositive, kNegative, environment);
  return {static_cast<Integer>(value.negative ? -result.magnitude : result.magnitude), result.cc};
}

// TEST DATA CLASS and TEST DATA GROUP: the one bit of 12 that the number belongs to.
uint32_t DataClass(const Number& number, const Shape& shape);
uint32_t DataGroup(const Number& number, const Shape& shape);

// SHIFT COEFFICIENT: to the left by `digits`, to the right if that is negative. Sign, exponent and
// class stay.
Number ShiftCoefficient(Number number, int digits, const Shape& shape);

}  // namespace hypervisor::dfp

#endif  // HYPERVISOR_SIE_ASSIST_DFP_ARITHMETIC_H_
