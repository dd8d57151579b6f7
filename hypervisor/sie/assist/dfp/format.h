// The decimal-floating-point formats, and a number taken out of one (PoP:
// Decimal-Floating-Point Instructions, "DFP Data Formats").
#ifndef HYPERVISOR_SIE_ASSIST_DFP_FORMAT_H_
#define HYPERVISOR_SIE_ASSIST_DFP_FORMAT_H_

#include <cstdint>

#include "hypervisor/sie/assist/dfp/declet.h"

namespace hypervisor::dfp {

// What a format can hold. Exponents are those of the rightmost digit, but for the first two.
struct Shape {
  int precision;     // digits
  int max_exponent;  // of the leftmost digit of the largest number
  int scale;         // of the exponent of results whose overflow or underflow traps

  constexpr int min_exponent() const { return 1 - max_exponent; }  // of the least normal number
  constexpr int highest() const { return max_exponent - precision + 1; }
  constexpr int lowest() const { return -bias(); }
  constexpr int bias() const { return max_exponent + precision - 2; }
};

template <typename BitsType, int kDigits, int kLargestExponent, int kScalingExponent>
struct Format {
  using Bits = BitsType;
  static constexpr Shape kShape = {kDigits, kLargestExponent, kScalingExponent};
  static constexpr int kWidth = 8 * sizeof(Bits);
  static constexpr int kDeclets = kDigits / 3;
  static constexpr int kTrailingBits = 10 * kDeclets;               // the trailing significand
  static constexpr int kExponentBits = kWidth - 6 - kTrailingBits;  // right of the combination
  static constexpr Bits kSign = Bits{1} << (kWidth - 1);
};

using Short = Format<uint32_t, 7, 96, 192>;
using Long = Format<uint64_t, 16, 384, 576>;
using Extended = Format<U128, 34, 6144, 9216>;
static_assert(Short::kExponentBits == 6 && Short::kShape.bias() == 101);
static_assert(Long::kExponentBits == 8 && Long::kShape.bias() == 398);
static_assert(Extended::kExponentBits == 12 && Extended::kShape.bias() == 6176);

enum class Kind : uint8_t { kFinite, kInfinity, kQuietNan, kSignalingNan };

// coefficient * 10^exponent; a zero has an exponent, too. Of an infinity or a NaN: the digits in
// its trailing significand.
struct Number {
  Kind kind = Kind::kFinite;
  bool negative = false;
  int exponent = 0;
  U128 coefficient = 0;

  constexpr bool IsFinite() const { return kind == Kind::kFinite; }
  constexpr bool IsNan() const { return kind >= Kind::kQuietNan; }
  constexpr bool IsZero() const { return kind == Kind::kFinite && coefficient == 0; }
};

template <typename F>
constexpr Number Unpack(typename F::Bits bits) {
  Number number;
  number.negative = (bits & F::kSign) != 0;
  const auto combination =
      static_cast<unsigned>(bits >> (F::kTrailingBits + F::kExponentBits)) & 0x1f;
  const auto continuation =
      static_cast<unsigned>(bits >> F::kTrailingBits) & ((1u << F::kExponentBits) - 1);
  number.coefficient = NumberOfDeclets(bits, F::kDeclets);
  if (combination >= 0x1e) {
    const bool signaling = continuation >> (F::kExponentBits - 1) != 0;
    number.kind = combination == 0x1e ? Kind::kInfinity
                  : signaling         ? Kind::kSignalingNan
                                      : Kind::kQuietNan;
    return number;
  }
  // The leftmost digit stands beside two bits of the exponent, in one of two ways.
  const bool large = combination >= 0x18;
  const unsigned digit = large ? 8 + (combination & 1) : combination & 7;
  const unsigned left = large ? combination >> 1 & 3 : combination >> 3;
  U128 unit = 1;
  for (int i = 0; i < F::kDeclets; ++i) unit *= 1000;
  number.coefficient += digit * unit;
  number.exponent = static_cast<int>(left << F::kExponentBits | continuation) - F::kShape.bias();
  return number;
}

// Always canonical. The exponent and the coefficient must be ones that the format has; of an
// infinity or a NaN, digits that don't fit are lost on the left.
template <typename F>
constexpr typename F::Bits Pack(const Number& number) {
  using Bits = typename F::Bits;
  const Bits sign = number.negative ? F::kSign : 0;
  const auto trailing = static_cast<Bits>(DecletsOfNumber(number.coefficient, F::kDeclets));
  unsigned combination = 0;
  unsigned continuation = 0;
  if (number.kind != Kind::kFinite) {
    combination = number.kind == Kind::kInfinity ? 0x1e : 0x1f;
    if (number.kind == Kind::kSignalingNan) continuation = 1u << (F::kExponentBits - 1);
  } else {
    U128 unit = 1;
    for (int i = 0; i < F::kDeclets; ++i) unit *= 1000;
    const auto digit = static_cast<unsigned>(number.coefficient / unit);
    const auto biased = static_cast<unsigned>(number.exponent + F::kShape.bias());
    const unsigned left = biased >> F::kExponentBits;
    continuation = biased & ((1u << F::kExponentBits) - 1);
    combination = digit >= 8 ? 0x18 | left << 1 | (digit & 1) : left << 3 | digit;
  }
  return sign | trailing |
         static_cast<Bits>(Bits{combination << F::kExponentBits | continuation}
                           << F::kTrailingBits);
}

// Condition code of a result: 0 zero, 1 less than zero, 2 greater than zero, 3 NaN.
constexpr uint8_t ClassCc(const Number& number) {
  if (number.IsNan()) return 3;
  if (number.IsZero()) return 0;
  return number.negative ? 1 : 2;
}

}  // namespace hypervisor::dfp

#endif  // HYPERVISOR_SIE_ASSIST_DFP_FORMAT_H_
