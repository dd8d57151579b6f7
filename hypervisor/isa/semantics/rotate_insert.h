// PoP: General Instructions: ROTATE THEN AND, EXCLUSIVE OR, INSERT, OR SELECTED BITS.
#ifndef HYPERVISOR_ISA_SEMANTICS_ROTATE_INSERT_H_
#define HYPERVISOR_ISA_SEMANTICS_ROTATE_INSERT_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// Ones from bit `first` to bit `last` of 64, around the end if last is less.
constexpr U64 SelectedBits(int first, int last) {
  const U64 from_first = ~U64{0} >> first;
  const U64 to_last = ~U64{0} << (63 - last);
  return first <= last ? from_first & to_last : from_first | to_last;
}

// ROTATE THEN INSERT SELECTED BITS. I4 bit 0 zeroes the bits that are not selected. CC as LOAD AND
// TEST, or unchanged.
enum class Marks { kCc, kNothing };
template <Marks kMarks>
struct RotateThenInsert {
  using Type = U64;
  static auto Of(auto& cpu, auto a, auto b, int first, int last, int by) {
    const U64 selected = SelectedBits(first & 63, last & 63);
    auto rotated = cpu.RotateLeft(b, cpu.template Constant<U32>(static_cast<U32>(by & 63)));
    auto inserted = rotated & cpu.template Constant<U64>(selected);
    auto result = (last & 0x80) ? inserted : (a & cpu.template Constant<U64>(~selected)) | inserted;
    if constexpr (kMarks == Marks::kCc) {
      cpu.SetCc(cpu.CompareWithZero(cpu.template Convert<S64>(result)));
    }
    return result;
  }
};

// ROTATE THEN INSERT SELECTED BITS HIGH and LOW: bits of one word of R1.
enum class Word { kHigh, kLow };
template <Word kWord>
struct RotateThenInsertWord {
  using Type = U64;
  static auto Of(auto& cpu, auto a, auto b, int first, int last, int by) {
    first &= 31;
    const int end = last & 31;
    const U64 high =
        first <= end ? SelectedBits(first, end) : SelectedBits(first, 31) | SelectedBits(0, end);
    const U64 selected = kWord == Word::kHigh ? high : high >> 32;
    const U64 word = kWord == Word::kHigh ? ~U64{0} << 32 : ~U64{0} >> 32;
    auto rotated = cpu.RotateLeft(b, cpu.template Constant<U32>(static_cast<U32>(by & 63)));
    const U64 kept = (last & 0x80) ? ~word : ~selected;
    return (a & cpu.template Constant<U64>(kept)) |
           (rotated & cpu.template Constant<U64>(selected));
  }
};

// ROTATE THEN AND, EXCLUSIVE OR, OR SELECTED BITS. I3 bit 0: R1 stays, only the CC is set: 0 the
// selected bits are zero, 1 they are not.
enum class BitOperation { kAnd, kExclusiveOr, kOr };
template <BitOperation kOperation>
struct RotateThen {
  using Type = U64;
  static auto Of(auto& cpu, auto a, auto b, int first, int last, int by) {
    auto selected = cpu.template Constant<U64>(SelectedBits(first & 63, last & 63));
    auto rotated = cpu.RotateLeft(b, cpu.template Constant<U32>(static_cast<U32>(by & 63)));
    auto result = Apply(a, rotated, selected);
    cpu.SetCc(cpu.template Convert<U8>((result & selected) != cpu.template Constant<U64>(0)));
    return (first & 0x80) ? a : result;
  }

 private:
  static auto Apply(auto a, auto rotated, auto selected) {
    if constexpr (kOperation == BitOperation::kAnd) {
      return a & (rotated | ~selected);
    } else if constexpr (kOperation == BitOperation::kExclusiveOr) {
      return a ^ (rotated & selected);
    } else {
      return a | (rotated & selected);
    }
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_ROTATE_INSERT_H_
