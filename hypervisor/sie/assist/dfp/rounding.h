// From an exact result to one that a format holds (PoP: Decimal-Floating-Point Instructions,
// "Rounding", "IEEE Exceptions", "Preferred Quantum").
#ifndef HYPERVISOR_SIE_ASSIST_DFP_ROUNDING_H_
#define HYPERVISOR_SIE_ASSIST_DFP_ROUNDING_H_

#include <cstdint>

#include "hypervisor/sie/assist/bfp/rounding.h"
#include "hypervisor/sie/assist/dfp/digits.h"
#include "hypervisor/sie/assist/dfp/format.h"

namespace hypervisor::dfp {

// Rounding modes, by their number in the FPC.
enum class Rounding : uint8_t {
  kNearestEven = 0,
  kTowardZero = 1,
  kUp = 2,
  kDown = 3,
  kNearestAway = 4,
  kNearestTowardZero = 5,
  kAway = 6,
  kPrepareShorter = 7,  // if inexact, a rightmost digit of 0 or 5 becomes 1 or 6
};

inline constexpr uint8_t kQuantum = 0x04;  // among the FPC's masks and flags, and without kInexact
                                           // in a data-exception code

// What governs an operation, and what it raises.
struct Environment : bfp::Environment {
  Rounding mode = Rounding::kNearestEven;
  bool reports_quantum = false;  // the floating-point-extension facility

  // An exact result has another quantum than the preferred one.
  void RaiseQuantum() {
    if (!reports_quantum) return;
    if (masks & kQuantum) {
      trap = kQuantum;
    } else {
      flags |= kQuantum;
    }
  }
};

// An exact result: coefficient * 10^exponent. `more` says that something is lost below the
// rightmost digit; then there are more digits than any format has.
struct Exact {
  bool negative = false;
  int exponent = 0;
  Wide coefficient;
  bool more = false;
};

// A coefficient without its rightmost `count` digits, rounded.
struct RoundedCoefficient {
  Wide value;
  bool inexact = false;
  bool incremented = false;
};
RoundedCoefficient RoundCoefficient(const Exact& exact, int count, Rounding mode);

// The result of an overflow that doesn't trap.
Number Overflow(bool negative, const Shape& shape, Environment& environment);

// A rounded result. If it is scaled, an overflow or underflow traps, and the number is one of the
// shape `scaled_shape`.
struct Rounded {
  Number number;
  bool scaled = false;
};

// `preferred` is the exponent that an exact result comes as near to as it can. Tininess is detected
// before rounding.
Rounded Round(const Exact& exact, int preferred, const Shape& shape, Environment& environment);
Rounded Round(const Exact& exact, int preferred, const Shape& shape, const Shape& scaled_shape,
              int scale, Environment& environment);

}  // namespace hypervisor::dfp

#endif  // HYPERVISOR_SIE_ASSIST_DFP_ROUNDING_H_
