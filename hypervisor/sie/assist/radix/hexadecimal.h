// The hexadecimal-floating-point formats as sources and targets of a change of radix (PoP:
// Hexadecimal-Floating-Point Instructions, "HFP Arithmetic"; Floating-Point Support Instructions,
// "PERFORM FLOATING-POINT OPERATION").
#ifndef HYPERVISOR_SIE_ASSIST_RADIX_HEXADECIMAL_H_
#define HYPERVISOR_SIE_ASSIST_RADIX_HEXADECIMAL_H_

#include <type_traits>

#include "hypervisor/sie/assist/bfp/rounding.h"

namespace hypervisor::radix {

using bfp::U128;

template <typename BitsType, int kHexadecimalDigits>
struct HexadecimalFormat {
  using Bits = BitsType;
  static constexpr int kFractionBits = 4 * kHexadecimalDigits;
};

using ShortHexadecimal = HexadecimalFormat<uint32_t, 6>;
using LongHexadecimal = HexadecimalFormat<uint64_t, 14>;
using ExtendedHexadecimal = HexadecimalFormat<U128, 28>;

// 0.fraction * 16^(characteristic - 64); a characteristic that is out of range has to be dealt
// with.
struct Hexadecimal {
  bool negative = false;
  int characteristic = 0;
  U128 fraction = 0;  // of kFractionBits bits
};

inline constexpr int kLargestCharacteristic = 127;

// The right half of an extended number has a sign and a characteristic of its own, which don't
// count.
template <typename F>
constexpr Hexadecimal UnpackHexadecimal(typename F::Bits bits) {
  constexpr int kWidth = 8 * sizeof(bits);
  Hexadecimal number;
  number.negative = bits >> (kWidth - 1) != 0;
  number.characteristic = static_cast<int>(bits >> (kWidth - 8)) & 0x7f;
  constexpr uint64_t kLong = 0xffffffffffffff;
  if constexpr (kWidth == 128) {
    number.fraction = (bits >> 64 & kLong) << 56 | (bits & kLong);
  } else {
    number.fraction = bits & (kLong >> (64 - kWidth));
  }
  return number;
}

// That half's characteristic is less by 14, or it is a zero.
template <typename F>
constexpr typename F::Bits PackHexadecimal(const Hexadecimal& number) {
  using Bits = typename F::Bits;
  constexpr int kWidth = 8 * sizeof(Bits);
  const uint64_t sign = number.negative ? 0x80 : 0;
  const auto left = sign | static_cast<uint64_t>(number.characteristic);
  if constexpr (kWidth == 128) {
    constexpr uint64_t kLong = 0xffffffffffffff;
    const uint64_t right =
        sign |
        (number.fraction == 0 ? 0 : static_cast<uint64_t>(number.characteristic - 14) & 0x7f);
    return (U128{left << 56 | static_cast<uint64_t>(number.fraction >> 56)} << 64) |
           (right << 56 | (static_cast<uint64_t>(number.fraction) & kLong));
  } else {
    return static_cast<Bits>(Bits{static_cast<Bits>(left)} << (kWidth - 8)) |
           static_cast<Bits>(number.fraction);
  }
}

// Of a number whose fraction is not zero.
template <typename F>
constexpr bfp::Exact ExactOf(const Hexadecimal& number) {
  const bfp::Exact exact{number.negative,
                         4 * (number.characteristic - 64) - 1,
                         {number.fraction << (128 - F::kFractionBits), 0}};
  return exact.Normalized();
}

// Normalized and rounded.
struct RoundedHexadecimal {
  Hexadecimal number;
  bool tiny = false;  // before rounding
  bool inexact = false;
  bool incremented = false;
};

template <typename F>
RoundedHexadecimal RoundToHexadecimal(const bfp::Exact& exact, bfp::Rounding rounding) {
  // 1.f * 2^e is 0.1f * 2^(e + 1); that exponent is raised to a multiple of four.
  const int exponent = exact.exponent + 1;
  const int raised = (exponent + 3) & ~3;
  const auto rounded =
      bfp::RoundSignificand(exact, F::kFractionBits - (raised - exponent), rounding);
  RoundedHexadecimal result{{exact.negative, raised / 4 + 64, rounded.value},
                            raised / 4 + 64 < 0,
                            rounded.inexact,
                            rounded.incremented};
  if (rounded.value >> F::kFractionBits != 0) {
    result.number.fraction >>= 4;
    ++result.number.characteristic;
  }
  return result;
}

}  // namespace hypervisor::radix

#endif  // HYPERVISOR_SIE_ASSIST_RADIX_HEXADECIMAL_H_
