// VECTOR LOAD and VECTOR STORE in their forms, LOAD COUNT TO BLOCK BOUNDARY. Part of vector_rows.h.
#ifndef HYPERVISOR_SIE_TRANSLATOR_VECTOR_STORAGE_ROWS_H_
#define HYPERVISOR_SIE_TRANSLATOR_VECTOR_STORAGE_ROWS_H_

#include "hypervisor/sie/translator/vector_rows.h"

namespace hypervisor {

// LOAD, STORE and LOAD MULTIPLE, STORE MULTIPLE.
struct VectorLoaded {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    SetVr(cpu, insn.r1, cpu.Load<VectorRegister>(SecondAddress(cpu, insn), insn.b2));
    return true;
  }
};
struct VectorStored {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    cpu.Store<VectorRegister>(SecondAddress(cpu, insn), insn.b2, Vr(cpu, insn.r1));
    return true;
  }
};
struct VectorsLoaded {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const int count = insn.r3 - insn.r1 + 1;
    if (count < 1 || count > 16) return false;
    const auto values =
        cpu.LoadSuccessive<VectorRegister>(SecondAddress(cpu, insn), insn.b2, count);
    for (int i = 0; i < count; ++i) SetVr(cpu, insn.r1 + i, values[static_cast<size_t>(i)]);
    return true;
  }
};
struct VectorsStored {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const int count = insn.r3 - insn.r1 + 1;
    if (count < 1 || count > 16) return false;
    cpu.StoreSuccessive<VectorRegister>(SecondAddress(cpu, insn), insn.b2, count,
                                        [&](int i) { return Vr(cpu, insn.r1 + i); });
    return true;
  }
};

// How many bytes there are up to a boundary of 64 << M3, at most 16.
inline Recorded<uint32_t> BytesToBoundary(RecordingCpu& cpu, Recorded<uint64_t> address,
                                          const Insn& insn) {
  const auto block = uint32_t{64} << insn.m3;
  const auto left =
      cpu.Constant(block) - (cpu.Convert<uint32_t>(address) & cpu.Constant(block - 1));
  const auto all = cpu.Constant(uint32_t{16});
  return cpu.Select(left < all, left, all);
}
constexpr int kLastBoundary = 6;

struct CountToBoundary {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 > kLastBoundary) return false;
    const auto count = BytesToBoundary(cpu, SecondAddress(cpu, insn), insn);
    cpu.SetGpr(insn.r1, count);
    cpu.SetCc(cpu.Select(count == cpu.Constant(uint32_t{16}), 0, 3));
    return true;
  }
};
// All 16 bytes are loaded where they are in one page; others are the handler's.
struct LoadedToBoundary {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 > kLastBoundary) return false;
    const auto address = SecondAddress(cpu, insn);
    const auto all = cpu.Load<VectorRegister>(address, insn.b2);
    const auto count = BytesToBoundary(cpu, address, insn);
    SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kLeftBytes, 0, 0, {all.id, count.id}));
    return true;
  }
};
// Bits 32-63 of R3 are the number of the last byte.
inline Recorded<uint32_t> BytesOf(RecordingCpu& cpu, const Insn& insn) {
  const auto last = cpu.Gpr<uint32_t>(insn.r3);
  const auto most = cpu.Constant(uint32_t{15});
  return cpu.Select(last < most, last, most) + cpu.Constant(uint32_t{1});
}
struct LoadedWithLength {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const auto all = cpu.Load<VectorRegister>(SecondAddress(cpu, insn), insn.b2);
    const auto count = BytesOf(cpu, insn);
    SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kLeftBytes, 0, 0, {all.id, count.id}));
    return true;
  }
};

// An element of storage: everywhere, or alone at the right of the left doubleword.
struct LoadedEverywhere {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return WithElement(insn.m3, [&](auto element) {
      const auto value = cpu.Load<decltype(element)>(SecondAddress(cpu, insn), insn.b2);
      SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kAll, insn.m3, 0, {value.id}));
      return true;
    });
  }
};
struct LoadedAlone {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return WithElement(insn.m3, [&](auto element) {
      const auto value =
          cpu.Convert<uint64_t>(cpu.Load<decltype(element)>(SecondAddress(cpu, insn), insn.b2));
      SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kLeft, 3, 0, {value.id}));
      return true;
    });
  }
};

// Nothing beyond the length is stored; what may cross a page is the handler's.
struct StoredWithLength {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const auto address = SecondAddress(cpu, insn);
    const auto count = BytesOf(cpu, insn);
    cpu.Effect<VectorRegister>(ir::Opcode::kStoreLeft, {address.id, Vr(cpu, insn.r1).id, count.id},
                               {insn.b2});
    return true;
  }
};

template <int kSize>
struct LoadedElement {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return HasElement(kSize, insn.m3) && WithElement(kSize, [&](auto element) {
             const auto value = cpu.Load<decltype(element)>(SecondAddress(cpu, insn), insn.b2);
             Insert(cpu, insn.r1, kSize, insn.m3, value.id);
             return true;
           });
  }
};
template <int kSize>
struct StoredElement {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!HasElement(kSize, insn.m3)) return false;
    const auto address = SecondAddress(cpu, insn);
    if (kSize == 3 && insn.m3 == 0) {
      cpu.Store<uint64_t>(address, insn.b2, cpu.Fpr(insn.r1));
      return true;
    }
    return WithElement(kSize, [&](auto element) {
      using T = decltype(element);
      cpu.Store<T>(address, insn.b2, ElementOf<T>(cpu, Vr(cpu, insn.r1), insn.m3));
      return true;
    });
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_VECTOR_STORAGE_ROWS_H_
