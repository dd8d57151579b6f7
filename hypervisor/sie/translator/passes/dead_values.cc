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

}  // namespace

std::vector<uint16_t> RemoveDeadValues(ir::Block& block) {
  std::vector<uint16_t> uses(block.values + 1);
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
    for (const ValueId argument : operation.arguments) ++uses[argument];
  }
  return uses;
}

}  // namespace hypervisor::passes
