// PoP: Vector Floating-Point Instructions. Part of vector_rows.h.
//
// An instruction of a single element calculates a number as those on floating-point registers do,
// and leaves zeros behind it.
#ifndef HYPERVISOR_SIE_TRANSLATOR_VECTOR_FLOATING_ROWS_H_
#define HYPERVISOR_SIE_TRANSLATOR_VECTOR_FLOATING_ROWS_H_

#include "hypervisor/sie/translator/vector_rows.h"

namespace hypervisor {

constexpr int kShort = 2;
constexpr int kLong = 3;
constexpr int kSingleElement = 8;
constexpr int kSuppressInexactElement = 4;

// Whether a format is one for all elements, or long for a single one. Short ones came with vector
// enhancements 1.
inline bool HasFormat(const RecordingCpu& cpu, int format, int flags) {
  if (flags == kSingleElement) return format == kLong;
  return flags == 0 && (format == kLong ||
                        (format == kShort && cpu.facilities().Has(Facility::kVectorEnhancements1)));
}

inline RecordedVector VectorBfpOf(RecordingCpu& cpu, VectorOperation operation, int size,
                                  int64_t third, std::initializer_list<ir::ValueId> arguments) {
  return cpu.Append<VectorRegister>(ir::Opcode::kVectorBfp, arguments,
                                    {static_cast<int64_t>(operation), size, third});
}
inline void SetSingle(RecordingCpu& cpu, int r, Recorded<uint64_t> number) {
  SetVr(cpu, r, VectorOf(cpu, VectorOperation::kLeft, 3, 0, {number.id}));
}

// V2 op V3.
#define BFP_PAIRS(name, operation)                                                  \
  struct name {                                                                     \
    static bool Record(RecordingCpu& cpu, const Insn& insn) {                       \
      if (!HasFormat(cpu, insn.m4, insn.m5)) return false;                          \
      if (insn.m5 == kSingleElement) {                                              \
        SetSingle(cpu, insn.r1, cpu.operation(cpu.Fpr(insn.r2), cpu.Fpr(insn.r3))); \
      } else {                                                                      \
        SetVr(cpu, insn.r1,                                                         \
              VectorBfpOf(cpu, VectorOperation::k##operation, insn.m4, 0,           \
                          {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id}));             \
      }                                                                             \
      return true;                                                                  \
    }                                                                               \
  };
BFP_PAIRS(BfpSums, AddBfp)
BFP_PAIRS(BfpDifferences, SubtractBfp)
BFP_PAIRS(BfpProducts, MultiplyBfp)
BFP_PAIRS(BfpQuotients, DivideBfp)
#undef BFP_PAIRS

// V2 times V3, and V4 added or subtracted.
#define BFP_FUSED(name, operation)                                                           \
  struct name {                                                                              \
    static bool Record(RecordingCpu& cpu, const Insn& insn) {                                \
      if (!HasFormat(cpu, insn.m6, insn.m5)) return false;                                   \
      if (insn.m5 == kSingleElement) {                                                       \
        SetSingle(cpu, insn.r1,                                                              \
                  cpu.operation(cpu.Fpr(insn.r4), cpu.Fpr(insn.r2), cpu.Fpr(insn.r3)));      \
      } else {                                                                               \
        SetVr(cpu, insn.r1,                                                                  \
              VectorBfpOf(cpu, VectorOperation::k##operation, insn.m6, 0,                    \
                          {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id, Vr(cpu, insn.r4).id})); \
      }                                                                                      \
      return true;                                                                           \
    }                                                                                        \
  };
BFP_FUSED(BfpFusedSums, MultiplyAndAddBfp)
BFP_FUSED(BfpFusedDifferences, MultiplyAndSubtractBfp)
#undef BFP_FUSED

struct BfpSquareRoots {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!HasFormat(cpu, insn.m3, insn.m4)) return false;
    if (insn.m4 == kSingleElement) {
      SetSingle(cpu, insn.r1, cpu.SquareRootBfp(cpu.Fpr(insn.r2)));
    } else {
      SetVr(cpu, insn.r1,
            VectorBfpOf(cpu, VectorOperation::kSquareRootBfp, insn.m3, 0, {Vr(cpu, insn.r2).id}));
    }
    return true;
  }
};

// M5 is a rounding mode.
struct BfpIntegers {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!HasFormat(cpu, insn.m3, insn.m4 & ~kSuppressInexactElement)) return false;
    if (insn.m4 & kSingleElement) {
      SetSingle(cpu, insn.r1, cpu.IntegralBfp(cpu.Fpr(insn.r2), insn.m5, insn.m4));
    } else {
      const int64_t how =
          insn.m5 | (insn.m4 & kSuppressInexactElement ? ir::kNeverInexact : int64_t{0});
      SetVr(cpu, insn.r1,
            VectorBfpOf(cpu, VectorOperation::kIntegralBfp, insn.m3, how, {Vr(cpu, insn.r2).id}));
    }
    return true;
  }
};

// V1's element is all ones where the comparison holds. M6 asks for a condition code.
template <VectorOperation kOperation>
struct BfpComparison {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!HasFormat(cpu, insn.m4, insn.m5) || insn.m6 > 1) return false;
    const bool single = insn.m5 == kSingleElement;
    const auto result = VectorBfpOf(cpu, kOperation, insn.m4, single ? 1 : 0,
                                    {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id});
    SetVr(cpu, insn.r1, result);
    if (insn.m6 == 0) return true;
    // Of a single element only the left half tells.
    const auto all = cpu.Constant(single ? kAllBytes << 8 : kAllBytes);
    const auto missed = (MaskOf(cpu, result) & all) ^ all;
    cpu.SetCc(cpu.Select(missed == cpu.Constant(uint32_t{0}), 0, cpu.Select(missed == all, 3, 1)));
    return true;
  }
};
template <bool kSignal>
struct BfpScalarComparison {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 != kLong || insn.m4 != 0) return false;
    cpu.SetCc(cpu.CompareBfp(cpu.Fpr(insn.r1), cpu.Fpr(insn.r2), kSignal));
    return true;
  }
};

// Complement, negative, positive, as M5 says.
struct BfpSigns {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (!HasFormat(cpu, insn.m3, insn.m4) || insn.m5 > 2) return false;
    uint64_t bits = Replicated(uint64_t{1} << (insn.m3 == kLong ? 63 : 31), insn.m3);
    if (insn.m5 == 2) bits = ~bits;
    if (insn.m4 == kSingleElement) {
      const auto number = cpu.Fpr(insn.r2);
      const auto sign = cpu.Constant(bits);
      SetSingle(cpu, insn.r1,
                insn.m5 == 0   ? number ^ sign
                : insn.m5 == 1 ? number | sign
                               : number & sign);
      return true;
    }
    constexpr VectorOperation kOperations[] = {VectorOperation::kExclusiveOr, VectorOperation::kOr,
                                               VectorOperation::kAnd};
    SetVr(cpu, insn.r1,
          VectorOf(cpu, kOperations[insn.m5], 3, 0,
                   {ConstantVector(cpu, bits, bits).id, Vr(cpu, insn.r2).id}));
    return true;
  }
};

// Conversions: from and to integers of 64 bits, from short to long and back.
template <VectorOperation kOperation, int kFormat>
struct BfpConversion {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 != kFormat || (insn.m4 & ~kSingleElement) != 0) return false;
    const bool single = insn.m4 == kSingleElement;
    SetVr(cpu, insn.r1,
          VectorBfpOf(cpu, kOperation, kLong, (single ? 1 : 0) | insn.m5 << 4,
                      {Vr(cpu, insn.r2).id}));
    return true;
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_VECTOR_FLOATING_ROWS_H_
