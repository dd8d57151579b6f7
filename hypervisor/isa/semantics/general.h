// PoP: General Instructions.
#ifndef HYPERVISOR_ISA_SEMANTICS_GENERAL_H_
#define HYPERVISOR_ISA_SEMANTICS_GENERAL_H_

#include "hypervisor/isa/semantics/operands.h"
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

// LOAD, STORE and everything else that moves a value as it is.
template <typename T>
struct Copy {
  using Type = T;
  static auto Of(auto&, auto a) { return a; }
};

// EXCLUSIVE OR. CC 0 zero, 1 not zero.
template <typename T>
struct ExclusiveOr {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b) {
    auto result = a ^ b;
    cpu.SetCc(cpu.Select(result == cpu.template Constant<T>(0), 0, 1));
    return result;
  }
};

struct BranchOnCondition {
  using Type = U64;
  static void Of(auto& cpu, int mask, auto target) { cpu.BranchIf(cpu.CcIn(mask), target); }
};

// R2 0 never branches; BCR 15,0 and 14,0 serialize.
struct BranchOnConditionRegister {
  using Type = U64;
  static void Of(auto& cpu, int mask, int r2) {
    if (r2 != 0) {
      cpu.BranchIf(cpu.CcIn(mask), cpu.Wrap(cpu.template Gpr<U64>(r2)));
    } else if (mask >= 14) {
      cpu.Serialize();
    }
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_GENERAL_H_
