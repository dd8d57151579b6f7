// Between long hexadecimal-floating-point numbers and binary ones (PoP: Floating-Point Support
// Instructions, "CONVERT BFP TO HFP", "CONVERT HFP TO BFP"). No IEEE exceptions.
#ifndef HYPERVISOR_SIE_ASSIST_BFP_HEXADECIMAL_H_
#define HYPERVISOR_SIE_ASSIST_BFP_HEXADECIMAL_H_

#include "hypervisor/sie/assist/bfp/conversion.h"

namespace hypervisor::bfp {

template <typename Bits>
struct ConvertedBits {
  Bits bits;
  uint8_t cc;  // 0 zero, 1 less than zero, 2 greater than zero, 3 special case
};

// Sign, characteristic (the power of 16 in excess of 64) and a fraction of 14 hexadecimal digits.
inline ConvertedBits<uint64_t> ToHexadecimal(const Number& a) {
  constexpr uint64_t kLargest = 0x7fffffffffffffff;
  const uint64_t sign = uint64_t{a.negative} << 63;
  if (a.IsNan()) return {kLargest, 3};
  if (a.kind == Kind::kInfinity) return {sign | kLargest, 3};
  if (a.kind == Kind::kZero) return {sign, 0};
  // 1.f * 2^e is 0.1f * 2^(e + 1); that exponent is raised to a multiple of four.
  const int exponent = a.exponent + 1;
  const int raised = (exponent + 3) & ~3;
  const auto fraction = static_cast<uint64_t>(a.significand >> (128 - 56) >> (raised - exponent));
  const int characteristic = raised / 4 + 64;
  if (characteristic > 127) return {sign | kLargest, 3};
  const auto cc = static_cast<uint8_t>(a.negative ? 1 : 2);
  if (characteristic < 0) return {sign, cc};
  return {sign | static_cast<uint64_t>(characteristic) << 56 | fraction, cc};
}

template <typename F>
ConvertedBits<typename F::Bits> FromHexadecimal(uint64_t bits, Rounding rounding) {
  const bool negative = bits >> 63 != 0;
  const uint64_t fraction = bits & 0xffffffffffffff;
  if (fraction == 0) return {ZeroOf<F>(negative), 0};
  const int characteristic = static_cast<int>(bits >> 56 & 0x7f);
  // The fraction's leftmost bit stands for 2^-1.
  const Exact exact{negative, (characteristic - 64) * 4 - 1, {U128{fraction} << (128 - 56), 0}};
  Environment environment;
  environment.rounding = rounding;
  const auto result = Round<F>(exact.Normalized(), environment);
  return {result, static_cast<uint8_t>(environment.flags & kOverflow ? 3 : negative ? 1 : 2)};
}

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_HEXADECIMAL_H_
