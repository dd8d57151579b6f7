#include "hypervisor/sie/assist/bfp/arithmetic.h"

#include <algorithm>

namespace hypervisor::bfp {

bool ExactSum(const Exact& a, const Exact& b, Exact& sum) {
  const bool a_larger =
      a.exponent != b.exponent ? a.exponent > b.exponent : a.significand >= b.significand;
  const Exact& large = a_larger ? a : b;
  const Exact& small = a_larger ? b : a;
  // One place to the right for the carry: at most 226 bits are in use. What the smaller one loses
  // beyond the rightmost bit lies far below any bit that is kept, even if they cancel: then their
  // exponents are close and nothing is lost.
  const Wide x = large.significand.ShiftRightSticky(1);
  const Wide y = small.significand.ShiftRightSticky(1).ShiftRightSticky(
      std::min(large.exponent - small.exponent, 256));
  sum.negative = large.negative;
  sum.exponent = large.exponent + 1;
  sum.significand = a.negative == b.negative ? x + y : x - y;
  if (sum.significand.IsZero()) return false;
  sum = sum.Normalized();
  return true;
}

Exact ExactProduct(const Number& a, const Number& b) {
  const Exact product{a.negative != b.negative, a.exponent + b.exponent + 1,
                      Wide::Product(a.significand, b.significand)};
  return product.Normalized();
}

Exact ExactQuotient(const Number& a, const Number& b, int precision) {
  Exact quotient{a.negative != b.negative, a.exponent - b.exponent, {}};
  if (precision <= Long::kPrecision) {
    // The operands have no more than 64 bits, and 63 behind the binary point are enough.
    const U128 dividend = a.significand >> 1;
    const auto divisor = static_cast<uint64_t>(b.significand >> 64);
    quotient.significand = {dividend / divisor << 64, dividend % divisor != 0 ? 1u : 0u};
    return quotient.Normalized();
  }
  // Bit by bit: one left of the binary point, 127 behind it.
  U128 rest = a.significand;
  U128 bits = 0;
  bool carry = false;
  for (int i = 0; i < 128; ++i) {
    bits <<= 1;
    if (carry || rest >= b.significand) {
      rest -= b.significand;
      bits |= 1;
    }
    carry = rest >> 127 != 0;
    rest <<= 1;
  }
  quotient.significand = {bits, carry || rest != 0 ? 1u : 0u};
  return quotient.Normalized();
}

Exact ExactSquareRoot(const Number& a) {
  // The exponent is made even: radicand / 2^254, from 1 up to 4, with a root from 1 up to 2.
  const bool odd = (a.exponent & 1) != 0;
  Wide radicand = Wide{a.significand, 0} >> (odd ? 0 : 1);
  const int exponent = (a.exponent - (odd ? 1 : 0)) / 2;
  // Digit by digit: two bits of the radicand give one of the root.
  U128 root = 0;
  Wide rest;
  for (int i = 0; i < 128; ++i) {
    rest = rest << 2;
    rest.low |= radicand.high >> 126;
    radicand = radicand << 2;
    const Wide trial = Wide{root >> 126, root << 2 | 1};
    root <<= 1;
    if (rest >= trial) {
      rest = rest - trial;
      root |= 1;
    }
  }
  return Exact{false, exponent, {root, rest.IsZero() ? 0u : 1u}}.Normalized();
}

}  // namespace hypervisor::bfp
