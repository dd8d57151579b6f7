// PoP: General Instructions: ADD to SUBTRACT LOGICAL WITH BORROW, LOAD COMPLEMENT and its kin.
#ifndef HYPERVISOR_ISA_SEMANTICS_ARITHMETIC_H_
#define HYPERVISOR_ISA_SEMANTICS_ARITHMETIC_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// ADD. CC 0 zero, 1 less than zero, 2 greater than zero, 3 overflow.
template <typename T>
struct Add {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto [sum, overflow] = cpu.AddSigned(a, b);
    cpu.SetCc(cpu.Select(overflow, 3, cpu.CompareWithZero(sum)));
    cpu.FixedPointOverflowIf(overflow);
    return sum;
  }
};

// SUBTRACT. CC as ADD.
template <typename T>
struct Subtract {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto [difference, overflow] = cpu.SubtractSigned(a, b);
    cpu.SetCc(cpu.Select(overflow, 3, cpu.CompareWithZero(difference)));
    cpu.FixedPointOverflowIf(overflow);
    return difference;
  }
};

// The condition code of the logical ones: 0 zero, 1 not zero, both without carry; 2 zero, 3 not
// zero, both with carry. No borrow is a carry.
template <typename T>
auto CcOfCarry(auto& cpu, auto result, auto carry) {
  return cpu.template Convert<U8>(result != cpu.template Constant<T>(0)) |
         cpu.template Convert<U8>(carry) << 1;
}

// ADD LOGICAL
template <typename T>
struct AddLogical {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto sum = a + b;
    cpu.SetCc(CcOfCarry<T>(cpu, sum, sum < a));
    return sum;
  }
};

// ADD LOGICAL WITH SIGNED IMMEDIATE HIGH that leaves the condition code alone.
template <typename T>
struct AddLogicalQuietly {
  using Type = T;
  static auto Of(auto&, auto a, auto b) { return a + b; }
};

// ADD LOGICAL WITH CARRY: CC 2 and 3 carry in.
template <typename T>
struct AddLogicalWithCarry {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto partial = a + b;
    auto sum = partial + cpu.template Convert<T>(cpu.CcIn(0b0011));
    cpu.SetCc(CcOfCarry<T>(cpu, sum, (partial < a) | (sum < partial)));
    return sum;
  }
};

// SUBTRACT LOGICAL
template <typename T>
struct SubtractLogical {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto difference = a - b;
    cpu.SetCc(CcOfCarry<T>(cpu, difference, a >= b));
    return difference;
  }
};

// SUBTRACT LOGICAL WITH BORROW: CC 0 and 1 borrow.
template <typename T>
struct SubtractLogicalWithBorrow {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto borrow = cpu.template Convert<T>(cpu.CcIn(0b1100));
    auto partial = a - b;
    auto difference = partial - borrow;
    cpu.SetCc(CcOfCarry<T>(cpu, difference, (a >= b) & (partial >= borrow)));
    return difference;
  }
};

// LOAD COMPLEMENT. CC as ADD.
template <typename T>
struct LoadComplement {
  using Type = T;
  static auto Of(auto& cpu, auto a) { return Subtract<T>::Of(cpu, cpu.template Constant<T>(0), a); }
};

// LOAD POSITIVE. CC 0 zero, 2 greater than zero, 3 overflow.
template <typename T>
struct LoadPositive {
  using Type = T;
  static auto Of(auto& cpu, auto a) {
    auto zero = cpu.template Constant<T>(0);
    auto [complement, overflow] = cpu.SubtractSigned(zero, a);
    cpu.SetCc(cpu.Select(overflow, 3, cpu.Select(a == zero, 0, 2)));
    cpu.FixedPointOverflowIf(overflow);
    return cpu.Select(a < zero, complement, a);
  }
};

// LOAD NEGATIVE. CC 0 zero, 1 less than zero.
template <typename T>
struct LoadNegative {
  using Type = T;
  static auto Of(auto& cpu, auto a) {
    auto zero = cpu.template Constant<T>(0);
    cpu.SetCc(cpu.Select(a == zero, 0, 1));
    return cpu.Select(a < zero, a, zero - a);
  }
};

// LOAD AND TEST. CC 0 zero, 1 less than zero, 2 greater than zero.
template <typename T>
struct LoadAndTest {
  using Type = T;
  static auto Of(auto& cpu, auto a) {
    cpu.SetCc(cpu.CompareWithZero(a));
    return a;
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_ARITHMETIC_H_
