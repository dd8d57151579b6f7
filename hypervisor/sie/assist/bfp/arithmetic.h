// Operations on binary-floating-point numbers: exact results, rounded once. This is the oracle for
// every faster way to calculate the same, so it is plain.
//
// Each returns the bits of its result; if the environment says `suppressed`, there is none. With
// several NaNs, a signaling one comes before a quiet one, then the order of the operands counts
// (PoP: Binary-Floating-Point Instructions, the "Results" figures).
#ifndef HYPERVISOR_SIE_ASSIST_BFP_ARITHMETIC_H_
#define HYPERVISOR_SIE_ASSIST_BFP_ARITHMETIC_H_

#include <initializer_list>

#include "hypervisor/sie/assist/bfp/rounding.h"

namespace hypervisor::bfp {

// ---- Exact results ----

// The sum of two numbers; false if it is zero.
bool ExactSum(const Exact& a, const Exact& b, Exact& sum);
Exact ExactProduct(const Number& a, const Number& b);
// For operands and a result of this precision.
Exact ExactQuotient(const Number& a, const Number& b, int precision);
Exact ExactSquareRoot(const Number& a);

// ---- Results that need no arithmetic ----

template <typename F>
typename F::Bits InvalidResult(Environment& environment) {
  environment.Raise(kInvalid);
  return F::kDefaultNan;
}

// The result of an operation with a NaN among its operands.
template <typename F>
typename F::Bits NanResult(std::initializer_list<const Number*> operands,
                           Environment& environment) {
  for (const Number* operand : operands) {
    if (operand->kind != Kind::kSignalingNan) continue;
    environment.Raise(kInvalid);
    return PackNan<F>(*operand);
  }
  for (const Number* operand : operands) {
    if (operand->kind == Kind::kQuietNan) return PackNan<F>(*operand);
  }
  return F::kDefaultNan;
}

// A zero that comes from a difference is negative only if rounding goes down.
template <typename F>
typename F::Bits ZeroDifference(const Environment& environment) {
  return SignOf<F>(environment.rounding == Rounding::kDown);
}

template <typename F>
typename F::Bits ZeroOf(bool negative) {
  return SignOf<F>(negative);
}

template <typename F>
typename F::Bits InfinityOf(bool negative) {
  return SignOf<F>(negative) | F::kInfinity;
}

// ---- Operations ----

// a + b of numbers that are no NaNs and not both zero or infinite in a way that has its own rule.
template <typename F>
typename F::Bits Sum(const Number& a, const Number& b, Environment& environment) {
  if (a.kind == Kind::kInfinity && b.kind == Kind::kInfinity && a.negative != b.negative)
    return InvalidResult<F>(environment);
  if (a.kind == Kind::kInfinity) return InfinityOf<F>(a.negative);
  if (b.kind == Kind::kInfinity) return InfinityOf<F>(b.negative);
  if (a.kind == Kind::kZero && b.kind == Kind::kZero) {
    return a.negative == b.negative ? ZeroOf<F>(a.negative) : ZeroDifference<F>(environment);
  }
  if (a.kind == Kind::kZero) return Round<F>(Exact::Of(b), environment);
  if (b.kind == Kind::kZero) return Round<F>(Exact::Of(a), environment);
  Exact sum;
  if (!ExactSum(Exact::Of(a), Exact::Of(b), sum)) return ZeroDifference<F>(environment);
  return Round<F>(sum, environment);
}

template <typename F>
typename F::Bits Add(const Number& a, const Number& b, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult<F>({&a, &b}, environment);
  return Sum<F>(a, b, environment);
}

template <typename F>
typename F::Bits Subtract(const Number& a, Number b, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult<F>({&a, &b}, environment);
  b.negative = !b.negative;
  return Sum<F>(a, b, environment);
}

// The result may be longer than the operands.
template <typename F>
typename F::Bits Multiply(const Number& a, const Number& b, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult<F>({&a, &b}, environment);
  const bool negative = a.negative != b.negative;
  if (a.kind == Kind::kInfinity || b.kind == Kind::kInfinity) {
    if (a.kind == Kind::kZero || b.kind == Kind::kZero) return InvalidResult<F>(environment);
    return InfinityOf<F>(negative);
  }
  if (a.kind == Kind::kZero || b.kind == Kind::kZero) return ZeroOf<F>(negative);
  return Round<F>(ExactProduct(a, b), environment);
}

template <typename F>
typename F::Bits Divide(const Number& a, const Number& b, Environment& environment) {
  if (a.IsNan() || b.IsNan()) return NanResult<F>({&a, &b}, environment);
  const bool negative = a.negative != b.negative;
  if (a.kind == b.kind && a.kind != Kind::kFinite) return InvalidResult<F>(environment);
  if (a.kind == Kind::kInfinity) return InfinityOf<F>(negative);
  if (a.kind == Kind::kZero || b.kind == Kind::kInfinity) return ZeroOf<F>(negative);
  if (b.kind == Kind::kZero) {
    environment.Raise(kDivideByZero);
    return InfinityOf<F>(negative);
  }
  return Round<F>(ExactQuotient(a, b, F::kPrecision), environment);
}

template <typename F>
typename F::Bits SquareRoot(const Number& a, Environment& environment) {
  if (a.IsNan()) return NanResult<F>({&a}, environment);
  if (a.kind == Kind::kZero) return ZeroOf<F>(a.negative);
  if (a.negative) return InvalidResult<F>(environment);
  if (a.kind == Kind::kInfinity) return InfinityOf<F>(false);
  return Round<F>(ExactSquareRoot(a), environment);
}

// b * c + addend, rounded once. The order of NaNs is c, b, addend; infinity times zero is invalid
// whatever the addend.
template <typename F>
typename F::Bits MultiplyAndAdd(const Number& addend, const Number& b, const Number& c,
                                Environment& environment) {
  if ((b.kind == Kind::kInfinity && c.kind == Kind::kZero) ||
      (b.kind == Kind::kZero && c.kind == Kind::kInfinity)) {
    return InvalidResult<F>(environment);
  }
  if (addend.IsNan() || b.IsNan() || c.IsNan()) return NanResult<F>({&c, &b, &addend}, environment);
  const bool negative = b.negative != c.negative;
  if (b.kind != Kind::kFinite || c.kind != Kind::kFinite) {
    const bool infinite = b.kind == Kind::kInfinity || c.kind == Kind::kInfinity;
    return Sum<F>(addend, Number{infinite ? Kind::kInfinity : Kind::kZero, negative, 0, 0},
                  environment);
  }
  if (addend.kind == Kind::kInfinity) return InfinityOf<F>(addend.negative);
  const Exact product = ExactProduct(b, c);
  if (addend.kind == Kind::kZero) return Round<F>(product, environment);
  Exact sum;
  if (!ExactSum(product, Exact::Of(addend), sum)) return ZeroDifference<F>(environment);
  return Round<F>(sum, environment);
}

template <typename F>
typename F::Bits MultiplyAndSubtract(Number subtrahend, const Number& b, const Number& c,
                                     Environment& environment) {
  if (!subtrahend.IsNan()) subtrahend.negative = !subtrahend.negative;
  return MultiplyAndAdd<F>(subtrahend, b, c, environment);
}

// Condition code of a comparison: 0 equal, 1 first low, 2 first high, 3 unordered.
inline uint8_t Compare(const Number& a, const Number& b, bool signal, Environment& environment) {
  if (a.IsNan() || b.IsNan()) {
    if (signal || a.kind == Kind::kSignalingNan || b.kind == Kind::kSignalingNan)
      environment.Raise(kInvalid);
    return 3;
  }
  if (a.kind == Kind::kZero && b.kind == Kind::kZero) return 0;
  const bool a_negative = a.negative && a.kind != Kind::kZero;
  const bool b_negative = b.negative && b.kind != Kind::kZero;
  if (a_negative != b_negative) return a_negative ? 1 : 2;
  // Kinds are in the order of their magnitudes.
  int order = 0;
  if (a.kind != b.kind) {
    order = a.kind < b.kind ? -1 : 1;
  } else if (a.kind == Kind::kFinite) {
    if (a.exponent != b.exponent) {
      order = a.exponent < b.exponent ? -1 : 1;
    } else if (a.significand != b.significand) {
      order = a.significand < b.significand ? -1 : 1;
    }
  }
  if (order == 0) return 0;
  return (order < 0) != a_negative ? 1 : 2;
}

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_ARITHMETIC_H_
