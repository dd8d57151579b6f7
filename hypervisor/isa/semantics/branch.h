// PoP: General Instructions: BRANCH, and SET ADDRESSING MODE.
#ifndef HYPERVISOR_ISA_SEMANTICS_BRANCH_H_
#define HYPERVISOR_ISA_SEMANTICS_BRANCH_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

struct BranchOnCondition {
  using Type = U64;
  static void Of(auto& cpu, int mask, auto target) { cpu.BranchIf(cpu.CcIn(mask), target); }
};

// BRANCH INDIRECT ON CONDITION: storage has the branch address.
struct BranchIndirectOnCondition {
  using Type = U64;
  static void Of(auto& cpu, int mask, auto target) {
    cpu.BranchIf(cpu.CcIn(mask), cpu.Wrap(target));
  }
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

// What BRANCH AND SAVE leaves in R1: where the next instruction is, with the mode but for 24 bits.
void SetSaveInformation(auto& cpu, int r1) {
  auto next = cpu.NextAddress();
  if (cpu.Mode64()) {
    cpu.SetGpr(r1, next);
  } else {
    auto mode = cpu.template Constant<U32>(cpu.Mode31() ? 0x80000000 : 0);
    cpu.SetGpr(r1, cpu.template Convert<U32>(next) | mode);
  }
}

// BRANCH AND LINK's is the same but for 24 bits, where length, CC and program mask stand before the
// address.
void SetLinkInformation(auto& cpu, int r1) {
  if (cpu.Mode64() || cpu.Mode31()) return SetSaveInformation(cpu, r1);
  auto length = cpu.template Constant<U32>(static_cast<U32>(cpu.InstructionLength() / 2));
  cpu.SetGpr(r1, length << 30 | cpu.template Convert<U32>(cpu.Cc()) << 28 |
                     cpu.template Convert<U32>(cpu.ProgramMask()) << 24 |
                     cpu.template Convert<U32>(cpu.NextAddress()));
}

struct BranchAndLink {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto target) {
    SetLinkInformation(cpu, r1);
    cpu.BranchIf(cpu.template Constant<bool>(true), target);
  }
};
struct BranchAndSave {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto target) {
    SetSaveInformation(cpu, r1);
    cpu.BranchIf(cpu.template Constant<bool>(true), target);
  }
};

// The register forms take the branch address before R1 changes; R2 0 only links.
struct BranchAndLinkRegister {
  using Type = U64;
  static void Of(auto& cpu, int r1, int r2) {
    auto target = cpu.Wrap(cpu.template Gpr<U64>(r2));
    SetLinkInformation(cpu, r1);
    if (r2 != 0) cpu.BranchIf(cpu.template Constant<bool>(true), target);
  }
};
struct BranchAndSaveRegister {
  using Type = U64;
  static void Of(auto& cpu, int r1, int r2) {
    auto target = cpu.Wrap(cpu.template Gpr<U64>(r2));
    SetSaveInformation(cpu, r1);
    if (r2 != 0) cpu.BranchIf(cpu.template Constant<bool>(true), target);
  }
};

// BRANCH AND SAVE AND SET MODE
struct BranchAndSaveAndSetMode {
  using Type = U64;
  static void Of(auto& cpu, int r1, int r2) {
    auto target = cpu.template Gpr<U64>(r2);
    SetSaveInformation(cpu, r1);
    if (cpu.Mode64()) cpu.SetGpr(r1, cpu.NextAddress() | cpu.template Constant<U64>(1));
    if (r2 != 0) cpu.BranchAndSetMode(target);
  }
};

// BRANCH AND SET MODE: R1, unless it is register 0, keeps its address and gets the mode.
struct BranchAndSetMode {
  using Type = U64;
  static void Of(auto& cpu, int r1, int r2) {
    auto target = cpu.template Gpr<U64>(r2);
    if (r1 != 0) {
      auto a = cpu.template Gpr<U64>(r1);
      if (cpu.Mode64()) {
        cpu.SetGpr(r1, a | cpu.template Constant<U64>(1));
      } else {
        auto mode = cpu.template Constant<U64>(0x80000000);
        cpu.SetGpr(r1, cpu.Mode31() ? a | mode : a & ~mode);
      }
    }
    if (r2 != 0) cpu.BranchAndSetMode(target);
  }
};

// BRANCH ON COUNT, relative or not. The count is T wide.
template <typename T>
struct BranchOnCount {
  using Type = T;
  static auto Of(auto& cpu, auto count, auto target) {
    auto left = count - cpu.template Constant<T>(1);
    cpu.BranchIf(left != cpu.template Constant<T>(0), target);
    return left;
  }
};
// The register form only counts if R2 is 0.
template <typename T>
struct BranchOnCountRegister {
  using Type = T;
  static auto Of(auto& cpu, auto count, int r2) {
    if (r2 == 0) return count - cpu.template Constant<T>(1);
    return BranchOnCount<T>::Of(cpu, count, cpu.Wrap(cpu.template Gpr<U64>(r2)));
  }
};

// BRANCH ON INDEX: R1 grows by R3 and is compared with R3, or R3 + 1 if R3 is even, as it was
// before.
template <typename T>
struct BranchOnIndexHigh {
  using Type = T;
  static auto Of(auto& cpu, auto index, auto increment, int r3, auto target) {
    auto comparand = cpu.template Gpr<T>(r3 | 1);
    auto sum = index + increment;
    cpu.BranchIf(sum > comparand, target);
    return sum;
  }
};
template <typename T>
struct BranchOnIndexLowOrEqual {
  using Type = T;
  static auto Of(auto& cpu, auto index, auto increment, int r3, auto target) {
    auto comparand = cpu.template Gpr<T>(r3 | 1);
    auto sum = index + increment;
    cpu.BranchIf(sum <= comparand, target);
    return sum;
  }
};

// TEST ADDRESSING MODE. CC 0 24 bits, 1 31 bits, 3 64 bits.
struct TestAddressingMode {
  using Type = U64;
  static void Of(auto& cpu) { cpu.SetCc(cpu.Mode64() ? 3 : cpu.Mode31() ? 1 : 0); }
};

// SET ADDRESSING MODE: not where the instruction itself could not be addressed any more.
template <AddressingMode kMode>
struct SetAddressingMode {
  using Type = U64;
  static void Of(auto& cpu) {
    constexpr U64 kMask = kMode == AddressingMode::k24   ? 0xffffff
                          : kMode == AddressingMode::k31 ? 0x7fffffff
                                                         : ~U64{0};
    auto beyond = cpu.InstructionAddress() & cpu.template Constant<U64>(~kMask);
    cpu.SpecificationIf(beyond != cpu.template Constant<U64>(0));
    if (cpu.Stopped()) return;
    cpu.SetAddressingMode(kMode);
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_BRANCH_H_
