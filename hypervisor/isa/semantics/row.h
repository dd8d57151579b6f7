// What a row of the instruction table does: read the operands, apply the semantics, write the
// result.
//
// Everything here is a template over a Cpu. The interpreter's Cpu computes; the translator's builds
// IR. So semantics use nothing but the Cpu's operations and the operators of its values:
//
//   Cpu::Value<T>            a T; + - * & | ^ ~ << >> and comparisons work within one type and wrap
//   cpu.Constant<T>(n)       a T known when the instruction was decoded
//   cpu.Convert<To>(v)       truncates, or extends by the sign of v's own type
//   cpu.Select(condition, a, b)
//   cpu.AddSigned(a, b), SubtractSigned, AddCarry ... {result, overflow or carry}
//   cpu.SetCc(v), cpu.Cc()
//   cpu.Load<T>(address, ar), cpu.Store<T>(address, ar, v)
//   cpu.BranchIf(condition, address)
//   cpu.Stopped()            an access or a test ended the instruction: store nothing more
#ifndef HYPERVISOR_ISA_SEMANTICS_ROW_H_
#define HYPERVISOR_ISA_SEMANTICS_ROW_H_

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

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
    // A result may have conditions of its own, which come before any access to storage.
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
