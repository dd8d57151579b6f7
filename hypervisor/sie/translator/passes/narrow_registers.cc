#include <array>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;
using ir::Type;

namespace {

// What an instruction does with general registers, as bits from the right.
struct Uses {
  uint16_t reads_whole = 0;
  uint16_t sets_whole = 0;
  uint16_t sets_right_half = 0;
};

bool IsWhole(Type type) {
  return type == Type::kU64 || type == Type::kS64;
}
bool IsHalf(Type type) {
  return type == Type::kU32 || type == Type::kS32;
}

Uses UsesOf(const GuestBlock& block, const GuestInstruction& instruction) {
  Uses uses;
  const auto add = [](uint16_t& to, int64_t guest) { to |= static_cast<uint16_t>(1u << guest); };
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    const Operation& operation = block.ir.operations[i];
    switch (operation.opcode) {
      case Opcode::kGpr:
        if (IsWhole(operation.type)) add(uses.reads_whole, operation.immediates[0]);
        break;
      case Opcode::kSetGpr:
        if (IsWhole(operation.type)) add(uses.sets_whole, operation.immediates[0]);
        if (IsHalf(operation.type)) add(uses.sets_right_half, operation.immediates[0]);
        break;
      case Opcode::kSetGprHigh:
        add(uses.reads_whole, operation.immediates[0]);
        break;
      case Opcode::kAddress:
        // Register 0 stands for none.
        for (const int k : {0, 1})
          if (operation.immediates[k] != 0) add(uses.reads_whole, operation.immediates[k]);
        break;
      default:
        break;
    }
  }
  return uses;
}

class NarrowRegisters {
 public:
  NarrowRegisters(GuestBlock& block, uint16_t have_hosts) : block_(block), have_hosts_(have_hosts) {
    for (const GuestInstruction& one : block.instructions) uses_.push_back(UsesOf(block, one));
    needed_.resize(uses_.size());
  }

  void Find() {
    while (FindNeeded()) continue;
    while (FindStates()) continue;
  }

 private:
  GuestInstruction& At(int32_t number) { return block_.instructions[static_cast<size_t>(number)]; }

  // Of which registers bits 0-31 are read behind an instruction before they are set, if the block
  // isn't left.
  uint16_t NeededBehind(const GuestInstruction& one) const {
    uint16_t needed = 0;
    if (one.next >= 0) needed |= needed_[static_cast<size_t>(one.next)];
    if (one.taken >= 0) needed |= needed_[static_cast<size_t>(one.taken)];
    return needed;
  }

  bool FindNeeded() {
    bool changed = false;
    for (size_t i = uses_.size(); i-- > 0;) {
      const auto needed = static_cast<uint16_t>(
          (NeededBehind(block_.instructions[i]) & ~uses_[i].sets_whole) | uses_[i].reads_whole);
      changed = changed || needed != needed_[i];
      needed_[i] = needed;
    }
    return changed;
  }

  // Whoever comes to a head has its registers as it expects them. Answers whether one's have
  // changed.
  bool FindStates() {
    bool changed = false;
    for (size_t i = 0; i < uses_.size(); ++i) {
      GuestInstruction& one = block_.instructions[i];
      const Uses& uses = uses_[i];
      one.widens = one.narrow & uses.reads_whole;
      uint16_t narrow = one.narrow & ~one.widens;
      one.narrows =
          have_hosts_ & uses.sets_right_half & ~narrow & ~NeededBehind(one) & ~uses.sets_whole;
      narrow |= one.narrows;
      narrow &= ~uses.sets_whole;
      one.narrow_behind = narrow;
      for (const int32_t number : {one.next, one.taken}) {
        if (number < 0) continue;
        GuestInstruction& next = At(number);
        const bool is_straight =
            number == one.next && number == static_cast<int32_t>(i) + 1 && !next.head;
        const uint16_t before = next.narrow;
        if (is_straight) {
          next.narrow = narrow;
        } else {
          next.narrow |= narrow & ~needed_[static_cast<size_t>(number)];
        }
        changed = changed || next.narrow != before;
      }
    }
    return changed;
  }

  GuestBlock& block_;
  const uint16_t have_hosts_;
  std::vector<Uses> uses_;
  std::vector<uint16_t> needed_;
};

}  // namespace

void FindNarrowRegisters(GuestBlock& block, uint16_t have_hosts, bool always) {
  for (GuestInstruction& one : block.instructions)
    one.narrow = one.narrows = one.widens = one.narrow_behind = 0;
  if (always || HasLoop(block)) NarrowRegisters(block, have_hosts).Find();
}

}  // namespace hypervisor::passes
