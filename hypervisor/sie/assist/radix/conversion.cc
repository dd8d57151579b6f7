#include "hypervisor/sie/assist/radix/conversion.h"

#include <algorithm>
#include <cstdlib>

#include "hypervisor/sie/assist/radix/natural.h"

namespace hypervisor::radix {
namespace {

constexpr int kFivesInLimb = 27;
constexpr int kTensInLimb = 19;
constexpr uint64_t Power(uint64_t base, int exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= base;
  return power;
}

U128 Reversed(U128 bits) {
  U128 reversed = 0;
  for (int i = 0; i < 128; ++i) reversed |= (bits >> i & 1) << (127 - i);
  return reversed;
}

// Of numbers with larger exponents only the leftmost 650 bits are calculated: the rest would take
// milliseconds. None of them has an exact equivalent of the other radix that a format holds. What
// is lost on the way is less than one part in 2^600.
constexpr int kLargestExact = 512;
constexpr int kWorkingBits = 896;  // of which steps to the right lose up to 241

// A coefficient of 56 to 76 digits.
dfp::Exact Shorten(Natural number, bool negative, int exponent) {
  dfp::Exact decimal{negative, exponent, {}, false};
  // 252 bits have 75 digits or more, and 56 are left when that many are exceeded.
  while (number.BitLength() > 252) {
    if (number.Divide(Power(10, kTensInLimb)) != 0) decimal.more = true;
    decimal.exponent += kTensInLimb;
  }
  decimal.coefficient = number.Value();
  return decimal;
}

dfp::Exact ExactDecimal(U128 significand, int exponent, bool negative) {
  Natural number(significand);
  if (exponent >= 0) {
    number.ShiftLeft(exponent);
    return Shorten(number, negative, 0);
  }
  // s * 2^-n is s * 5^n * 10^-n.
  for (int fives = -exponent; fives > 0; fives -= kFivesInLimb) {
    number.Multiply(Power(5, std::min(fives, kFivesInLimb)));
  }
  return Shorten(number, negative, exponent);
}

// False if 400 bits don't tell the digits.
bool FindDecimal(U128 significand, int exponent, bool negative, dfp::Exact& decimal) {
  Natural number(significand);
  number.ShiftLeft(kWorkingBits);
  exponent -= kWorkingBits;
  int tens = 0;
  for (; exponent >= 64; exponent -= 64) {
    number.ShiftLeft(64);
    number.Divide(Power(10, kTensInLimb));
    tens += kTensInLimb;
  }
  for (; exponent <= -64; exponent += 64) {
    number.Multiply(Power(10, kTensInLimb));
    number.Drop64Bits();
    tens -= kTensInLimb;
  }
  if (exponent >= 0) {
    number.ShiftLeft(exponent);
  } else {
    number.ShiftLeft(64 + exponent);
    number.Drop64Bits();
  }
  decimal = Shorten(number, negative, tens);
  decimal.more = true;
  const dfp::Exact above = Shorten(number.Above(), negative, tens);
  return decimal.coefficient == above.coefficient && decimal.exponent == above.exponent;
}

bfp::Exact WithLeading(const Natural& number, bool negative, int exponent, bool more) {
  bfp::Exact binary{negative, exponent + number.BitLength() - 1, number.Leading()};
  if (more) binary.significand.low |= 1;
  return binary;
}

bfp::Exact ExactBinary(const dfp::Number& decimal) {
  Natural number(decimal.coefficient);
  int exponent = decimal.exponent;
  bool more = false;
  for (int fives = decimal.exponent; fives > 0; fives -= kFivesInLimb) {
    number.Multiply(Power(5, std::min(fives, kFivesInLimb)));
  }
  if (decimal.exponent < 0) {
    // So far to the left that 256 bits are left of what a division by 5^n takes, less than 7/3 bits
    // a power.
    const int shift = 264 - decimal.exponent * 7 / 3;
    number.ShiftLeft(shift);
    exponent -= shift;
    for (int fives = -decimal.exponent; fives > 0; fives -= kFivesInLimb) {
      if (number.Divide(Power(5, std::min(fives, kFivesInLimb))) != 0) more = true;
    }
  }
  return WithLeading(number, decimal.negative, exponent, more);
}

// Of a number with a negative exponent; false if 400 bits don't tell.
bool FindBinary(const dfp::Number& decimal, bfp::Exact& binary) {
  Natural number(decimal.coefficient);
  number.ShiftLeft(kWorkingBits);
  int exponent = decimal.exponent - kWorkingBits;
  for (int fives = -decimal.exponent; fives > 0; fives -= kFivesInLimb) {
    number.ShiftLeft(64);
    exponent -= 64;
    number.Divide(Power(5, std::min(fives, kFivesInLimb)));
  }
  binary = WithLeading(number, decimal.negative, exponent, true);
  const bfp::Exact above = WithLeading(number.Above(), decimal.negative, exponent, true);
  return binary.significand == above.significand && binary.exponent == above.exponent;
}

}  // namespace

dfp::Exact ToDecimal(const bfp::Exact& binary) {
  // An integer times a power of two.
  U128 significand = binary.significand.high;
  int exponent = binary.exponent - 127;
  for (; (significand & 1) == 0; ++exponent) significand >>= 1;
  dfp::Exact decimal;
  if (std::abs(exponent) > kLargestExact &&
      FindDecimal(significand, exponent, binary.negative, decimal)) {
    return decimal;
  }
  return ExactDecimal(significand, exponent, binary.negative);
}

bfp::Exact ToBinary(const dfp::Number& decimal) {
  bfp::Exact binary;
  if (decimal.exponent < -kLargestExact && FindBinary(decimal, binary)) return binary;
  return ExactBinary(decimal);
}

U128 DecimalPayload(const bfp::Number& nan) {
  // Behind the bit that is not used and the one that makes it quiet.
  return Reversed(nan.significand << 2);
}

U128 BinaryPayload(U128 decimal) {
  return Reversed(decimal) >> 2;
}

}  // namespace hypervisor::radix
