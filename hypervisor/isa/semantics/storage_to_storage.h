// PoP: General Instructions on two operands of up to 256 bytes of storage. EXECUTE may modify their
// length, which is why it is a value.
#ifndef HYPERVISOR_ISA_SEMANTICS_STORAGE_TO_STORAGE_H_
#define HYPERVISOR_ISA_SEMANTICS_STORAGE_TO_STORAGE_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// How many bytes the length code stands for.
struct Length1 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.OperandLength(insn.l1);
  }
};

struct MoveCharacters {
  using Type = U64;
  static void Of(auto& cpu, auto first, int b1, auto second, int b2, auto length) {
    cpu.MoveStorage(first, b1, second, b2, length);
  }
};

// AND, OR, EXCLUSIVE OR. CC 0 all results are zeros, 1 not.
template <Update kUpdate>
struct CombineCharacters {
  using Type = U64;
  static void Of(auto& cpu, auto first, int b1, auto second, int b2, auto length) {
    auto all = cpu.CombineStorage(kUpdate, first, b1, second, b2, length);
    if (cpu.Stopped()) return;
    cpu.SetCc(cpu.template Convert<U8>(all != cpu.template Constant<U64>(0)));
  }
};

// CC 0 equal, 1 first low, 2 first high.
struct CompareCharacters {
  using Type = U64;
  static void Of(auto& cpu, auto first, int b1, auto second, int b2, auto length) {
    auto [a, b] = cpu.CompareStorage(first, b1, second, b2, length);
    if (cpu.Stopped()) return;
    cpu.SetCc(cpu.Compare(a, b));
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_STORAGE_TO_STORAGE_H_
