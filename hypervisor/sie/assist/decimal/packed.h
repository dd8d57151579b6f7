// Signed packed decimal numbers of up to 16 bytes: 31 digits and a sign (PoP: Decimal Instructions,
// "Packed-Decimal Number Format"). Pure functions.
#ifndef HYPERVISOR_SIE_ASSIST_DECIMAL_PACKED_H_
#define HYPERVISOR_SIE_ASSIST_DECIMAL_PACKED_H_

#include <array>
#include <cstdint>

namespace hypervisor::assist {

using Magnitude = unsigned __int128;

inline constexpr uint32_t kLongestPacked = 16;

// 10 to the power of 0 to 38.
inline constexpr auto kPowersOfTen = [] {
  std::array<Magnitude, 39> powers{};
  powers[0] = 1;
  for (int i = 1; i < 39; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

constexpr bool IsSignCode(uint8_t code) {
  return code >= 0xa;
}
constexpr bool IsNegativeSign(uint8_t code) {
  return code == 0xb || code == 0xd;
}

// The digits that `length` bytes hold beside the sign.
constexpr uint32_t DigitsIn(uint32_t length) {
  return 2 * length - 1;
}

struct Packed {
  Magnitude magnitude = 0;
  bool negative = false;
  bool valid = true;  // all digits are digits and the sign is a sign

  static constexpr Packed Read(const uint8_t* bytes, uint32_t length) {
    Packed number;
    uint64_t parts[2] = {};  // all but the rightmost 15 digits, and those
    for (uint32_t i = 0; i < length; ++i) {
      const uint8_t high = bytes[i] >> 4;
      const uint8_t low = bytes[i] & 0xf;
      uint64_t& part = parts[length - i <= 8];
      if (high > 9) number.valid = false;
      part = part * 10 + high;
      if (i + 1 == length) {
        if (!IsSignCode(low)) number.valid = false;
        number.negative = IsNegativeSign(low);
      } else {
        if (low > 9) number.valid = false;
        part = part * 10 + low;
      }
    }
    number.magnitude = parts[0] * kPowersOfTen[15] + parts[1];
    return number;
  }

  // With a preferred sign; digits that don't fit are lost.
  constexpr void Write(uint8_t* bytes, uint32_t length) const {
    // The leftmost digits and the rightmost 15 are taken apart in 64 bits.
    constexpr auto kSplit = static_cast<uint64_t>(kPowersOfTen[15]);
    uint64_t parts[2] = {static_cast<uint64_t>(magnitude / kSplit),
                         static_cast<uint64_t>(magnitude % kSplit)};
    for (uint32_t i = length; i-- > 0;) {
      uint64_t& part = parts[length - i <= 8];
      uint8_t low = negative ? 0xd : 0xc;
      if (i + 1 != length) {
        low = static_cast<uint8_t>(part % 10);
        part /= 10;
      }
      bytes[i] = static_cast<uint8_t>(static_cast<uint8_t>(part % 10) << 4 | low);
      part /= 10;
    }
  }

  // 0 equal, 1 this is low, 2 this is high. A negative zero equals a positive one.
  constexpr uint8_t Compare(const Packed& other) const {
    const bool a = negative && magnitude != 0;
    const bool b = other.negative && other.magnitude != 0;
    if (a != b) return a ? 1 : 2;
    if (magnitude == other.magnitude) return 0;
    return (magnitude < other.magnitude) != a ? 1 : 2;
  }
};

// The algebraic sum; the sign of a zero sum is that of `a`.
constexpr Packed Sum(const Packed& a, const Packed& b) {
  if (a.negative == b.negative) return {a.magnitude + b.magnitude, a.negative};
  if (a.magnitude >= b.magnitude) return {a.magnitude - b.magnitude, a.negative};
  return {b.magnitude - a.magnitude, b.negative};
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_DECIMAL_PACKED_H_
