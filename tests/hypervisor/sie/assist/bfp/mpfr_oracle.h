// What an operation should give, calculated by MPFR: result, flags and trap.
#ifndef TESTS_HYPERVISOR_SIE_ASSIST_BFP_MPFR_ORACLE_H_
#define TESTS_HYPERVISOR_SIE_ASSIST_BFP_MPFR_ORACLE_H_

#include <gmp.h>
#include <mpfr.h>

#include <cstdint>

#include "hypervisor/sie/assist/bfp/rounding.h"

namespace hypervisor::bfp {

// An mpfr_t that holds any number of our formats exactly.
class Real {
 public:
  explicit Real(mpfr_prec_t precision = 128) { mpfr_init2(value_, precision); }
  explicit Real(const Number& number) : Real(128) {
    if (number.kind == Kind::kZero) {
      mpfr_set_zero(value_, number.negative ? -1 : 1);
      return;
    }
    mpz_t significand;
    mpz_init(significand);
    mpz_set_ui(significand, static_cast<unsigned long>(number.significand >> 64));
    mpz_mul_2exp(significand, significand, 64);
    mpz_add_ui(significand, significand, static_cast<unsigned long>(number.significand));
    if (number.negative) mpz_neg(significand, significand);
    mpfr_set_z_2exp(value_, significand, number.exponent - 127, MPFR_RNDN);
    mpz_clear(significand);
  }
  ~Real() { mpfr_clear(value_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;

  mpfr_ptr get() const { return const_cast<mpfr_ptr>(value_); }

 private:
  mpfr_t value_;
};

template <typename F>
struct Expected {
  typename F::Bits bits = 0;
  uint8_t flags = 0;
  uint8_t trap = 0;
};

struct RoundedByMpfr {
  U128 significand = 0;  // of `precision` bits
  int exponent = 0;
  bool inexact = false;
  bool incremented = false;
};

// `operation(result, mode)` rounds to the precision of `result` and tells on which side of the
// exact result that is.
template <typename Operation>
RoundedByMpfr RoundByMpfr(Operation operation, int precision, Rounding rounding) {
  const bool by_hand = rounding == Rounding::kNearestAway ||
                       rounding == Rounding::kNearestTowardZero ||
                       rounding == Rounding::kPrepareShorter;
  const auto mode = rounding == Rounding::kNearestEven ? MPFR_RNDN
                    : rounding == Rounding::kUp        ? MPFR_RNDU
                    : rounding == Rounding::kDown      ? MPFR_RNDD
                    : rounding == Rounding::kAway      ? MPFR_RNDA
                                                       : MPFR_RNDZ;
  // One bit more tells where the nearest is.
  Real result(precision + (by_hand ? 1 : 0));
  const int side = operation(result.get(), mode);
  mpz_t integer;
  mpz_init(integer);
  RoundedByMpfr rounded;
  rounded.exponent = static_cast<int>(mpfr_get_exp(result.get())) - 1;
  mpfr_get_z_2exp(integer, result.get());
  mpz_abs(integer, integer);
  for (size_t limb = mpz_size(integer); limb-- > 0;) {
    rounded.significand =
        rounded.significand << 64 | mpz_getlimbn(integer, static_cast<mp_size_t>(limb));
  }
  mpz_clear(integer);
  rounded.inexact = side != 0;
  rounded.incremented = side != 0 && (side > 0) == (mpfr_sgn(result.get()) > 0);
  if (by_hand) {
    const bool half = (rounded.significand & 1) != 0;
    rounded.significand >>= 1;
    rounded.inexact = rounded.inexact || half;
    if (rounding == Rounding::kNearestAway) {
      rounded.incremented = half;
    } else if (rounding == Rounding::kNearestTowardZero) {
      rounded.incremented = half && side != 0;
    } else {
      rounded.incremented = rounded.inexact && (rounded.significand & 1) == 0;
    }
    if (rounded.incremented) ++rounded.significand;
    if (rounded.significand >> precision != 0) {
      rounded.significand >>= 1;
      ++rounded.exponent;
    }
  }
  return rounded;
}

template <typename F>
typename F::Bits BitsOf(bool negative, int exponent, U128 significand) {
  const auto fraction = static_cast<typename F::Bits>(significand) & F::kFraction;
  const auto biased = static_cast<typename F::Bits>(exponent + F::kBias);
  return (negative ? F::kSign : 0) | biased << F::kFractionBits | fraction;
}

// The rounded result of an operation whose exact result is finite and not zero.
template <typename F, typename Operation>
Expected<F> ExpectedOf(Operation operation, Rounding rounding, uint8_t masks) {
  Real truncated(F::kPrecision);
  const int below = operation(truncated.get(), MPFR_RNDZ);
  const bool negative = mpfr_sgn(truncated.get()) < 0;
  const int exponent = static_cast<int>(mpfr_get_exp(truncated.get())) - 1;
  const bool tiny = exponent < F::kMinExponent;
  Expected<F> expected;
  const auto inexact = [&](bool incremented) {
    if (masks & kInexact) {
      expected.trap = kInexact | (incremented ? kIncremented : 0);
    } else {
      expected.flags |= kInexact;
    }
  };
  if (tiny && !(masks & kUnderflow)) {
    const int precision = F::kPrecision - (F::kMinExponent - exponent);
    U128 significand = 0;
    bool is_inexact = true;
    bool incremented = false;
    if (precision > 0) {
      const RoundedByMpfr rounded = RoundByMpfr(operation, precision, rounding);
      significand = rounded.significand << (rounded.exponent - exponent);
      is_inexact = rounded.inexact;
      incremented = rounded.incremented;
    } else {
      // Less than the least number: zero or that. Exactly half of it is a power of two.
      const bool half = precision == 0 && below == 0 && mpfr_min_prec(truncated.get()) <= 1;
      const bool more = precision == 0 && !half;
      switch (rounding) {
        case Rounding::kNearestEven:
        case Rounding::kNearestTowardZero:
          incremented = more;
          break;
        case Rounding::kNearestAway:
          incremented = more || half;
          break;
        case Rounding::kUp:
          incremented = !negative;
          break;
        case Rounding::kDown:
          incremented = negative;
          break;
        case Rounding::kTowardZero:
          break;
        case Rounding::kAway:
        case Rounding::kPrepareShorter:
          incremented = true;
          break;
      }
      significand = incremented ? 1 : 0;
    }
    const bool normal = significand >> F::kFractionBits != 0;
    expected.bits = BitsOf<F>(negative, normal ? F::kMinExponent : -F::kBias, significand);
    if (is_inexact) {
      expected.flags |= kUnderflow;
      inexact(incremented);
    }
    return expected;
  }
  const RoundedByMpfr rounded = RoundByMpfr(operation, F::kPrecision, rounding);
  const bool overflow = rounded.exponent > F::kMaxExponent;
  if (tiny || (overflow && (masks & kOverflow))) {
    expected.trap = tiny ? kUnderflow : kOverflow;
    if (rounded.inexact) expected.trap |= kInexact | (rounded.incremented ? kIncremented : 0);
    // Numbers of wider formats may need it more than once.
    int scaled = rounded.exponent;
    do {
      scaled += tiny ? F::kScale : -F::kScale;
    } while (scaled > F::kMaxExponent || scaled < F::kMinExponent);
    expected.bits = BitsOf<F>(negative, scaled, rounded.significand);
    return expected;
  }
  if (overflow) {
    const bool infinite = rounding == Rounding::kNearestEven ||
                          rounding == Rounding::kNearestAway ||
                          rounding == Rounding::kNearestTowardZero || rounding == Rounding::kAway ||
                          rounding == (negative ? Rounding::kDown : Rounding::kUp);
    expected.bits = SignOf<F>(negative) | (infinite ? F::kInfinity : F::kLargest);
    expected.flags |= kOverflow;
    inexact(infinite);
    return expected;
  }
  expected.bits = BitsOf<F>(negative, rounded.exponent, rounded.significand);
  if (rounded.inexact) inexact(rounded.incremented);
  return expected;
}

}  // namespace hypervisor::bfp

#endif  // TESTS_HYPERVISOR_SIE_ASSIST_BFP_MPFR_ORACLE_H_
