// PoP: Vector String Instructions, but for ranges. Part of vector_rows.h.
//
// What is found is a number whose leftmost 16 bits are the bytes: leading zeros count them.
#ifndef HYPERVISOR_SIE_TRANSLATOR_VECTOR_STRING_ROWS_H_
#define HYPERVISOR_SIE_TRANSLATOR_VECTOR_STRING_ROWS_H_

#include "hypervisor/sie/translator/vector_rows.h"

namespace hypervisor {

class FoundElements {
 public:
  static constexpr int kZeroSearch = 2;
  static constexpr int kSetCc = 1;

  static bool Knows(const Insn& insn) { return insn.m4 <= 2 && insn.m5 <= (kZeroSearch | kSetCc); }

  FoundElements(RecordingCpu& cpu, const Insn& insn, int size)
      : cpu_(cpu), insn_(insn), size_(size) {}

  Recorded<uint32_t> Number(uint32_t value) { return cpu_.Constant(value); }
  // Which elements a comparison holds for.
  Recorded<uint32_t> Where(VectorOperation comparison, int a, int b) {
    return MaskOf(cpu_, Compared(comparison, a, b));
  }
  Recorded<uint32_t> Zeros() {
    if (!(insn_.m5 & kZeroSearch)) return Number(0);
    return AllZeros();
  }
  Recorded<uint32_t> AllZeros() { return MaskOf(cpu_, WhereZero()); }
  // The number of the first byte of `any`, 16 if there is none, and the bit that `any` has there.
  Recorded<uint32_t> First(Recorded<uint32_t> any) {
    return cpu_.CountLeadingZeros(any | Number(0x8000));
  }
  Recorded<uint32_t> BitOf(Recorded<uint32_t> first) { return Number(0x80000000) >> first; }
  // V1 becomes that number; answers the bit.
  Recorded<uint32_t> SetFirst(Recorded<uint32_t> any) {
    const auto first = First(any);
    SetTo(first);
    return BitOf(first);
  }
  void SetTo(Recorded<uint32_t> number) {
    const auto left = cpu_.Convert<uint64_t>(number);
    SetVr(cpu_, insn_.r1, VectorOf(cpu_, VectorOperation::kLeft, 3, 0, {left.id}));
  }
  // V1 becomes the number of the first byte that a comparison holds for, or doesn't: all of it,
  // where nothing else is looked for.
  void SetToFirst(RecordedVector comparison, bool fails) {
    SetTo(FirstOf(cpu_, comparison, fails));
  }
  RecordedVector Compared(VectorOperation comparison, int a, int b) {
    return VectorOf(cpu_, comparison, size_, 0, {Vr(cpu_, a).id, Vr(cpu_, b).id});
  }
  RecordedVector WhereZero() {
    return VectorOf(cpu_, VectorOperation::kEqualZero, size_, 0, {Vr(cpu_, insn_.r2).id});
  }
  void SetCc(Recorded<uint32_t> cc) { cpu_.SetCc(cpu_.Convert<uint8_t>(cc)); }

 private:
  RecordingCpu& cpu_;
  const Insn& insn_;
  const int size_;
};

// CC 0 a zero is first, 1 there is none but an element was found, 2 that one is first, 3 neither.
// `first` is the first byte of any.
inline void SetCcOfFound(RecordingCpu& cpu, FoundElements& found, Recorded<uint32_t> any,
                         Recorded<uint32_t> zeros, Recorded<uint32_t> first) {
  const auto none = found.Number(0);
  auto cc = cpu.Select(zeros == none, found.Number(1), found.Number(2));
  cc = cpu.Select((zeros & first) == none, cc, none);
  found.SetCc(cpu.Select(any == none, found.Number(3), cc));
}

struct FoundEqual {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!FoundElements::Knows(insn)) return false;
    FoundElements found(cpu, insn, insn.m4);
    if (insn.m5 == 0) {
      found.SetToFirst(found.Compared(VectorOperation::kEqual, insn.r2, insn.r3), false);
      return true;
    }
    const auto zeros = found.Zeros();
    const auto any = found.Where(VectorOperation::kEqual, insn.r2, insn.r3) | zeros;
    const auto first = found.SetFirst(any);
    if (insn.m5 & FoundElements::kSetCc) SetCcOfFound(cpu, found, any, zeros, first);
    return true;
  }
};

// FIND ANY ELEMENT EQUAL, of bytes and halfwords: V1 becomes an index, or the mask of all.
struct FoundAnyEqual {
  static constexpr int kInvertResult = 8;
  static constexpr int kMaskResult = 4;

  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m4 > 1) return false;
    FoundElements found(cpu, insn, insn.m4);
    const auto zeros = found.Zeros();
    auto equal = found.Where(VectorOperation::kEqualToAny, insn.r2, insn.r3);
    if (insn.m5 & kInvertResult) equal = equal ^ found.Number(kAllBytes);
    const auto any = equal | zeros;
    const auto first = found.BitOf(found.First(any));
    if (insn.m5 & kMaskResult) {
      auto mask = VectorOf(cpu, VectorOperation::kEqualToAny, insn.m4, 0,
                           {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id});
      if (insn.m5 & kInvertResult)
        mask = VectorOf(cpu, VectorOperation::kEqualZero, insn.m4, 0, {mask.id});
      SetVr(cpu, insn.r1, mask);
    } else {
      found.SetFirst(any);
    }
    if (insn.m5 & FoundElements::kSetCc) SetCcOfFound(cpu, found, any, zeros, first);
    return true;
  }
};

// ISOLATE STRING: all behind the first zero becomes zeros. CC 0 there is one, 3 there is none.
struct IsolatedString {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 > 2 || insn.m5 > FoundElements::kSetCc) return false;
    FoundElements found(cpu, insn, insn.m3);
    const auto zeros = found.AllZeros();
    const auto length = found.First(zeros);
    SetVr(cpu, insn.r1,
          VectorOf(cpu, VectorOperation::kLeftBytes, 0, 0, {Vr(cpu, insn.r2).id, length.id}));
    if (insn.m5 & FoundElements::kSetCc)
      found.SetCc(cpu.Select(zeros == found.Number(0), found.Number(3), found.Number(0)));
    return true;
  }
};

// CC 0 a zero is first, 1 V2's differing element is low, 2 it is high, 3 neither.
struct FoundNotEqual {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!FoundElements::Knows(insn)) return false;
    FoundElements found(cpu, insn, insn.m4);
    const bool sets_cc = (insn.m5 & FoundElements::kSetCc) != 0;
    if (insn.m5 == 0) {
      found.SetToFirst(found.Compared(VectorOperation::kEqual, insn.r2, insn.r3), true);
      return true;
    }
    if (insn.r2 == insn.r3 && insn.m5 == FoundElements::kZeroSearch) {  // for a zero alone
      found.SetToFirst(found.WhereZero(), false);
      return true;
    }
    const auto zeros = found.Zeros();
    const auto none = found.Number(0);
    if (insn.r2 == insn.r3) {
      found.SetFirst(zeros);
      found.SetCc(cpu.Select(zeros == none, found.Number(3), none));
      return true;
    }
    const auto differ =
        found.Where(VectorOperation::kEqual, insn.r2, insn.r3) ^ found.Number(kAllBytes);
    const auto any = differ | zeros;
    if (!sets_cc) {
      found.SetFirst(any);
      return true;
    }
    const auto low = found.Where(VectorOperation::kHighLogical, insn.r3, insn.r2);
    const auto first = found.SetFirst(any);
    auto cc = cpu.Select((low & first) == none, found.Number(2), found.Number(1));
    cc = cpu.Select((differ & first) == none, none, cc);
    found.SetCc(cpu.Select(any == none, found.Number(3), cc));
    return true;
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_VECTOR_STRING_ROWS_H_
