#include <bit>
#include <cstddef>
#include <cstdint>

#include "hypervisor/sie/translator/passes/effects.h"
#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;
using ir::ValueId;

namespace {

int ResultsOf(const Operation& operation) {
  switch (operation.opcode) {
    case Opcode::kDivide:
    case Opcode::kDivideQuadword:
      return 3;
    case Opcode::kLoadQuadword:
    case Opcode::kCompareAndSwapQuadword:
    case Opcode::kCompareStorage:
      return 2;
    case Opcode::kLoadSuccessive:
      return static_cast<int>(operation.immediates[1]);
    default:
      return 1;
  }
}

// The operation whose result an earlier one of the same instruction is; null if it isn't near.
const Operation* MadeBefore(const ir::Block& block, const Operation& operation, ValueId id) {
  constexpr ptrdiff_t kNear = 24;
  const ptrdiff_t before = &operation - block.operations.data();
  for (ptrdiff_t i = 1; i <= before && i <= kNear; ++i) {
    const Operation* made = &operation - i;
    if (made->result == id) return made;
  }
  return nullptr;
}

// What is selected if a value isn't equal to a constant.
struct Otherwise {
  ValueId id = 0;      // 0: none
  ValueId tested = 0;  // the value
  uint64_t constant = 0;
};

Otherwise OtherwiseOf(const ir::Block& block, const Operation& select) {
  const Operation* equal = MadeBefore(block, select, select.arguments[0]);
  if (!equal || equal->opcode != Opcode::kEqual) return {};
  const Operation* constant = MadeBefore(block, *equal, equal->arguments[1]);
  if (!constant || constant->opcode != Opcode::kConstant) return {};
  return {select.arguments[2], equal->arguments[0], static_cast<uint64_t>(constant->immediates[0])};
}

// Whether nothing but the bits of a mask is ever in a value.
bool IsMaskedBy(const ir::Block& block, const Operation& behind, ValueId id, uint64_t mask) {
  const Operation* made = MadeBefore(block, behind, id);
  if (!made || made->opcode != Opcode::kAnd) return false;
  const Operation* constant = MadeBefore(block, *made, made->arguments[1]);
  return constant && constant->opcode == Opcode::kConstant &&
         static_cast<uint64_t>(constant->immediates[0]) == mask;
}

}  // namespace

std::vector<uint16_t> RemoveDeadValues(ir::Block& block) {
  std::vector<uint16_t> uses(block.values + 1);
  Otherwise not_zero;  // of the latest selection for TEST UNDER MASK
  for (size_t i = block.operations.size(); i-- > 0;) {
    Operation& operation = block.operations[i];
    if (operation.opcode == Opcode::kNothing) continue;
    if (!HasEffect(operation.opcode)) {
      bool used = false;
      for (int j = 0; j < ResultsOf(operation); ++j) {
        used = used || uses[operation.result + static_cast<ValueId>(j)] != 0;
      }
      if (!used) {
        operation = Operation{};
        continue;
      }
    }
    if (operation.opcode == Opcode::kSelect && operation.type == ir::Type::kU8) {
      const Otherwise otherwise = OtherwiseOf(block, operation);
      // A single bit that is selected and isn't zero is one: the code isn't that of mixed ones.
      if (not_zero.id == operation.result && uses[operation.result] == 1 &&
          not_zero.tested == otherwise.tested && std::has_single_bit(otherwise.constant) &&
          IsMaskedBy(block, operation, otherwise.tested, otherwise.constant)) {
        operation.arguments[2] = operation.arguments[1];
      }
      not_zero = otherwise.id != 0 && otherwise.constant == 0 ? otherwise : Otherwise{};
    }
    for (const ValueId argument : operation.arguments) ++uses[argument];
  }
  return uses;
}

}  // namespace hypervisor::passes
