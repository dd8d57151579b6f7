// The operands that rows of the instruction table name. Read<T> yields a T of the row's semantics;
// an operand that states its own type, like M2_<S32>, is fetched as that and then converted.
#ifndef HYPERVISOR_ISA_SEMANTICS_OPERANDS_H_
#define HYPERVISOR_ISA_SEMANTICS_OPERANDS_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// General registers: R1, R2, R3; R1_<S32> reads the rightmost 32 bits and extends them. Writing a T
// shorter than the register leaves its other bits alone.
#define REGISTER_OPERAND(name, field)                                         \
  struct name {                                                               \
    template <typename T>                                                     \
    static auto Read(auto& cpu, const Insn& insn) {                           \
      return cpu.template Gpr<T>(insn.field);                                 \
    }                                                                         \
    template <typename T>                                                     \
    static void Write(auto& cpu, const Insn& insn, auto value) {              \
      cpu.template SetGpr<T>(insn.field, value);                              \
    }                                                                         \
  };                                                                          \
  template <typename Own>                                                     \
  struct name##_ {                                                            \
    template <typename T>                                                     \
    static auto Read(auto& cpu, const Insn& insn) {                           \
      return cpu.template Convert<T>(cpu.template Gpr<Own>(insn.field));      \
    }                                                                         \
    template <typename T>                                                     \
    static void Write(auto& cpu, const Insn& insn, auto value) {              \
      cpu.template SetGpr<Own>(insn.field, cpu.template Convert<Own>(value)); \
    }                                                                         \
  };
REGISTER_OPERAND(R1, r1)
REGISTER_OPERAND(R2, r2)
REGISTER_OPERAND(R3, r3)
#undef REGISTER_OPERAND

// The leftmost 32 bits of a general register (high-word facility).
#define HIGH_REGISTER_OPERAND(name, field)                                     \
  struct name {                                                                \
    template <typename T>                                                      \
    static auto Read(auto& cpu, const Insn& insn) {                            \
      return cpu.template Convert<T>(cpu.template Gpr<U64>(insn.field) >> 32); \
    }                                                                          \
    template <typename T>                                                      \
    static void Write(auto& cpu, const Insn& insn, auto value) {               \
      cpu.SetGprHigh(insn.field, cpu.template Convert<U32>(value));            \
    }                                                                          \
  };
HIGH_REGISTER_OPERAND(H1, r1)
HIGH_REGISTER_OPERAND(H2, r2)
HIGH_REGISTER_OPERAND(H3, r3)
#undef HIGH_REGISTER_OPERAND

// An even-odd pair whose even number the field has: as a value of 64 bits, the left 32 in the even
// register; or its odd register alone.
#define PAIR_OPERAND(name, field)                                              \
  struct Pair##name {                                                          \
    template <typename T>                                                      \
    static auto Read(auto& cpu, const Insn& insn) {                            \
      static_assert(sizeof(T) == 8);                                           \
      cpu.SpecificationIf(cpu.template Constant<bool>((insn.field & 1) != 0)); \
      return cpu.template Convert<T>(                                          \
          cpu.template Gpr<U64>(insn.field) << 32 |                            \
          cpu.template Convert<U64>(cpu.template Gpr<U32>(insn.field | 1)));   \
    }                                                                          \
    template <typename T>                                                      \
    static void Write(auto& cpu, const Insn& insn, auto value) {               \
      static_assert(sizeof(T) == 8);                                           \
      cpu.SetGpr(insn.field, cpu.template Convert<U32>(value >> 32));          \
      cpu.SetGpr(insn.field | 1, cpu.template Convert<U32>(value));            \
    }                                                                          \
  };                                                                           \
  template <typename Own>                                                      \
  struct Odd##name##_ {                                                        \
    template <typename T>                                                      \
    static auto Read(auto& cpu, const Insn& insn) {                            \
      cpu.SpecificationIf(cpu.template Constant<bool>((insn.field & 1) != 0)); \
      return cpu.template Convert<T>(cpu.template Gpr<Own>(insn.field | 1));   \
    }                                                                          \
  };                                                                           \
  struct Even##name {                                                          \
    template <typename T>                                                      \
    static int Read(auto& cpu, const Insn& insn) {                             \
      cpu.SpecificationIf(cpu.template Constant<bool>((insn.field & 1) != 0)); \
      return insn.field;                                                       \
    }                                                                          \
  };
PAIR_OPERAND(R1, r1)
PAIR_OPERAND(R3, r3)
#undef PAIR_OPERAND

// Access registers.
struct AccessR1 {
  template <typename T>
  static void Write(auto& cpu, const Insn& insn, auto value) {
    cpu.SetAr(insn.r1, value);
  }
};
struct AccessR2 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.Ar(insn.r2);
  }
};

// Storage: M1 at D1(B1), M2 at D2(X2,B2) or D2(B2).
#define STORAGE_OPERAND(name, address, ar)                                    \
  struct name {                                                               \
    template <typename T>                                                     \
    static auto Read(auto& cpu, const Insn& insn) {                           \
      return cpu.template Load<T>(address, ar);                               \
    }                                                                         \
    template <typename T>                                                     \
    static void Write(auto& cpu, const Insn& insn, auto value) {              \
      cpu.template Store<T>(address, ar, value);                              \
    }                                                                         \
  };                                                                          \
  template <typename Own>                                                     \
  struct name##_ {                                                            \
    template <typename T>                                                     \
    static auto Read(auto& cpu, const Insn& insn) {                           \
      return cpu.template Convert<T>(cpu.template Load<Own>(address, ar));    \
    }                                                                         \
    template <typename T>                                                     \
    static void Write(auto& cpu, const Insn& insn, auto value) {              \
      cpu.template Store<Own>(address, ar, cpu.template Convert<Own>(value)); \
    }                                                                         \
  };
STORAGE_OPERAND(M1, cpu.Address(0, insn.b1, insn.d1), insn.b1)
STORAGE_OPERAND(M2, cpu.Address(insn.x2, insn.b2, insn.d2), insn.b2)
#undef STORAGE_OPERAND

template <typename Own>
struct ML2_ {  // relative to the instruction, on a boundary of its size
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.template Convert<T>(cpu.template LoadRelative<Own>(cpu.Relative(insn.i2)));
  }
  template <typename T>
  static void Write(auto& cpu, const Insn& insn, auto value) {
    cpu.template StoreRelative<Own>(cpu.Relative(insn.i2), cpu.template Convert<Own>(value));
  }
};

// Addresses themselves: of storage operands, and relative ones.
struct A1 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.Address(0, insn.b1, insn.d1);
  }
};
struct A2 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.Address(insn.x2, insn.b2, insn.d2);
  }
};
struct RelativeI2 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.Relative(insn.i2);
  }
};
struct RelativeI4 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.Relative(insn.ri4);
  }
};
// The immediate, sign-extended; I2_<U16> is first cut to its own type.
struct I2 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.template Constant<T>(static_cast<T>(insn.i2));
  }
};
template <typename Own>
struct I2_ {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.template Constant<T>(static_cast<T>(static_cast<Own>(insn.i2)));
  }
};

// Bits 58-63 of the second-operand address: a shift amount.
struct Shift2 {
  template <typename T>
  static auto Read(auto& cpu, const Insn& insn) {
    return cpu.template Convert<U32>(cpu.Address(0, insn.b2, insn.d2)) &
           cpu.template Constant<U32>(63);
  }
};

// Fields as plain numbers, known when the instruction was decoded.
#define FIELD_OPERAND(name, field)             \
  struct name {                                \
    template <typename T>                      \
    static int Read(auto&, const Insn& insn) { \
      return insn.field;                       \
    }                                          \
  };
FIELD_OPERAND(FieldR1, r1)
FIELD_OPERAND(FieldR2, r2)
FIELD_OPERAND(FieldR3, r3)
FIELD_OPERAND(FieldB1, b1)
FIELD_OPERAND(FieldB2, b2)
FIELD_OPERAND(FieldM1, r1)
FIELD_OPERAND(FieldM3, m3)
FIELD_OPERAND(FieldM4, m4)
FIELD_OPERAND(FieldI2, i2)
FIELD_OPERAND(FieldI3, i3)
FIELD_OPERAND(FieldI4, i4)
FIELD_OPERAND(FieldI5, i5)
#undef FIELD_OPERAND

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_OPERANDS_H_
