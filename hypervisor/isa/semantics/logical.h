// PoP: General Instructions: AND, OR, EXCLUSIVE OR, TEST UNDER MASK, FIND LEFTMOST ONE, POPULATION
// COUNT.
#ifndef HYPERVISOR_ISA_SEMANTICS_LOGICAL_H_
#define HYPERVISOR_ISA_SEMANTICS_LOGICAL_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// CC 0 zero, 1 not zero.
template <typename T>
auto CcOfBits(auto& cpu, auto result) {
  return cpu.template Convert<U8>(result != cpu.template Constant<T>(0));
}

template <typename T>
struct And {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = a & b;
    cpu.SetCc(CcOfBits<T>(cpu, result));
    return result;
  }
};

template <typename T>
struct Or {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = a | b;
    cpu.SetCc(CcOfBits<T>(cpu, result));
    return result;
  }
};

template <typename T>
struct ExclusiveOr {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = a ^ b;
    cpu.SetCc(CcOfBits<T>(cpu, result));
    return result;
  }
};

// NAND, NOR, NOT EXCLUSIVE OR, AND WITH COMPLEMENT, OR WITH COMPLEMENT. CC as AND.
template <typename T>
struct Nand {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = ~(a & b);
    cpu.SetCc(CcOfBits<T>(cpu, result));
    return result;
  }
};
template <typename T>
struct Nor {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = ~(a | b);
    cpu.SetCc(CcOfBits<T>(cpu, result));
    return result;
  }
};
template <typename T>
struct NotExclusiveOr {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) { return ExclusiveOr<T>::Of(cpu, a, ~b); }
};
template <typename T>
struct AndWithComplement {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) { return And<T>::Of(cpu, a, ~b); }
};
template <typename T>
struct OrWithComplement {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) { return Or<T>::Of(cpu, a, ~b); }
};

// AND IMMEDIATE, OR IMMEDIATE and INSERT IMMEDIATE of a halfword: kShift says how far left in R1 it
// belongs.
template <int kShift>
struct AndHalfword {
  using Type = U64;
  static auto Of(auto& cpu, auto a, auto b) {
    auto bits = cpu.template Constant<U64>(U64{0xffff} << kShift);
    auto result = a & (b << kShift | ~bits);
    cpu.SetCc(CcOfBits<U64>(cpu, result & bits));
    return result;
  }
};
template <int kShift>
struct OrHalfword {
  using Type = U64;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = a | b << kShift;
    cpu.SetCc(CcOfBits<U64>(cpu, result & cpu.template Constant<U64>(U64{0xffff} << kShift)));
    return result;
  }
};
template <int kShift>
struct InsertHalfword {
  using Type = U64;
  static auto Of(auto& cpu, auto a, auto b) {
    return (a & cpu.template Constant<U64>(~(U64{0xffff} << kShift))) | b << kShift;
  }
};
// LOAD LOGICAL IMMEDIATE
template <int kShift>
struct ShiftedImmediate {
  using Type = U64;
  static auto Of(auto&, auto a) { return a << kShift; }
};

// TEST UNDER MASK of a byte. CC 0 all selected bits zero, or none selected; 1 mixed; 3 all ones.
struct TestUnderMask {
  using Type = U8;
  static void Of(auto& cpu, auto byte, auto mask) {
    auto selected = byte & mask;
    auto none = selected == cpu.template Constant<U8>(0);
    cpu.SetCc(cpu.Select(none, 0, cpu.Select(selected == mask, 3, 1)));
  }
};

// TEST UNDER MASK of 16 bits of a register. Mixed is CC 1 or 2, as the leftmost selected bit is.
template <int kShift>
struct TestHalfwordUnderMask {
  using Type = U64;
  static void Of(auto& cpu, auto a, auto mask) {
    auto zero = cpu.template Constant<U64>(0);
    auto selected = a >> kShift & mask;
    // The leftmost selected bit is one if what is selected has as many bits as the mask.
    auto leftmost = selected > (mask ^ selected);
    auto mixed = cpu.Select(leftmost, 2, 1);
    cpu.SetCc(cpu.Select(selected == zero, 0, cpu.Select(selected == mask, 3, mixed)));
  }
};

// FIND LEFTMOST ONE: its number in R1, the operand without it in R1 + 1. CC 0 none found, 2 found.
struct FindLeftmostOne {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto a) {
    auto zeros = cpu.CountLeadingZeros(a);
    auto one = cpu.template Constant<U64>(U64{1} << 63) >> cpu.template Convert<U32>(zeros);
    cpu.SetCc(cpu.Select(a == cpu.template Constant<U64>(0), 0, 2));
    cpu.SetGpr(r1, zeros);
    cpu.SetGpr(r1 | 1, a & ~one);
  }
};

// POPULATION COUNT: the ones of each byte in its place; or, if M3 and the
// miscellaneous-instruction- extensions facility 3 say so, of all bytes. CC 0 zero, 1 not zero.
struct PopulationCount {
  using Type = U64;
  static auto Of(auto& cpu, auto a, int m3) {
    auto pairs = cpu.template Constant<U64>(0x5555555555555555);
    auto nibbles = cpu.template Constant<U64>(0x3333333333333333);
    auto bytes = cpu.template Constant<U64>(0x0f0f0f0f0f0f0f0f);
    auto of_pairs = a - (a >> 1 & pairs);
    auto of_nibbles = (of_pairs & nibbles) + (of_pairs >> 2 & nibbles);
    auto of_bytes = (of_nibbles + (of_nibbles >> 4)) & bytes;
    auto sum = of_bytes * cpu.template Constant<U64>(0x0101010101010101) >> 56;
    const bool all = (m3 & 8) && cpu.facilities().Has(Facility::kMiscInstructions3);
    auto result = all ? sum : of_bytes;
    cpu.SetCc(CcOfBits<U64>(cpu, result));
    return result;
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_LOGICAL_H_
