// The condition code between instructions that nobody has asked for it: the frame keeps what it is
// to be made of, and how. Two stores or three instead of a comparison, and most codes are never
// made.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_CONDITION_CODE_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_CONDITION_CODE_H_

#include <asmjit/x86.h>

#include <bit>
#include <cstdint>

namespace hypervisor::x86 {

// Of two operands: how the first compares with the second, how it compares with zero, whether it is
// zero, what adding the second to something, or subtracting it, that gave the first sets, the first
// itself, what TEST UNDER MASK sets of the first selected bits if the second is all of them and
// the code isn't 2, and what adding the second logically, or subtracting it, sets. The last three
// are of a second one that is a byte with a sign.
enum class CodeKind : uint8_t {
  kCompare,
  kZero,
  kBits,
  kSum,
  kDifference,
  kNumber,
  kTest,
  kLogicalSum,
  kLogicalDifference,
  kCompareWithByte,
  kSumWithByte,
  kDifferenceWithByte
};

inline constexpr uint8_t kCodeIsMade = 0;

// `width` of the operands in bits.
constexpr uint8_t HowToMake(CodeKind kind, int width, bool is_signed) {
  const int size = std::countr_zero(static_cast<unsigned>(width)) - 3;
  return static_cast<uint8_t>(1 + static_cast<int>(kind) * 8 + (is_signed ? 4 : 0) + size);
}
inline constexpr int kWaysToMakeCode = 1 + 12 * 8;

// A routine that makes the code of a frame `frame_offset` bytes above the stack pointer that it is
// called with, and changes nothing else but flags.
void EmitMakeCode(asmjit::x86::Assembler& a, int frame_offset);

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_CONDITION_CODE_H_
