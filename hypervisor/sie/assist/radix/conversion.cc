#include "hypervisor/sie/assist/radix/conversion.h"

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

}  // namespace

dfp::Exact ToDecimal(const bfp::Exact& binary) {
  // An integer times a power of two.
  U128 significand = binary.significand.high;
  int exponent = binary.exponent - 127;
  for (; (significand & 1) == 0; ++exponent) significand >>= 1;
  Natural number(significand);
  dfp::Exact decimal{binary.negative, 0, {}, false};
  if (exponent >= 0) {
    number.ShiftLeft(exponent);
  } else {
    // s * 2^-n is s * 5^n * 10^-n.
    decimal.exponent = exponent;
    for (; exponent < 0; exponent += kFivesInLimb) {
      number.Multiply(Power(5, exponent > -kFivesInLimb ? -exponent : kFivesInLimb));
    }
  }
  // 252 bits have 75 digits or more, and 56 are left when that many are exceeded.
  while (number.BitLength() > 252) {
    if (number.Divide(Power(10, kTensInLimb)) != 0) decimal.more = true;
    decimal.exponent += kTensInLimb;
  }
  decimal.coefficient = number.Value();
  return decimal;
}

bfp::Exact ToBinary(const dfp::Number& decimal) {
  Natural number(decimal.coefficient);
  bfp::Exact binary{decimal.negative, decimal.exponent, {}};
  bool more = false;
  int fives = decimal.exponent;
  for (; fives > 0; fives -= kFivesInLimb) {
    number.Multiply(Power(5, fives < kFivesInLimb ? fives : kFivesInLimb));
  }
  if (fives < 0 && decimal.exponent < 0) {
    // So far to the left that 256 bits are left of what a division by 5^n takes, less than 7/3 bits
    // a power.
    const int shift = 264 - fives * 7 / 3;
    number.ShiftLeft(shift);
    binary.exponent -= shift;
    for (; fives < 0; fives += kFivesInLimb) {
      if (number.Divide(Power(5, fives > -kFivesInLimb ? -fives : kFivesInLimb)) != 0) more = true;
    }
  }
  binary.exponent += number.BitLength() - 1;
  binary.significand = number.Leading();
  if (more) binary.significand.low |= 1;
  return binary;
}

U128 DecimalPayload(const bfp::Number& nan) {
  // Behind the bit that is not used and the one that makes it quiet.
  return Reversed(nan.significand << 2);
}

U128 BinaryPayload(U128 decimal) {
  return Reversed(decimal) >> 2;
}

}  // namespace hypervisor::radix
