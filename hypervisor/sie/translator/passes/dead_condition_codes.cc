#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

void RemoveDeadConditionCodes(GuestBlock& block) {
  bool live = true;
  for (size_t i = block.instructions.size(); i-- > 0;) {
    const GuestInstruction& instruction = block.instructions[i];
    if (!instruction.recorded) {
      live = true;
      continue;
    }
    // A branch is taken when the rest of its instruction is done: it sees this one's code.
    for (size_t j = instruction.first; j < instruction.last; ++j) {
      if (block.ir.operations[j].opcode == Opcode::kBranchIf) live = true;
    }
    for (size_t j = instruction.last; j-- > instruction.first;) {
      Operation& operation = block.ir.operations[j];
      if (operation.opcode == Opcode::kSetCc) {
        if (!live) operation = Operation{};
        live = false;
      } else if (operation.opcode == Opcode::kCc || operation.opcode == Opcode::kCcIn ||
                 (MayLeave(operation.opcode) && operation.opcode != Opcode::kBranchIf)) {
        live = true;
      }
    }
  }
}

}  // namespace hypervisor::passes
