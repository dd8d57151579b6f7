// Operands in floating-point registers, and the instructions that move them without a look at their
// value (PoP: Floating-Point Overview and Support Instructions).
#ifndef HYPERVISOR_ISA_SEMANTICS_FLOATING_POINT_H_
#define HYPERVISOR_ISA_SEMANTICS_FLOATING_POINT_H_

#include "hypervisor/arch/interruption.h"
#include "hypervisor/isa/semantics/operands.h"
#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// Registers other than 0, 2, 4 and 6 need the AFP-register control.
void CheckAfpRegister(auto& cpu, int r) {
  if ((r & 9) != 0 && !cpu.AfpOn()) {
    cpu.DataExceptionIf(cpu.template Constant<bool>(true), kDxcAfpRegister);
  }
}

// F1, F2, F3: the register as a long number. E1, E2: as a short one, its leftmost 32 bits.
#define FLOATING_POINT_OPERAND(name, field)                                               \
  struct F##name {                                                                        \
    static void Check(auto& cpu, const Insn& insn) { CheckAfpRegister(cpu, insn.field); } \
    template <typename T>                                                                 \
    static auto Read(auto& cpu, const Insn& insn) {                                       \
      CheckAfpRegister(cpu, insn.field);                                                  \
      return cpu.Fpr(insn.field);                                                         \
    }                                                                                     \
    template <typename T>                                                                 \
    static void Write(auto& cpu, const Insn& insn, auto value) {                          \
      cpu.SetFpr(insn.field, value);                                                      \
    }                                                                                     \
  };                                                                                      \
  struct E##name {                                                                        \
    static void Check(auto& cpu, const Insn& insn) { CheckAfpRegister(cpu, insn.field); } \
    template <typename T>                                                                 \
    static auto Read(auto& cpu, const Insn& insn) {                                       \
      CheckAfpRegister(cpu, insn.field);                                                  \
      return cpu.FprHigh(insn.field);                                                     \
    }                                                                                     \
    template <typename T>                                                                 \
    static void Write(auto& cpu, const Insn& insn, auto value) {                          \
      cpu.SetFprHigh(insn.field, value);                                                  \
    }                                                                                     \
  };
FLOATING_POINT_OPERAND(1, r1)
FLOATING_POINT_OPERAND(2, r2)
FLOATING_POINT_OPERAND(3, r3)
#undef FLOATING_POINT_OPERAND

// LOAD ZERO.
template <typename T>
struct Zero {
  using Type = T;
  static auto Of(auto& cpu) { return cpu.template Constant<T>(0); }
};

// LOAD LENGTHENED of a short hexadecimal number: the same, with zeros in its right half.
struct WithZerosOnTheRight {
  using Type = U64;
  static auto Of(auto& cpu, auto a) { return cpu.template Convert<U64>(a) << 32; }
};

inline constexpr U64 kSignBit = U64{1} << 63;

// LOAD POSITIVE, LOAD NEGATIVE, LOAD COMPLEMENT and COPY SIGN: no exceptions, no condition code.
struct WithPositiveSign {
  using Type = U64;
  static auto Of(auto& cpu, auto a) { return a & cpu.template Constant<U64>(~kSignBit); }
};
struct WithNegativeSign {
  using Type = U64;
  static auto Of(auto& cpu, auto a) { return a | cpu.template Constant<U64>(kSignBit); }
};
struct WithOppositeSign {
  using Type = U64;
  static auto Of(auto& cpu, auto a) { return a ^ cpu.template Constant<U64>(kSignBit); }
};
struct WithSignOf {
  using Type = U64;
  static auto Of(auto& cpu, auto sign, auto value) {
    return (value & cpu.template Constant<U64>(~kSignBit)) |
           (sign & cpu.template Constant<U64>(kSignBit));
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_FLOATING_POINT_H_
