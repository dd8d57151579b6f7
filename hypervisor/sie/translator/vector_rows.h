// What the translator knows of the instruction table's VECTOR rows: operations on whole registers.
//
// Record appends them, or answers false, with nothing appended, for fields that it doesn't know:
// those are the handler's, exceptions among them. What is rare at run time is left to it by
// HandlerIf.
#ifndef HYPERVISOR_SIE_TRANSLATOR_VECTOR_ROWS_H_
#define HYPERVISOR_SIE_TRANSLATOR_VECTOR_ROWS_H_

#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/translator/recording_cpu.h"

namespace hypervisor {

using RecordedVector = Recorded<VectorRegister>;
using ir::VectorOperation;

inline RecordedVector Vr(RecordingCpu& cpu, int r) {
  return cpu.Append<VectorRegister>(ir::Opcode::kVr, {}, {r});
}
inline void SetVr(RecordingCpu& cpu, int r, RecordedVector v) {
  cpu.Effect<VectorRegister>(ir::Opcode::kSetVr, {v.id}, {r});
}
inline RecordedVector VectorOf(RecordingCpu& cpu, VectorOperation operation, int size,
                               int64_t third, std::initializer_list<ir::ValueId> arguments) {
  return cpu.Append<VectorRegister>(ir::Opcode::kVector, arguments,
                                    {static_cast<int64_t>(operation), size, third});
}
inline RecordedVector ConstantVector(RecordingCpu& cpu, uint64_t left, uint64_t right) {
  return cpu.Append<VectorRegister>(ir::Opcode::kVector, {},
                                    {static_cast<int64_t>(VectorOperation::kConstant),
                                     static_cast<int64_t>(left), static_cast<int64_t>(right)});
}
template <typename T>
Recorded<T> ElementOf(RecordingCpu& cpu, RecordedVector v, int number) {
  return cpu.Append<T>(ir::Opcode::kVectorElement, {v.id}, {number});
}
// The leftmost bits of all bytes: byte i's is bit i from the left, bits 16-31 are zeros.
inline Recorded<uint32_t> MaskOf(RecordingCpu& cpu, RecordedVector v) {
  return cpu.Append<uint32_t>(ir::Opcode::kVectorMask, {v.id}, {1});
}
constexpr uint32_t kAllBytes = 0xffff0000;
// For who asks only whether there is any, and whether all are: in bits 16-31.
inline Recorded<uint32_t> UnorderedMaskOf(RecordingCpu& cpu, RecordedVector v) {
  return cpu.Append<uint32_t>(ir::Opcode::kVectorMask, {v.id}, {0});
}
constexpr uint32_t kAllUnordered = 0xffff;
// The number of the first byte whose leftmost bit is a one, or with `zero` a zero; 16 of none.
inline Recorded<uint32_t> FirstOf(RecordingCpu& cpu, RecordedVector v, bool zero) {
  return cpu.Append<uint32_t>(ir::Opcode::kVectorFirst, {v.id}, {zero ? 1 : 0});
}

constexpr uint64_t Replicated(uint64_t value, int size) {
  if (size < 3) value &= (uint64_t{1} << (8 << size)) - 1;
  for (int bits = 8 << size; bits < 64; bits *= 2) value |= value << bits;
  return value;
}

inline Recorded<uint64_t> SecondAddress(RecordingCpu& cpu, const Insn& insn) {
  return cpu.Address(insn.x2, insn.b2, insn.d2);
}

// CC 0 if a comparison holds for all elements, 3 for none, 1 for some.
inline void SetCcOfComparison(RecordingCpu& cpu, RecordedVector result) {
  const auto missed = UnorderedMaskOf(cpu, result) ^ cpu.Constant(kAllUnordered);
  cpu.SetCc(cpu.Select(missed == cpu.Constant(uint32_t{0}), 0,
                       cpu.Select(missed == cpu.Constant(kAllUnordered), 3, 1)));
}

// V1 of V2 and V3, of elements that M4 names if there are any such.
template <VectorOperation kOperation, int kLargest = 3, int kSmallest = 0>
struct OfPairs {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m4 < kSmallest || insn.m4 > kLargest) return false;
    SetVr(cpu, insn.r1,
          VectorOf(cpu, kOperation, insn.m4, 0, {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id}));
    return true;
  }
};
template <VectorOperation kOperation>
struct OfBits {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    SetVr(cpu, insn.r1,
          VectorOf(cpu, kOperation, 3, 0, {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id}));
    return true;
  }
};
// V1 of V2, of elements that M3 names.
template <VectorOperation kOperation, int kLargest = 3>
struct OfElements {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 > kLargest) return false;
    SetVr(cpu, insn.r1, VectorOf(cpu, kOperation, insn.m3, 0, {Vr(cpu, insn.r2).id}));
    return true;
  }
};
// V1 of V2 and V3, with V4 added; M5 is the size.
template <VectorOperation kOperation>
struct OfProducts {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m5 > 2) return false;
    SetVr(cpu, insn.r1,
          VectorOf(cpu, kOperation, insn.m5, 0,
                   {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id, Vr(cpu, insn.r4).id}));
    return true;
  }
};
// V1 of V2, V3 and V4.
template <VectorOperation kOperation>
struct OfThree {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    SetVr(cpu, insn.r1,
          VectorOf(cpu, kOperation, 0, 0,
                   {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id, Vr(cpu, insn.r4).id}));
    return true;
  }
};
// M5 asks for a condition code.
template <VectorOperation kOperation>
struct OfComparison {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m4 > 3) return false;
    const auto result =
        VectorOf(cpu, kOperation, insn.m4, 0, {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id});
    SetVr(cpu, insn.r1, result);
    if (insn.m5 & 1) SetCcOfComparison(cpu, result);
    return true;
  }
};
// Saturated, without a condition code.
template <VectorOperation kOperation>
struct OfPacking {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return (insn.m5 & 1) == 0 && OfPairs<kOperation, 3, 1>::Record(cpu, insn);
  }
};

// V3 shifted by the second-operand address.
template <VectorOperation kOperation>
struct OfShift {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    // Bytes by what isn't known are rare.
    if (insn.m4 > 3 || (insn.m4 == 0 && insn.b2 != 0)) return false;
    const auto width = static_cast<uint32_t>(8 << insn.m4);
    const auto address = cpu.Convert<uint32_t>(cpu.Address(0, insn.b2, insn.d2));
    const auto by = address & cpu.Constant(width - 1);
    const auto v = Vr(cpu, insn.r3);
    if constexpr (kOperation == VectorOperation::kRotate) {
      const auto rest = cpu.Constant(width) - by;
      SetVr(cpu, insn.r1, VectorOf(cpu, kOperation, insn.m4, 0, {v.id, by.id, rest.id}));
    } else {
      SetVr(cpu, insn.r1, VectorOf(cpu, kOperation, insn.m4, 0, {v.id, by.id}));
    }
    return true;
  }
};

struct VectorCopied {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    SetVr(cpu, insn.r1, Vr(cpu, insn.r2));
    return true;
  }
};
// With an element of a size.
template <typename F>
bool WithElement(int size, F f) {
  switch (size) {
    case 0:
      return f(uint8_t{});
    case 1:
      return f(uint16_t{});
    case 2:
      return f(uint32_t{});
    case 3:
      return f(uint64_t{});
    default:
      return false;
  }
}
constexpr bool HasElement(int size, int number) {
  return number < 16 >> size;
}
inline void Insert(RecordingCpu& cpu, int r, int size, int number, ir::ValueId value) {
  SetVr(cpu, r, VectorOf(cpu, VectorOperation::kInsert, size, number, {Vr(cpu, r).id, value}));
}
template <int kSize>
struct ImmediateElement {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return HasElement(kSize, insn.m3) && WithElement(kSize, [&](auto element) {
             const auto value = cpu.Constant(static_cast<decltype(element)>(insn.i2));
             Insert(cpu, insn.r1, kSize, insn.m3, value.id);
             return true;
           });
  }
};

// Between vector and general registers. The second-operand address is the element's number; where a
// base register tells, which lane that is must be found.
inline Recorded<uint32_t> LaneOf(RecordingCpu& cpu, const Insn& insn) {
  const auto address = cpu.Convert<uint32_t>(cpu.Address(0, insn.b2, insn.d2));
  const auto count = uint32_t{16} >> insn.m4;
  return (address & cpu.Constant(count - 1)) ^ cpu.Constant(count / 2 - 1);
}
struct ElementToGpr {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return WithElement(insn.m4, [&](auto element) {
      using T = decltype(element);
      const int number = insn.d2 % (16 >> insn.m4);
      if (insn.b2 != 0) {
        const auto lane = LaneOf(cpu, insn);
        const auto value =
            cpu.Append<T>(ir::Opcode::kVectorElement, {Vr(cpu, insn.r3).id, lane.id}, {0});
        cpu.SetGpr(insn.r1, cpu.Convert<uint64_t>(value));
      } else if (insn.m4 == 3 && number == 0) {
        cpu.SetGpr(insn.r1, cpu.Fpr(insn.r3));
      } else {
        cpu.SetGpr(insn.r1, cpu.Convert<uint64_t>(ElementOf<T>(cpu, Vr(cpu, insn.r3), number)));
      }
      return true;
    });
  }
};
struct ElementFromGpr {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return WithElement(insn.m4, [&](auto element) {
      const auto value = cpu.Gpr<decltype(element)>(insn.r3);
      if (insn.b2 == 0) {
        Insert(cpu, insn.r1, insn.m4, insn.d2 % (16 >> insn.m4), value.id);
      } else {
        const auto lane = LaneOf(cpu, insn);
        SetVr(cpu, insn.r1,
              VectorOf(cpu, VectorOperation::kInsert, insn.m4, 0,
                       {Vr(cpu, insn.r1).id, value.id, lane.id}));
      }
      return true;
    });
  }
};
struct VectorFromGprs {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const auto left = cpu.Gpr<uint64_t>(insn.r2);
    const auto right = cpu.Gpr<uint64_t>(insn.r3);
    SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kFromGprs, 3, 0, {left.id, right.id}));
    return true;
  }
};

struct ByteMask {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    uint64_t halves[2] = {};
    for (int i = 0; i < 16; ++i)
      if (insn.i2 >> (15 - i) & 1) halves[i / 8] |= uint64_t{0xff} << (56 - i % 8 * 8);
    SetVr(cpu, insn.r1, ConstantVector(cpu, halves[0], halves[1]));
    return true;
  }
};
// Ones from bit I2 to bit I3 of each element, around its end if need be.
struct BitMask {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m4 > 3) return false;
    const int width = 8 << insn.m4;
    uint64_t element = 0;
    for (int bit = insn.i2 % width;; bit = (bit + 1) % width) {
      element |= uint64_t{1} << (width - 1 - bit);
      if (bit == insn.i3 % width) break;
    }
    const uint64_t half = Replicated(element, insn.m4);
    SetVr(cpu, insn.r1, ConstantVector(cpu, half, half));
    return true;
  }
};
struct ReplicatedImmediate {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 > 3) return false;
    const uint64_t half = Replicated(static_cast<uint64_t>(int64_t{insn.i2}), insn.m3);
    SetVr(cpu, insn.r1, ConstantVector(cpu, half, half));
    return true;
  }
};
struct ReplicatedElement {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m4 > 3 || insn.i2 < 0 || !HasElement(insn.m4, insn.i2)) return false;
    SetVr(cpu, insn.r1,
          VectorOf(cpu, VectorOperation::kReplicate, insn.m4, insn.i2, {Vr(cpu, insn.r3).id}));
    return true;
  }
};
struct PermutedDoublewords {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const int chosen = (insn.m4 >> 2 & 1) | (insn.m4 & 1) << 1;
    SetVr(cpu, insn.r1,
          VectorOf(cpu, VectorOperation::kPermuteDoublewords, 3, chosen,
                   {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id}));
    return true;
  }
};
struct ShiftedBytes {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.i4 > 15) return false;
    SetVr(cpu, insn.r1,
          VectorOf(cpu, VectorOperation::kShiftBytes, 0, insn.i4,
                   {Vr(cpu, insn.r2).id, Vr(cpu, insn.r3).id}));
    return true;
  }
};

// Sums and differences of all sizes up to 16 bytes: those are made of two numbers.
template <VectorOperation kOperation>
struct OfSums {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m4 != 4) return OfPairs<kOperation>::Record(cpu, insn);
    const auto half = [&](int r, int number) {
      return ElementOf<uint64_t>(cpu, Vr(cpu, r), number);
    };
    const auto a = half(insn.r2, 1);
    const auto b = half(insn.r3, 1);
    if constexpr (kOperation == VectorOperation::kAdd) {
      const auto right = a + b;
      const auto carry = cpu.Convert<uint64_t>(right < a);
      const auto left = half(insn.r2, 0) + half(insn.r3, 0) + carry;
      SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kFromGprs, 3, 0, {left.id, right.id}));
    } else {
      const auto right = a - b;
      const auto borrow = cpu.Convert<uint64_t>(a < b);
      const auto left = half(insn.r2, 0) - half(insn.r3, 0) - borrow;
      SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kFromGprs, 3, 0, {left.id, right.id}));
    }
    return true;
  }
};

// CC 0 if all selected bits are zeros, 3 if they are ones, 1 if they are mixed.
struct TestedUnderMask {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    const auto half = [&](int r, int number) {
      return ElementOf<uint64_t>(cpu, Vr(cpu, r), number);
    };
    const auto left_mask = half(insn.r2, 0);
    const auto right_mask = half(insn.r2, 1);
    const auto left = half(insn.r1, 0) & left_mask;
    const auto right = half(insn.r1, 1) & right_mask;
    const auto ones = left | right;
    const auto zeros = (left ^ left_mask) | (right ^ right_mask);
    const auto none = cpu.Constant(uint64_t{0});
    cpu.SetCc(cpu.Select(ones == none, 0, cpu.Select(zeros == none, 3, 1)));
    return true;
  }
};

// The last element of the left half of V1 compared with V2's.
template <bool kWithSign>
struct ElementCompared {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    return WithElement(insn.m3, [&](auto element) {
      using U = decltype(element);
      using T = std::conditional_t<kWithSign, std::make_signed_t<U>, U>;
      const int number = static_cast<int>(8 / sizeof(T)) - 1;
      const auto a = ElementOf<T>(cpu, Vr(cpu, insn.r1), number);
      cpu.SetCc(cpu.Compare(a, ElementOf<T>(cpu, Vr(cpu, insn.r2), number)));
      return true;
    });
  }
};

// COUNT LEADING ZEROS, COUNT TRAILING ZEROS, of doublewords.
template <bool kTrailing>
struct CountedZeros {
  static bool Record(RecordingCpu& cpu, const Insn& insn) {
    if (insn.m3 != 3) return false;
    const auto count = [&](int number) {
      const auto v = ElementOf<uint64_t>(cpu, Vr(cpu, insn.r2), number);
      if constexpr (kTrailing) {
        const auto below = ~v & (v - cpu.Constant(uint64_t{1}));
        return cpu.Constant(uint64_t{64}) - cpu.CountLeadingZeros(below);
      } else {
        return cpu.CountLeadingZeros(v);
      }
    };
    const auto left = count(0);
    const auto right = count(1);
    SetVr(cpu, insn.r1, VectorOf(cpu, VectorOperation::kFromGprs, 3, 0, {left.id, right.id}));
    return true;
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_VECTOR_ROWS_H_
