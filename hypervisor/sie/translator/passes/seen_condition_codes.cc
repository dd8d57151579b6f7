#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

namespace {

// Whether the condition code is seen that an instruction is entered with, if it is `seen` that it
// leaves. With `remove`, takes away what sets one that isn't.
bool IsSeenBefore(GuestBlock& block, const GuestInstruction& instruction, bool seen, bool remove) {
  if (!instruction.recorded) return true;
  for (size_t j = instruction.last; j-- > instruction.first;) {
    Operation& operation = block.ir.operations[j];
    if (operation.opcode == Opcode::kSetCc) {
      if (!seen && remove) operation = Operation{};
      seen = false;
    } else if (operation.opcode == Opcode::kCc || operation.opcode == Opcode::kCcIn ||
               (MayLeave(operation.opcode) && operation.opcode != Opcode::kBranchIf)) {
      seen = true;
    }
  }
  return seen;
}

// A branch is taken when the rest of its instruction is done. One that goes back polls, and what
// interrupts the loop there sees the code.
bool IsSeenBehind(const GuestBlock& block, const GuestInstruction& instruction) {
  const auto own = static_cast<int32_t>(&instruction - block.instructions.data());
  const auto seen = [&](int32_t number) {
    return number <= own || block.instructions[static_cast<size_t>(number)].cc_is_seen;
  };
  return (instruction.falls_through && seen(instruction.next)) ||
         (instruction.branches && seen(instruction.taken));
}

}  // namespace

void FindSeenConditionCodes(GuestBlock& block) {
  for (GuestInstruction& instruction : block.instructions) instruction.cc_is_seen = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = block.instructions.size(); i-- > 0;) {
      GuestInstruction& instruction = block.instructions[i];
      if (instruction.cc_is_seen) continue;
      instruction.cc_is_seen =
          IsSeenBefore(block, instruction, IsSeenBehind(block, instruction), false);
      changed = changed || instruction.cc_is_seen;
    }
  }
  for (GuestInstruction& instruction : block.instructions)
    IsSeenBefore(block, instruction, IsSeenBehind(block, instruction), true);
}

}  // namespace hypervisor::passes
