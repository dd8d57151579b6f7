// PoP: General Instructions: COMPARE AND SWAP, LOAD AND ADD and its kin, TEST AND SET, and the
// immediate instructions that update storage.
#ifndef HYPERVISOR_ISA_SEMANTICS_INTERLOCKED_H_
#define HYPERVISOR_ISA_SEMANTICS_INTERLOCKED_H_

#include "hypervisor/isa/semantics/arithmetic.h"
#include "hypervisor/isa/semantics/logical.h"
#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// COMPARE AND SWAP. CC 0 equal, second operand replaced by the third; 1 unequal, first by the
// second. If equal, the first operand is what storage had.
template <typename T>
struct CompareAndSwap {
  using Type = T;
  static auto Of(auto& cpu, auto expected, auto replacement, auto address, int b2) {
    auto old = cpu.template CompareAndSwapStorage<T>(address, b2, expected, replacement);
    if (!cpu.Stopped()) cpu.SetCc(cpu.Select(old == expected, 0, 1));
    return old;
  }
};

// COMPARE DOUBLE AND SWAP of doublewords
struct CompareDoubleAndSwapLong {
  using Type = U64;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    auto high = cpu.template Gpr<U64>(r1);
    auto low = cpu.template Gpr<U64>(r1 | 1);
    auto [old_high, old_low] = cpu.CompareAndSwapQuadword(
        address, b2, high, low, cpu.template Gpr<U64>(r3), cpu.template Gpr<U64>(r3 | 1));
    if (cpu.Stopped()) return;
    cpu.SetCc(cpu.Select((old_high == high) & (old_low == low), 0, 1));
    cpu.SetGpr(r1, old_high);
    cpu.SetGpr(r1 | 1, old_low);
  }
};

// TEST AND SET: the byte becomes all ones. CC is its leftmost bit.
struct TestAndSet {
  using Type = U8;
  static void Of(auto& cpu, auto address, int b2) {
    auto old =
        cpu.template UpdateStorage<U8>(Update::kOr, address, b2, cpu.template Constant<U8>(0xff));
    if (!cpu.Stopped()) cpu.SetCc(old >> 7);
  }
};

// Semantics of an update: Of(cpu, old, operand) sets the CC as the instruction of that name does.
template <typename Operation>
struct UpdateOf;
template <typename T>
struct UpdateOf<Add<T>> {
  static constexpr Update kUpdate = Update::kAdd;
};
template <typename T>
struct UpdateOf<AddLogical<T>> {
  static constexpr Update kUpdate = Update::kAdd;
};
template <typename T>
struct UpdateOf<And<T>> {
  static constexpr Update kUpdate = Update::kAnd;
};
template <typename T>
struct UpdateOf<Or<T>> {
  static constexpr Update kUpdate = Update::kOr;
};
template <typename T>
struct UpdateOf<ExclusiveOr<T>> {
  static constexpr Update kUpdate = Update::kExclusiveOr;
};

// ADD IMMEDIATE, AND IMMEDIATE ... of storage: interlocked if the operand is aligned.
template <typename Operation>
struct UpdateBy {
  using Type = typename Operation::Type;
  static void Of(auto& cpu, auto address, int base, auto operand) {
    auto old =
        cpu.template UpdateStorage<Type>(UpdateOf<Operation>::kUpdate, address, base, operand);
    if (cpu.Stopped()) return;
    Operation::Of(cpu, old, operand);
  }
};

// LOAD AND ADD, LOAD AND AND ...: always aligned; R1 gets what storage had.
template <typename Operation>
struct LoadAnd {
  using Type = typename Operation::Type;
  static auto Of(auto& cpu, auto operand, auto address, int b2) {
    cpu.template RequireBoundary<Type>(address);
    auto old = cpu.template UpdateStorage<Type>(UpdateOf<Operation>::kUpdate, address, b2, operand);
    if (!cpu.Stopped()) Operation::Of(cpu, old, operand);
    return old;
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_INTERLOCKED_H_
