// The binary-floating-point formats, and a number taken out of one (PoP: Binary-Floating-Point
// Instructions, "BFP Data Formats").
#ifndef HYPERVISOR_SIE_ASSIST_BFP_FORMAT_H_
#define HYPERVISOR_SIE_ASSIST_BFP_FORMAT_H_

#include <cstdint>

#include "hypervisor/sie/assist/bfp/wide.h"

namespace hypervisor::bfp {

template <typename BitsType, int kSignificandBits, int kLargestExponent, int kScalingExponent>
struct Format {
  using Bits = BitsType;
  static constexpr int kWidth = 8 * sizeof(Bits);
  static constexpr int kPrecision = kSignificandBits;  // with the bit left of the binary point
  static constexpr int kMaxExponent = kLargestExponent;
  static constexpr int kMinExponent = 1 - kLargestExponent;
  static constexpr int kBias = kLargestExponent;
  static constexpr int kScale = kScalingExponent;  // of results whose overflow or underflow traps
  static constexpr int kFractionBits = kPrecision - 1;

  static constexpr Bits kSign = Bits{1} << (kWidth - 1);
  static constexpr Bits kFraction = (Bits{1} << kFractionBits) - 1;
  static constexpr Bits kInfinity = static_cast<Bits>(~kSign & ~kFraction);
  static constexpr Bits kQuiet = Bits{1} << (kFractionBits - 1);
  static constexpr Bits kLargest = kInfinity - 1;
  static constexpr Bits kDefaultNan = kInfinity | kQuiet;
};

using Short = Format<uint32_t, 24, 127, 192>;
using Long = Format<uint64_t, 53, 1023, 1536>;
using Extended = Format<U128, 113, 16383, 24576>;

enum class Kind : uint8_t { kZero, kFinite, kInfinity, kQuietNan, kSignalingNan };

// Of a finite number other than zero: significand / 2^127 * 2^exponent, the significand's leftmost
// bit one. Of a NaN: the significand is its fraction, from bit 1 on.
struct Number {
  Kind kind = Kind::kZero;
  bool negative = false;
  int exponent = 0;
  U128 significand = 0;

  bool IsNan() const { return kind >= Kind::kQuietNan; }
};

template <typename F>
constexpr Number Unpack(typename F::Bits bits) {
  Number number;
  number.negative = (bits & F::kSign) != 0;
  const int biased = static_cast<int>((bits & F::kInfinity) >> F::kFractionBits);
  const U128 fraction = U128{bits & F::kFraction} << (127 - F::kFractionBits);
  constexpr int kAllOnes = 2 * F::kBias + 1;
  if (biased == kAllOnes) {
    number.significand = fraction;
    number.kind = fraction == 0             ? Kind::kInfinity
                  : (bits & F::kQuiet) != 0 ? Kind::kQuietNan
                                            : Kind::kSignalingNan;
  } else if (biased != 0) {
    number.kind = Kind::kFinite;
    number.exponent = biased - F::kBias;
    number.significand = fraction | U128{1} << 127;
  } else if (fraction != 0) {
    const int shift = CountLeadingZeros(fraction);
    number.kind = Kind::kFinite;
    number.exponent = F::kMinExponent - shift;
    number.significand = fraction << shift;
  }
  return number;
}

template <typename F>
constexpr typename F::Bits SignOf(bool negative) {
  return negative ? F::kSign : 0;
}

// A NaN made quiet, its payload cut or extended on the right.
template <typename F>
constexpr typename F::Bits PackNan(const Number& nan) {
  const auto fraction = static_cast<typename F::Bits>(nan.significand >> (127 - F::kFractionBits));
  return SignOf<F>(nan.negative) | F::kInfinity | F::kQuiet | fraction;
}

// Condition code of a result: 0 zero, 1 less than zero, 2 greater than zero, 3 NaN.
template <typename F>
constexpr uint8_t ClassCc(typename F::Bits bits) {
  const auto magnitude = static_cast<typename F::Bits>(bits & ~F::kSign);
  if (magnitude > F::kInfinity) return 3;
  if (magnitude == 0) return 0;
  return (bits & F::kSign) != 0 ? 1 : 2;
}

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_FORMAT_H_
