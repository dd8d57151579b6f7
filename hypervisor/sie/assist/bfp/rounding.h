// From an exact result to one that a format holds: the only place where results are rounded (PoP:
// Floating-Point Overview, "Rounding"; Binary-Floating-Point Instructions, "IEEE Exceptions").
#ifndef HYPERVISOR_SIE_ASSIST_BFP_ROUNDING_H_
#define HYPERVISOR_SIE_ASSIST_BFP_ROUNDING_H_

#include <cstdint>

#include "hypervisor/sie/assist/bfp/format.h"

namespace hypervisor::bfp {

// Rounding modes, by their number in the FPC. Those that it doesn't have are named by modifiers
// (kNearestAway) or come with numbers of another radix.
enum class Rounding : uint8_t {
  kNearestEven = 0,
  kTowardZero = 1,
  kUp = 2,
  kDown = 3,
  kNearestAway = 4,
  kNearestTowardZero = 5,
  kAway = 6,
  kPrepareShorter = 7,  // if inexact, the rightmost bit becomes one
};

// Exceptions, as the FPC's masks and flags and the data-exception code name them.
inline constexpr uint8_t kInvalid = 0x80;
inline constexpr uint8_t kDivideByZero = 0x40;
inline constexpr uint8_t kOverflow = 0x20;
inline constexpr uint8_t kUnderflow = 0x10;
inline constexpr uint8_t kInexact = 0x08;
inline constexpr uint8_t kIncremented = 0x04;  // with kInexact in a data-exception code

// What governs an operation, and what it raises.
struct Environment {
  Rounding rounding = Rounding::kNearestEven;
  uint8_t masks = 0;              // exceptions that trap
  bool suppress_inexact = false;  // XxC: an inexact result is no exception

  uint8_t flags = 0;        // exceptions that did not trap
  uint8_t trap = 0;         // data-exception code; 0 without a trap
  bool suppressed = false;  // the trap leaves the result unchanged

  // Invalid operation, division by zero: found before there is a result.
  void Raise(uint8_t exception) {
    if (masks & exception) {
      trap = exception;
      suppressed = true;
    } else {
      flags |= exception;
    }
  }
  void RaiseInexact(bool incremented) {
    if (suppress_inexact) return;
    if (masks & kInexact) {
      trap = static_cast<uint8_t>(kInexact | (incremented ? kIncremented : 0));
    } else {
      flags |= kInexact;
    }
  }
  // Overflow or underflow that traps; the result is given all the same.
  void Trap(uint8_t exception, bool inexact, bool incremented) {
    trap = exception;
    if (inexact && !suppress_inexact) {
      trap = static_cast<uint8_t>(trap | kInexact | (incremented ? kIncremented : 0));
    }
  }
};

// An exact result other than zero: significand / 2^255 * 2^exponent, the leftmost bit one. Its
// rightmost bit stands for everything that lies below it.
struct Exact {
  bool negative = false;
  int exponent = 0;
  Wide significand;

  static constexpr Exact Of(const Number& number) {
    return {number.negative, number.exponent, {number.significand, 0}};
  }
  // Restores the leftmost one; the significand must not be zero.
  constexpr Exact Normalized() const {
    const int shift = significand.LeadingZeros();
    return {negative, exponent - shift, significand << shift};
  }
};

// Whether a magnitude is rounded away from zero, given its last bit kept, the first bit lost and
// whether any further one is lost.
constexpr bool RoundsAway(Rounding rounding, bool negative, bool odd, bool half, bool more) {
  switch (rounding) {
    case Rounding::kNearestEven:
      return half && (more || odd);
    case Rounding::kNearestAway:
      return half;
    case Rounding::kNearestTowardZero:
      return half && more;
    case Rounding::kAway:
      return half || more;
    case Rounding::kTowardZero:
      return false;
    case Rounding::kUp:
      return !negative && (half || more);
    case Rounding::kDown:
      return negative && (half || more);
    case Rounding::kPrepareShorter:
      return !odd && (half || more);
  }
  return false;
}

// The leftmost `bits` bits of a significand (none if 0 or less) as an integer, rounded.
struct RoundedSignificand {
  U128 value;  // up to 2^bits
  bool inexact;
  bool incremented;
};

constexpr RoundedSignificand RoundSignificand(const Exact& exact, int bits, Rounding rounding) {
  Wide rest = exact.significand;
  U128 kept = 0;
  if (bits > 0) {
    kept = exact.significand.high >> (128 - bits);
    rest = rest << bits;
  } else {
    rest = rest.ShiftRightSticky(-bits);
  }
  const bool half = rest.high >> 127 != 0;
  const bool more = !(rest << 1).IsZero();
  const bool away = RoundsAway(rounding, exact.negative, (kept & 1) != 0, half, more);
  return {kept + (away ? 1 : 0), half || more, away};
}

template <typename F>
constexpr typename F::Bits Pack(bool negative, int exponent, U128 significand) {
  // The bit left of the binary point adds one to the exponent; a carry out of it one more.
  const auto biased = static_cast<typename F::Bits>(exponent + F::kBias - 1);
  return SignOf<F>(negative) |
         ((biased << F::kFractionBits) + static_cast<typename F::Bits>(significand));
}

template <typename F>
constexpr typename F::Bits OverflowResult(bool negative, Rounding rounding, bool& infinite) {
  switch (rounding) {
    case Rounding::kNearestEven:
    case Rounding::kNearestAway:
    case Rounding::kNearestTowardZero:
    case Rounding::kAway:
      infinite = true;
      break;
    case Rounding::kTowardZero:
    case Rounding::kPrepareShorter:
      infinite = false;
      break;
    case Rounding::kUp:
      infinite = !negative;
      break;
    case Rounding::kDown:
      infinite = negative;
      break;
  }
  return SignOf<F>(negative) | (infinite ? F::kInfinity : F::kLargest);
}

// Rounds to the precision of F as if there were no bounds to the exponent: for results that trap.
template <typename F>
constexpr Number RoundUnbounded(const Exact& exact, Rounding rounding, bool& inexact,
                                bool& incremented) {
  const RoundedSignificand rounded = RoundSignificand(exact, F::kPrecision, rounding);
  inexact = rounded.inexact;
  incremented = rounded.incremented;
  Number number{Kind::kFinite, exact.negative, exact.exponent, 0};
  if (rounded.value >> F::kPrecision != 0) {
    ++number.exponent;
    number.significand = U128{1} << 127;
  } else {
    number.significand = rounded.value << (128 - F::kPrecision);
  }
  return number;
}

// Rounds; tininess is detected before rounding. An overflow or underflow that traps yields the
// result with its exponent scaled, in the format G: that of F, but for LOAD ROUNDED.
template <typename F, typename G = F>
struct RoundedResult {
  typename F::Bits bits = 0;
  typename G::Bits scaled = 0;
  bool is_scaled = false;
};

template <typename F, typename G = F>
constexpr RoundedResult<F, G> RoundWithScale(const Exact& exact, Environment& environment,
                                             int scale) {
  RoundedResult<F, G> result;
  const bool tiny = exact.exponent < F::kMinExponent;
  const Rounding rounding = environment.rounding;
  if (tiny && !(environment.masks & kUnderflow)) {
    const int bits = F::kPrecision - (F::kMinExponent - exact.exponent);
    const RoundedSignificand rounded = RoundSignificand(exact, bits, rounding);
    result.bits = Pack<F>(exact.negative, F::kMinExponent, rounded.value);
    if (rounded.inexact) {
      environment.flags |= kUnderflow;
      environment.RaiseInexact(rounded.incremented);
    }
    return result;
  }
  bool inexact = false;
  bool incremented = false;
  const Number number = RoundUnbounded<F>(exact, rounding, inexact, incremented);
  const bool overflow = number.exponent > F::kMaxExponent;
  if (tiny || (overflow && (environment.masks & kOverflow))) {
    environment.Trap(tiny ? kUnderflow : kOverflow, inexact, incremented);
    result.is_scaled = true;
    // Once, but for conversions from another radix, whose numbers may lie farther away.
    int exponent = number.exponent;
    do {
      exponent += tiny ? scale : -scale;
    } while (exponent > G::kMaxExponent || exponent < G::kMinExponent);
    result.scaled = Pack<G>(exact.negative, exponent, number.significand >> (128 - G::kPrecision));
    return result;
  }
  if (overflow) {
    bool infinite = false;
    result.bits = OverflowResult<F>(exact.negative, rounding, infinite);
    environment.flags |= kOverflow;
    environment.RaiseInexact(infinite);
    return result;
  }
  result.bits =
      Pack<F>(exact.negative, number.exponent, number.significand >> (128 - F::kPrecision));
  if (inexact) environment.RaiseInexact(incremented);
  return result;
}

template <typename F>
constexpr typename F::Bits Round(const Exact& exact, Environment& environment) {
  const auto result = RoundWithScale<F>(exact, environment, F::kScale);
  return result.is_scaled ? result.scaled : result.bits;
}

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_ROUNDING_H_
