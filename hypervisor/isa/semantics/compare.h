// PoP: General Instructions: COMPARE and COMPARE LOGICAL, with what branches or traps on their
// result.
#ifndef HYPERVISOR_ISA_SEMANTICS_COMPARE_H_
#define HYPERVISOR_ISA_SEMANTICS_COMPARE_H_

#include <bit>

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// COMPARE, COMPARE LOGICAL. CC 0 equal, 1 first operand low, 2 first operand high.
template <typename T>
struct Compare {
  using Type = T;
  static void Of(auto& cpu, auto a, auto b) { cpu.SetCc(cpu.Compare(a, b)); }
};

// Whether a and b stand in a relation that `mask` names: 8 equal, 4 first low, 2 first high.
template <typename T>
auto InRelation(auto& cpu, int mask, auto a, auto b) {
  switch (mask & 14) {
    case 2:
      return a > b;
    case 4:
      return a < b;
    case 6:
      return a != b;
    case 8:
      return a == b;
    case 10:
      return a >= b;
    case 12:
      return a <= b;
    default:
      return cpu.template Constant<bool>((mask & 14) != 0);
  }
}

// COMPARE AND BRANCH, COMPARE LOGICAL AND BRANCH, relative or not.
template <typename T>
struct CompareAndBranch {
  using Type = T;
  static void Of(auto& cpu, auto a, auto b, int mask, auto target) {
    cpu.BranchIf(InRelation<T>(cpu, mask, a, b), target);
  }
};

// COMPARE AND TRAP, COMPARE LOGICAL AND TRAP
template <typename T>
struct CompareAndTrap {
  using Type = T;
  static void Of(auto& cpu, auto a, auto b, int mask) {
    cpu.DataExceptionIf(InRelation<T>(cpu, mask, a, b), kDxcCompareAndTrap);
  }
};

// COMPARE LOGICAL CHARACTERS UNDER MASK: kShift is 0 for the right half of R1, 32 for the left.
template <int kShift>
struct CompareCharactersUnderMask {
  using Type = U32;
  static void Of(auto& cpu, int r1, int mask, auto address, int b2) {
    const int count = std::popcount(static_cast<unsigned>(mask));
    // Access exceptions are recognized for one byte even if none is compared.
    auto bytes = cpu.template LoadSuccessive<U8>(address, b2, count == 0 ? 1 : count);
    if (cpu.Stopped()) return;
    auto source = cpu.template Convert<U32>(cpu.template Gpr<U64>(r1) >> kShift);
    auto first = cpu.template Constant<U32>(0);
    auto second = first;
    for (int i = 0, taken = 0; i < 4; ++i) {
      if (!(mask & 8 >> i)) continue;
      first = first << 8 | (source >> (24 - 8 * i) & cpu.template Constant<U32>(0xff));
      second = second << 8 | cpu.template Convert<U32>(bytes[taken++]);
    }
    cpu.SetCc(cpu.Compare(first, second));
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_COMPARE_H_
