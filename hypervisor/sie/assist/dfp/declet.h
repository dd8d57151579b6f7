// Densely packed decimal: three digits in a declet of ten bits (PoP: Decimal-Floating-Point
// Instructions, "Densely Packed Decimal (DPD)").
#ifndef HYPERVISOR_SIE_ASSIST_DFP_DECLET_H_
#define HYPERVISOR_SIE_ASSIST_DFP_DECLET_H_

#include <array>
#include <cstdint>

#include "hypervisor/sie/assist/bfp/wide.h"

namespace hypervisor::dfp {

using bfp::U128;

// The digits of a declet. A digit up to 7 keeps three bits, 8 and 9 only the rightmost; where the
// three of them lie is in bits 6 to 8, and in bits 3 and 4 if more than one digit is large.
constexpr uint16_t DigitsOfDeclet(uint16_t declet) {
  const auto bits = [declet](int first, int width) {
    return static_cast<uint16_t>(declet >> (10 - first - width) & ((1 << width) - 1));
  };
  const uint16_t left = bits(0, 2), middle = bits(3, 2), right = bits(7, 2);
  const uint16_t units[] = {bits(2, 1), bits(5, 1), bits(9, 1)};
  const auto digits = [&units](int a, int b, int c) {
    return static_cast<uint16_t>(100 * (2 * a + units[0]) + 10 * (2 * b + units[1]) + 2 * c +
                                 units[2]);
  };
  constexpr int kLarge = 4;  // the digit is 8 or 9
  if (bits(6, 1) == 0) return digits(left, middle, right);
  switch (right) {
    case 0:
      return digits(left, middle, kLarge);
    case 1:
      return digits(left, kLarge, middle);
    case 2:
      return digits(kLarge, middle, left);
    default:
      break;
  }
  switch (middle) {
    case 0:
      return digits(kLarge, kLarge, left);
    case 1:
      return digits(kLarge, left, kLarge);
    case 2:
      return digits(left, kLarge, kLarge);
    default:
      return digits(kLarge, kLarge, kLarge);
  }
}

inline constexpr auto kDigitsOfDeclet = [] {
  std::array<uint16_t, 1024> digits{};
  for (uint16_t declet = 0; declet < 1024; ++declet) digits[declet] = DigitsOfDeclet(declet);
  return digits;
}();

// Of several declets for the same digits the canonical one is the least.
inline constexpr auto kDecletOfDigits = [] {
  std::array<uint16_t, 1000> declets{};
  for (uint16_t declet = 1024; declet-- > 0;) declets[kDigitsOfDeclet[declet]] = declet;
  return declets;
}();

// Every number from 0 to 999 has a declet, and 24 declets are no canonical ones.
static_assert([] {
  int canonical = 0;
  for (uint16_t digits = 0; digits < 1000; ++digits) {
    if (kDigitsOfDeclet[kDecletOfDigits[digits]] != digits) return false;
  }
  for (uint16_t declet = 0; declet < 1024; ++declet) {
    if (kDecletOfDigits[kDigitsOfDeclet[declet]] == declet) ++canonical;
  }
  return canonical == 1000;
}());
static_assert(kDecletOfDigits[5] == 0x005 && kDecletOfDigits[9] == 0x009);
static_assert(kDecletOfDigits[79] == 0x079 && kDecletOfDigits[80] == 0x00a);
static_assert(kDecletOfDigits[99] == 0x05f && kDecletOfDigits[555] == 0x2d5);
static_assert(kDecletOfDigits[888] == 0x06e && kDecletOfDigits[999] == 0x0ff);

// The number that the rightmost `count` declets stand for.
constexpr U128 NumberOfDeclets(U128 declets, int count) {
  U128 number = 0;
  for (int i = count; i-- > 0;) {
    number = number * 1000 + kDigitsOfDeclet[static_cast<uint16_t>(declets >> (10 * i)) & 0x3ff];
  }
  return number;
}

// Its inverse; digits that don't fit are lost.
constexpr U128 DecletsOfNumber(U128 number, int count) {
  U128 declets = 0;
  for (int i = 0; i < count; ++i) {
    declets |= U128{kDecletOfDigits[static_cast<uint16_t>(number % 1000)]} << (10 * i);
    number /= 1000;
  }
  return declets;
}

}  // namespace hypervisor::dfp

#endif  // HYPERVISOR_SIE_ASSIST_DFP_DECLET_H_
