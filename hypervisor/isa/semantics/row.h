// What a row of the instruction table does: read the operands, apply the semantics, write the
// result.
//
// Everything here is a template over a Cpu. The interpreter's Cpu computes; the translator's builds
// IR. So semantics use nothing but the Cpu's operations and the operators of its values:
//
//   Cpu::Value<T>            a T; + - * & | ^ ~ << >> and comparisons work within one type and
//   wrap;
//                            comparisons yield a bool; shifting by the width or more gives zeros or
//                            copies of the sign
//   cpu.Constant<T>(n)       a T known when the instruction was decoded
//   cpu.Convert<To>(v)       truncates, or extends by the sign of v's own type
//   cpu.Select(condition, a, b)   of plain ints: a condition code
//   cpu.AddSigned(a, b), SubtractSigned, MultiplySigned     {result, overflow}
//   cpu.Divide(a, b)         {quotient, remainder, invalid}; 0, 0 if the divisor is 0 or the
//                            quotient has no place in the type
//   cpu.DivideQuadword(high, low, b)   likewise, of 128 bits without sign
//   cpu.MultiplyHigh(a, b), CountLeadingZeros(v), RotateLeft(v, by), ByteSwap(v)
//   cpu.Compare(a, b), CompareWithZero(v)   condition codes 0 equal, 1 low, 2 high
//
//   Of binary-floating-point numbers, short in a U32 and long in a U64, by the FPC; all but SignBfp
//   may stop the instruction or latch an interruption:
//   cpu.AddBfp(a, b), SubtractBfp, MultiplyBfp, DivideBfp, SquareRootBfp(a)
//   cpu.MultiplyAndAddBfp(addend, b, c), MultiplyAndSubtractBfp(subtrahend, b, c)
//   cpu.QuietBfp(v), LengthenBfp(v)
//   cpu.CompareBfp(a, b, signal)   condition code, 3 unordered; a quiet NaN is invalid if `signal`
//   cpu.SignBfp(v)           condition code 0 zero, 1 less, 2 greater, 3 NaN
//   With the fields M3, a rounding mode, and M4:
//   cpu.IntegralBfp(v, m3, m4), BfpFromInteger<T>(v, m3, m4)
//   cpu.BfpToInteger<T>(v, m3, m4)   {result, invalid}
//   cpu.SetRoundedBfp(r, v, m3, m4)  the long v rounded to short, in the left of a register
//
//   cpu.Gpr<T>(r), SetGpr(r, v)   the rightmost bits of a general register
//   cpu.SetGprHigh(r, v), Ar(r), SetAr(r, v), Fpr(r), SetFpr(r, v), FprHigh(r), SetFprHigh(r, v)
//   cpu.SetCc(v), cpu.Cc(), cpu.CcIn(mask)
//   cpu.ProgramMask(), SetProgramMask(v)
//   cpu.StoreThenUpdateSystemMask(update, address, ar, mask)   privileged
//
//   cpu.Load<T>(address, ar), Store<T>(address, ar, v)
//   cpu.LoadIf<T>(condition, address, ar, otherwise), StoreIf<T>(condition, address, ar, v)
//   cpu.LoadSuccessive<T>(address, ar, count)   an array of up to 16; all or none
//   cpu.StoreSuccessive<T>(address, ar, count, value)   value(0) to value(count - 1); all or none
//   cpu.LoadRelative<T>(address), StoreRelative<T>(address, v)   in the instruction's space, on a
//                            boundary of T
//   cpu.RequireBoundary<T>(address)   a specification exception unless it is on a boundary of T
//   cpu.UpdateStorage<T>(update, address, ar, operand)   yields what was there; interlocked if
//                            aligned
//   cpu.CompareAndSwapStorage<T>(address, ar, expected, v)   yields what was there
//   cpu.LoadQuadword(address, ar), StoreQuadword(address, ar, high, low)
//   cpu.CompareAndSwapQuadword(address, ar, expected_high, expected_low, high, low)
//                            all three on their boundary and at once; {high, low}
//   cpu.OperandLength(code)  how many bytes the length code stands for, which EXECUTE may modify
//   cpu.MoveStorage(to, ar, from, ar, length)   byte after byte, from left to right; all or none
//   cpu.CombineStorage(update, to, ar, from, ar, length)   likewise, each byte made of itself and
//                            its partner; yields 0 if all results are zeros
//   cpu.CompareStorage(a, ar, b, ar, length)   {x, y}: numbers that compare as the operands do
//   cpu.Serialize()
//
//   cpu.Address(x, b, d), Relative(halfwords), Wrap(v), InstructionAddress(), NextAddress()
//   cpu.BranchIf(condition, address), BranchAndSetMode(v), SetAddressingMode(mode)
//
//   cpu.InterruptIf(condition, code), SpecificationIf(condition), DataExceptionIf(condition, dxc)
//   cpu.FixedPointOverflowIf(overflow)   if the PSW's mask wants it, and after the row
//   cpu.Stopped()            an access or a test ended the instruction: store nothing more
//
// Fields of the instruction are plain ints, known when it was decoded, as are cpu.Mode64(),
// Mode31(), AddressSpace(), InstructionLength() and facilities(); semantics may test them with if.
// A Value is never tested: that is what Select and the operations ending in If are for.
#ifndef HYPERVISOR_ISA_SEMANTICS_ROW_H_
#define HYPERVISOR_ISA_SEMANTICS_ROW_H_

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/isa/insn.h"

namespace hypervisor {

using U8 = uint8_t;
using U16 = uint16_t;
using U32 = uint32_t;
using U64 = uint64_t;
using S8 = int8_t;
using S16 = int16_t;
using S32 = int32_t;
using S64 = int64_t;

enum class AddressingMode : uint8_t { k24, k31, k64 };

// What UpdateStorage makes of what was there and its operand.
enum class Update : uint8_t { kAdd, kAnd, kOr, kExclusiveOr };

// The result of a row that writes none.
struct None {
  template <typename T, typename Cpu>
  static void Write(Cpu&, const Insn&) {}
};

template <typename Semantics, typename Result, typename... Operands>
struct Row {
  template <typename Cpu>
  static void Execute(Cpu& cpu, const Insn& insn) {
    using T = typename Semantics::Type;
    // Conditions of the instruction, and of its result, come before any access to storage.
    if constexpr (requires { Semantics::Check(cpu, insn); }) {
      Semantics::Check(cpu, insn);
      if (cpu.Stopped()) return;
    }
    if constexpr (requires { Result::Check(cpu, insn); }) Result::Check(cpu, insn);
    // Braces: the operands are read in their order.
    auto operands = std::tuple{Operands::template Read<T>(cpu, insn)...};
    if (cpu.Stopped()) return;
    if constexpr (std::is_same_v<Result, None>) {
      std::apply([&](auto... values) { Semantics::Of(cpu, values...); }, operands);
    } else {
      auto result =
          std::apply([&](auto... values) { return Semantics::Of(cpu, values...); }, operands);
      if (cpu.Stopped()) return;
      Result::template Write<T>(cpu, insn, result);
    }
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_ROW_H_
