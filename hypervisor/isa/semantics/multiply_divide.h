// PoP: General Instructions: MULTIPLY, MULTIPLY LOGICAL, MULTIPLY SINGLE; DIVIDE and its kin.
#ifndef HYPERVISOR_ISA_SEMANTICS_MULTIPLY_DIVIDE_H_
#define HYPERVISOR_ISA_SEMANTICS_MULTIPLY_DIVIDE_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// MULTIPLY SINGLE, MULTIPLY HALFWORD: the rightmost half of the product. The condition code stays.
template <typename T>
struct MultiplySingle {
  using Type = T;
  static auto Of(auto&, auto a, auto b) { return a * b; }
};

// MULTIPLY LOGICAL of doublewords: the product in an even-odd pair.
struct MultiplyLogicalDoublewords {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto multiplier) {
    auto multiplicand = cpu.template Gpr<U64>(r1 | 1);
    cpu.SetGpr(r1, cpu.MultiplyHigh(multiplicand, multiplier));
    cpu.SetGpr(r1 | 1, multiplicand * multiplier);
  }
};

// MULTIPLY of doublewords: likewise, with sign.
struct MultiplyDoublewords {
  using Type = S64;
  static void Of(auto& cpu, int r1, auto a, auto b) {
    auto zero = cpu.template Constant<S64>(0);
    auto low_a = cpu.template Convert<U64>(a);
    auto low_b = cpu.template Convert<U64>(b);
    auto none = cpu.template Constant<U64>(0);
    // A negative factor was taken for one that is 2^64 more.
    auto high = cpu.MultiplyHigh(low_a, low_b) - cpu.Select(a < zero, low_b, none) -
                cpu.Select(b < zero, low_a, none);
    cpu.SetGpr(r1, high);
    cpu.SetGpr(r1 | 1, low_a * low_b);
  }
};

// MULTIPLY SINGLE that sets the condition code as ADD does.
template <typename T>
struct MultiplySingleAndTest {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto [product, overflow] = cpu.MultiplySigned(a, b);
    cpu.SetCc(cpu.Select(overflow, 3, cpu.CompareWithZero(product)));
    cpu.FixedPointOverflowIf(overflow);
    return product;
  }
};

// DIVIDE and DIVIDE LOGICAL of words: a pair's 64 bits by 32 bits. Remainder in R1, quotient in
// R1 + 1. A quotient too large is a fixed-point-divide exception, as 0 for a divisor is.
template <typename Double, typename Single>
struct DivideWords {
  using Type = Double;
  static auto Of(auto& cpu, auto dividend, auto divisor) {
    auto [quotient, remainder, invalid] = cpu.Divide(dividend, divisor);
    auto single = cpu.template Convert<Single>(quotient);
    auto too_large = cpu.template Convert<Double>(single) != quotient;
    cpu.InterruptIf(invalid | too_large, PgmCode::kFixedPointDivide);
    return cpu.template Convert<Double>(remainder) << 32 |
           cpu.template Convert<Double>(cpu.template Convert<U32>(quotient));
  }
};

// DIVIDE SINGLE: R1 + 1 by 64 bits. Remainder in R1, quotient in R1 + 1.
struct DivideSingle {
  using Type = S64;
  static void Of(auto& cpu, int r1, auto divisor) {
    auto [quotient, remainder, invalid] = cpu.Divide(cpu.template Gpr<S64>(r1 | 1), divisor);
    cpu.InterruptIf(invalid, PgmCode::kFixedPointDivide);
    if (cpu.Stopped()) return;
    cpu.SetGpr(r1, remainder);
    cpu.SetGpr(r1 | 1, quotient);
  }
};

// DIVIDE LOGICAL of doublewords: a pair's 128 bits by 64 bits.
struct DivideLogicalDoublewords {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto divisor) {
    auto [quotient, remainder, invalid] =
        cpu.DivideQuadword(cpu.template Gpr<U64>(r1), cpu.template Gpr<U64>(r1 | 1), divisor);
    cpu.InterruptIf(invalid, PgmCode::kFixedPointDivide);
    if (cpu.Stopped()) return;
    cpu.SetGpr(r1, remainder);
    cpu.SetGpr(r1 | 1, quotient);
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_MULTIPLY_DIVIDE_H_
