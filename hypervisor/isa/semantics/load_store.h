// PoP: General Instructions: LOAD and STORE in their many forms, INSERT and STORE CHARACTERS.
#ifndef HYPERVISOR_ISA_SEMANTICS_LOAD_STORE_H_
#define HYPERVISOR_ISA_SEMANTICS_LOAD_STORE_H_

#include <bit>

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// LOAD, STORE and everything else that moves a value as it is.
template <typename T>
struct Copy {
  using Type = T;
  static auto Of(auto&, auto a) { return a; }
};

// LOAD REVERSED, STORE REVERSED
template <typename T>
struct Reverse {
  using Type = T;
  static auto Of(auto& cpu, auto a) { return cpu.ByteSwap(a); }
};

// LOAD LOGICAL THIRTY ONE BITS
struct ThirtyOneBits {
  using Type = U64;
  static auto Of(auto& cpu, auto a) { return a & cpu.template Constant<U64>(0x7fffffff); }
};

// LOAD AND ZERO RIGHTMOST BYTE
template <typename T>
struct WithoutRightmostByte {
  using Type = T;
  static auto Of(auto& cpu, auto a) {
    return a & cpu.template Constant<T>(static_cast<T>(~T{0xff}));
  }
};

// LOAD ADDRESS: as many bits of R1 as the addressing mode has, in the right half at least.
struct LoadAddress {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto address) {
    if (cpu.Mode64()) {
      cpu.SetGpr(r1, address);
    } else {
      cpu.SetGpr(r1, cpu.template Convert<U32>(address));
    }
  }
};

// LOAD ADDRESS EXTENDED: access register R1 tells the space that the address is for.
struct LoadAddressExtended {
  using Type = U64;
  static void Of(auto& cpu, int r1, int b2, auto address) {
    LoadAddress::Of(cpu, r1, address);
    switch (cpu.AddressSpace()) {
      case AddressSpaceControl::kPrimary:
        return cpu.SetAr(r1, cpu.template Constant<U32>(0));
      case AddressSpaceControl::kSecondary:
        return cpu.SetAr(r1, cpu.template Constant<U32>(1));
      case AddressSpaceControl::kHome:
        return cpu.SetAr(r1, cpu.template Constant<U32>(2));
      case AddressSpaceControl::kAccessRegister:
        return cpu.SetAr(r1, b2 == 0 ? cpu.template Constant<U32>(0) : cpu.Ar(b2));
    }
  }
};

// LOAD AND TRAP: R1 is loaded, zero or not.
template <typename T>
struct LoadAndTrap {
  using Type = T;
  static void Of(auto& cpu, int r1, auto a) {
    cpu.SetGpr(r1, a);
    cpu.DataExceptionIf(a == cpu.template Constant<T>(0), kDxcCompareAndTrap);
  }
};
struct LoadHighAndTrap {
  using Type = U32;
  static void Of(auto& cpu, int r1, auto a) {
    cpu.SetGprHigh(r1, a);
    cpu.DataExceptionIf(a == cpu.template Constant<U32>(0), kDxcCompareAndTrap);
  }
};
struct LoadThirtyOneBitsAndTrap {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto a) {
    LoadAndTrap<U64>::Of(cpu, r1, ThirtyOneBits::Of(cpu, a));
  }
};

// LOAD ON CONDITION of a register or an immediate.
template <typename T>
struct LoadOnCondition {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b, int mask) { return cpu.Select(cpu.CcIn(mask), b, a); }
};
// SELECT
template <typename T>
struct SelectOnCondition {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto b, int mask) { return cpu.Select(cpu.CcIn(mask), a, b); }
};
// Of storage, which is not touched if the condition is not met.
template <typename T>
struct LoadStorageOnCondition {
  using Type = T;
  static auto Of(auto& cpu, auto a, int mask, auto address, int b2) {
    return cpu.template LoadIf<T>(cpu.CcIn(mask), address, b2, a);
  }
};
template <typename T>
struct StoreOnCondition {
  using Type = T;
  static void Of(auto& cpu, auto a, int mask, auto address, int b2) {
    cpu.template StoreIf<T>(cpu.CcIn(mask), address, b2, a);
  }
};

// INSERT CHARACTERS UNDER MASK: kShift is 0 for the right half of R1, 32 for the left. CC 0 all
// inserted bits are zero, or there are none; 1 the leftmost is one; 2 it is zero, but not all.
template <int kShift>
struct InsertCharactersUnderMask {
  using Type = U64;
  static auto Of(auto& cpu, auto a, int mask, auto address, int b2) {
    auto inserted = cpu.template Constant<U32>(0);  // left-justified
    auto result = a;
    if (mask == 15) {
      inserted = cpu.template Load<U32>(address, b2);
      result = (a & cpu.template Constant<U64>(~(U64{0xffffffff} << kShift))) |
               cpu.template Convert<U64>(inserted) << kShift;
    } else {
      const int count = std::popcount(static_cast<unsigned>(mask));
      // Access exceptions are recognized for one byte even if none is inserted.
      auto bytes = cpu.template LoadSuccessive<U8>(address, b2, count == 0 ? 1 : count);
      for (int i = 0, taken = 0; i < 4; ++i) {
        if (!(mask & 8 >> i)) continue;
        const int shift = 24 - 8 * i + kShift;
        inserted = inserted | cpu.template Convert<U32>(bytes[taken]) << (24 - 8 * taken);
        result = (result & cpu.template Constant<U64>(~(U64{0xff} << shift))) |
                 cpu.template Convert<U64>(bytes[taken]) << shift;
        ++taken;
      }
    }
    if (!cpu.Stopped()) cpu.SetCc(cpu.CompareWithZero(cpu.template Convert<S32>(inserted)));
    return result;
  }
};

// STORE CHARACTERS UNDER MASK
template <int kShift>
struct StoreCharactersUnderMask {
  using Type = U64;
  static void Of(auto& cpu, auto a, int mask, auto address, int b2) {
    if (mask == 15) {
      return cpu.template Store<U32>(address, b2, cpu.template Convert<U32>(a >> kShift));
    }
    int shifts[4] = {};
    int count = 0;
    for (int i = 0; i < 4; ++i) {
      if (mask & 8 >> i) shifts[count++] = 24 - 8 * i + kShift;
    }
    if (count == 0) return;
    cpu.template StoreSuccessive<U8>(
        address, b2, count, [&](int i) { return cpu.template Convert<U8>(a >> shifts[i]); });
  }
};

// LOAD PAIR FROM QUADWORD, STORE PAIR TO QUADWORD: 16 bytes at once.
struct LoadPairFromQuadword {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto address, int b2) {
    auto [high, low] = cpu.LoadQuadword(address, b2);
    if (cpu.Stopped()) return;
    cpu.SetGpr(r1, high);
    cpu.SetGpr(r1 | 1, low);
  }
};
struct StorePairToQuadword {
  using Type = U64;
  static void Of(auto& cpu, int r1, auto address, int b2) {
    cpu.StoreQuadword(address, b2, cpu.template Gpr<U64>(r1), cpu.template Gpr<U64>(r1 | 1));
  }
};

// INSERT PROGRAM MASK
struct InsertProgramMask {
  using Type = U32;
  static auto Of(auto& cpu, auto a) {
    return (a & cpu.template Constant<U32>(0x00ffffff)) |
           cpu.template Convert<U32>(cpu.Cc()) << 28 |
           cpu.template Convert<U32>(cpu.ProgramMask()) << 24;
  }
};

// SET PROGRAM MASK: condition code and program mask from bits 34-39.
struct SetProgramMask {
  using Type = U32;
  static void Of(auto& cpu, auto a) {
    cpu.SetCc(cpu.template Convert<U8>(a >> 28 & cpu.template Constant<U32>(3)));
    cpu.SetProgramMask(cpu.template Convert<U8>(a >> 24 & cpu.template Constant<U32>(15)));
  }
};

// PREFETCH DATA, BRANCH PREDICTION PRELOAD and others that only hint.
struct NoOperation {
  using Type = U64;
  static void Of(auto&) {}
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_LOAD_STORE_H_
