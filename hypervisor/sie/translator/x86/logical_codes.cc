// The condition code of ADD LOGICAL and SUBTRACT LOGICAL: whether the result is zero, and whether
// there was a carry, which the result and what was added or subtracted tell.
#include <cstddef>
#include <optional>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

BlockEmitter::LogicalCode BlockEmitter::LogicalCodeOf(const Operation& tree) const {
  const auto argument = [this](const Operation& operation, size_t i) -> const Operation& {
    return *definitions_[operation.arguments[i]];
  };
  const auto is_zero = [](const Operation& operation) {
    return operation.opcode == Opcode::kConstant && operation.immediates[0] == 0;
  };
  if (tree.opcode != Opcode::kOr || tree.type != Type::kU8) return {};
  const Operation& first = argument(tree, 0);
  const Operation& second = argument(tree, 1);
  if (first.opcode != Opcode::kConvert || first.from != Type::kBool ||
      second.opcode != Opcode::kShiftLeft) {
    return {};
  }
  const Operation& differs = argument(first, 0);
  const Operation& bit = argument(second, 0);
  if (differs.opcode != Opcode::kNot || bit.opcode != Opcode::kConvert || bit.from != Type::kBool)
    return {};
  const Operation& equal = argument(differs, 0);
  if (equal.opcode != Opcode::kEqual || !is_zero(argument(equal, 1))) return {};
  const Operation& result = argument(equal, 0);
  const bool is_sum = result.opcode == Opcode::kAdd;
  if (!is_sum && result.opcode != Opcode::kSubtract) return {};
  const Operation* less = &argument(bit, 0);
  if (!is_sum) {
    if (less->opcode != Opcode::kNot) return {};
    less = &argument(*less, 0);
  }
  const ir::ValueId left = is_sum ? result.result : result.arguments[0];
  const ir::ValueId right = is_sum ? result.arguments[0] : result.arguments[1];
  if (less->opcode != Opcode::kLess || less->from != result.type || IsSigned(result.type) ||
      less->arguments[0] != left || less->arguments[1] != right) {
    return {};
  }
  ir::ValueId other = 0;
  if (StaysInInstruction(result.arguments[1])) {
    other = result.arguments[1];
  } else if (is_sum && StaysInInstruction(result.arguments[0])) {
    other = result.arguments[0];
  }
  return other == 0 ? LogicalCode{} : LogicalCode{&result, less, other};
}

// Of a sum, or of a difference, where no borrow is a carry.
BlockEmitter::Condition BlockEmitter::EvaluateCarry(bool carry) {
  if (pending_.kind == Pending::kLogicalSum) {
    return CompareInAnyOrder(pending_.a, pending_.b, pending_.type, carry ? Cond::kB : Cond::kAE);
  }
  // What was subtracted is added again: that carries if it had borrowed.
  const int width = WidthOf(pending_.type);
  int index;
  const Gp minuend = Sized(Scratch(index), width);
  a_.emit(Inst::kIdMov, minuend, OperandOf(pending_.a, width));
  a_.emit(Inst::kIdAdd, minuend, OperandOf(pending_.b, width));
  return {carry ? Cond::kAE : Cond::kB};
}

std::optional<BlockEmitter::Condition> BlockEmitter::EvaluateLogical(int mask) {
  const bool is_sum = pending_.kind == Pending::kLogicalSum;
  const auto test_zero = [this](Cond code) {
    TestZero(pending_.a, pending_.type);
    return Condition{code};
  };
  // Zero without a carry, code 0, is no difference.
  if (!is_sum) mask &= 7;
  if (!is_sum && (mask == 0 || mask == 7)) return Condition{Cond::kZ, true, mask == 7};
  if (mask == (is_sum ? 10 : 2)) return test_zero(Cond::kZ);
  if (mask == 5) return test_zero(Cond::kNZ);
  const Operand other = OperandOf(pending_.b, WidthOf(pending_.type));
  const bool is_long =
      other.isImm() && other.as<Imm>().value() != static_cast<int32_t>(other.as<Imm>().value());
  if (is_long) return std::nullopt;
  if (mask == 3) return EvaluateCarry(true);
  if (mask == (is_sum ? 12 : 4)) return EvaluateCarry(false);
  return std::nullopt;
}

}  // namespace hypervisor::x86
