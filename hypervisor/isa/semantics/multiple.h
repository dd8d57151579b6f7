// PoP: General Instructions: LOAD MULTIPLE, STORE MULTIPLE and their access-register kin.
// Registers R1 to R3, around 15 to 0. No register is loaded before all of storage is known to be
// accessible, and nothing is stored before either.
#ifndef HYPERVISOR_ISA_SEMANTICS_MULTIPLE_H_
#define HYPERVISOR_ISA_SEMANTICS_MULTIPLE_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

constexpr int RegisterCount(int r1, int r3) {
  return ((r3 - r1) & 15) + 1;
}

template <typename T>
struct LoadMultiple {
  using Type = T;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    const int count = RegisterCount(r1, r3);
    auto values = cpu.template LoadSuccessive<T>(address, b2, count);
    if (cpu.Stopped()) return;
    for (int i = 0; i < count; ++i) cpu.SetGpr((r1 + i) & 15, values[i]);
  }
};
struct LoadMultipleHigh {
  using Type = U32;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    const int count = RegisterCount(r1, r3);
    auto values = cpu.template LoadSuccessive<U32>(address, b2, count);
    if (cpu.Stopped()) return;
    for (int i = 0; i < count; ++i) cpu.SetGprHigh((r1 + i) & 15, values[i]);
  }
};
// LOAD MULTIPLE DISJOINT: the left halves from one operand, the right ones from another.
struct LoadMultipleDisjoint {
  using Type = U32;
  static void Of(auto& cpu, int r1, int r3, auto high, int high_base, auto low, int low_base) {
    const int count = RegisterCount(r1, r3);
    auto high_values = cpu.template LoadSuccessive<U32>(high, high_base, count);
    auto low_values = cpu.template LoadSuccessive<U32>(low, low_base, count);
    if (cpu.Stopped()) return;
    for (int i = 0; i < count; ++i) {
      cpu.SetGprHigh((r1 + i) & 15, high_values[i]);
      cpu.SetGpr((r1 + i) & 15, low_values[i]);
    }
  }
};
template <typename T>
struct StoreMultiple {
  using Type = T;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    const int count = RegisterCount(r1, r3);
    cpu.template StoreSuccessive<T>(address, b2, count,
                                    [&](int i) { return cpu.template Gpr<T>((r1 + i) & 15); });
  }
};
struct StoreMultipleHigh {
  using Type = U32;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    const int count = RegisterCount(r1, r3);
    cpu.template StoreSuccessive<U32>(address, b2, count, [&](int i) {
      return cpu.template Convert<U32>(cpu.template Gpr<U64>((r1 + i) & 15) >> 32);
    });
  }
};

// LOAD ACCESS MULTIPLE, STORE ACCESS MULTIPLE: on a word boundary.
struct LoadAccessMultiple {
  using Type = U32;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    const int count = RegisterCount(r1, r3);
    cpu.template RequireBoundary<U32>(address);
    auto values = cpu.template LoadSuccessive<U32>(address, b2, count);
    if (cpu.Stopped()) return;
    for (int i = 0; i < count; ++i) cpu.SetAr((r1 + i) & 15, values[i]);
  }
};
struct StoreAccessMultiple {
  using Type = U32;
  static void Of(auto& cpu, int r1, int r3, auto address, int b2) {
    const int count = RegisterCount(r1, r3);
    cpu.template RequireBoundary<U32>(address);
    if (cpu.Stopped()) return;
    cpu.template StoreSuccessive<U32>(address, b2, count,
                                      [&](int i) { return cpu.Ar((r1 + i) & 15); });
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_MULTIPLE_H_
