// Random operands that reach the corners: exponents near each other, near the bounds, significands
// of few or many ones.
#ifndef TESTS_HYPERVISOR_SIE_ASSIST_BFP_RANDOM_NUMBERS_H_
#define TESTS_HYPERVISOR_SIE_ASSIST_BFP_RANDOM_NUMBERS_H_

#include <random>

#include "hypervisor/sie/assist/bfp/format.h"

namespace hypervisor::bfp {

template <typename F>
class RandomNumbers {
 public:
  using Bits = typename F::Bits;

  explicit RandomNumbers(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t limit) { return random_() % limit; }

  // Any finite number or zero.
  Bits Finite() {
    constexpr uint64_t kExponents = 2 * F::kBias + 1;
    uint64_t biased = 0;
    switch (Below(8)) {
      case 0:
        biased = Below(3);  // subnormal numbers and the least normal ones
        break;
      case 1:
        biased = kExponents - 1 - Below(3);
        break;
      case 2:
      case 3:
      case 4:
        biased = F::kBias - F::kPrecision + Below(2 * F::kPrecision);
        break;
      case 5:
        biased = F::kPrecision + Below(3);
        break;
      default:
        biased = Below(kExponents);
        break;
    }
    return static_cast<Bits>(Below(2)) << (F::kWidth - 1) |
           static_cast<Bits>(biased) << F::kFractionBits | Fraction();
  }
  // A number of about the same magnitude, so that differences cancel.
  Bits Near(Bits bits) {
    const auto step = static_cast<Bits>(Below(5));
    Bits near = (bits & F::kInfinity) == 0 ? bits + step : bits - step;
    if (Below(4) == 0) near = (near & ~F::kFraction) | Fraction();
    if (Below(2)) near ^= F::kSign;
    return (near & F::kInfinity) == F::kInfinity ? bits : near;
  }

 private:
  Bits Fraction() {
    Bits fraction = static_cast<Bits>(random_());
    if constexpr (sizeof(Bits) == 16) fraction = fraction << 64 | random_();
    switch (Below(6)) {
      case 0:
        fraction = Bits{1} << Below(F::kFractionBits);
        break;
      case 1:
        fraction = ~(Bits{1} << Below(F::kFractionBits));
        break;
      case 2:
        fraction = ~Bits{0} << Below(F::kFractionBits);
        break;
      case 3:
        fraction = static_cast<Bits>(Below(4));
        break;
      default:
        break;
    }
    return fraction & F::kFraction;
  }

  std::mt19937_64 random_;
};

}  // namespace hypervisor::bfp

#endif  // TESTS_HYPERVISOR_SIE_ASSIST_BFP_RANDOM_NUMBERS_H_
