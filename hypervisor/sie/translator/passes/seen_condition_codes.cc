#include <cstdint>
#include <vector>

#include "hypervisor/sie/translator/passes/effects.h"
#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

namespace {

// What an instruction does first with the condition code that it is entered with.
enum class First : uint8_t { kNothing, kSees, kSets };

bool Sees(Opcode opcode) {
  return opcode == Opcode::kCc || opcode == Opcode::kCcIn ||
         (MayLeave(opcode) && opcode != Opcode::kBranchIf);
}

First FirstOf(const GuestBlock& block, const GuestInstruction& instruction) {
  if (!instruction.recorded) return First::kSees;
  for (size_t j = instruction.first; j < instruction.last; ++j) {
    const Opcode opcode = block.ir.operations[j].opcode;
    if (opcode == Opcode::kSetCc) return First::kSets;
    if (Sees(opcode)) return First::kSees;
  }
  return First::kNothing;
}

// Takes away what sets a condition code that nobody sees, if it is `seen` that the instruction
// leaves.
void RemoveUnseen(GuestBlock& block, const GuestInstruction& instruction, bool seen) {
  if (!instruction.recorded) return;
  for (size_t j = instruction.last; j-- > instruction.first;) {
    Operation& operation = block.ir.operations[j];
    if (operation.opcode == Opcode::kSetCc) {
      if (!seen) operation = Operation{};
      seen = false;
    } else if (Sees(operation.opcode)) {
      seen = true;
    }
  }
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
  std::vector<First> first;
  first.reserve(block.instructions.size());
  for (GuestInstruction& instruction : block.instructions) {
    first.push_back(FirstOf(block, instruction));
    instruction.cc_is_seen = first.back() == First::kSees;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = first.size(); i-- > 0;) {
      GuestInstruction& instruction = block.instructions[i];
      if (instruction.cc_is_seen || first[i] == First::kSets) continue;
      instruction.cc_is_seen = IsSeenBehind(block, instruction);
      changed = changed || instruction.cc_is_seen;
    }
  }
  for (const GuestInstruction& instruction : block.instructions)
    RemoveUnseen(block, instruction, IsSeenBehind(block, instruction));
}

}  // namespace hypervisor::passes
