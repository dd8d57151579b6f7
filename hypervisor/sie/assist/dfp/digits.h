// Decimal digits of wide integers.
#ifndef HYPERVISOR_SIE_ASSIST_DFP_DIGITS_H_
#define HYPERVISOR_SIE_ASSIST_DFP_DIGITS_H_

#include <array>
#include <cstddef>

#include "hypervisor/sie/assist/bfp/wide.h"

namespace hypervisor::dfp {

using bfp::U128;
using bfp::Wide;

inline constexpr int kMostDigits = 77;  // of a Wide, all of them any digits

// a * b, without what lies beyond 256 bits.
constexpr Wide Times(const Wide& a, U128 b) {
  return Wide::Product(a.low, b) + Wide{a.high * b, 0};
}

// 10 to the power of 0 to 77.
inline constexpr auto kPowers = [] {
  std::array<Wide, kMostDigits + 1> powers{};
  powers[0] = {0, 1};
  for (int i = 1; i <= kMostDigits; ++i) powers[i] = Times(powers[i - 1], 10);
  return powers;
}();
// 10 to the power of 0 to 38, for shorter numbers.
constexpr U128 Power(int exponent) {
  return kPowers[static_cast<size_t>(exponent)].low;
}

// How many digits there are without leading zeros; none in zero.
constexpr int Digits(const Wide& number) {
  if (number.IsZero()) return 0;
  // The logarithm of 2 is a bit more than 1233 / 4096.
  const int estimate = (256 - number.LeadingZeros()) * 1233 >> 12;
  return number >= kPowers[static_cast<size_t>(estimate)] ? estimate + 1 : estimate;
}
constexpr int Digits(U128 number) {
  return Digits(Wide{0, number});
}

// number * 10^count, which must have no more than kMostDigits digits.
constexpr Wide ShiftLeft(Wide number, int count) {
  for (; count > 38; count -= 38) number = Times(number, Power(38));
  return Times(number, Power(count));
}

// Quotient and remainder, bit by bit. The divisor must not be zero.
constexpr Wide DivideWide(const Wide& dividend, const Wide& divisor, Wide& remainder) {
  Wide quotient;
  remainder = dividend;
  for (int by = divisor.LeadingZeros() - dividend.LeadingZeros(); by >= 0; --by) {
    const Wide part = divisor << by;
    quotient = quotient << 1;
    if (remainder >= part) {
      remainder = remainder - part;
      quotient.low |= 1;
    }
  }
  return quotient;
}

}  // namespace hypervisor::dfp

#endif  // HYPERVISOR_SIE_ASSIST_DFP_DIGITS_H_
