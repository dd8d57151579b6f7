#include <algorithm>
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
  NarrowRegisters(GuestBlock& block, uint16_t have_hosts)
      : block_(block), have_hosts_(have_hosts), weights_(WeightsOf(block)) {
    for (const GuestInstruction& one : block.instructions) uses_.push_back(UsesOf(block, one));
    needed_.resize(uses_.size());
  }

  void Find() {
    while (FindNeeded()) continue;
    while (FindStates()) continue;
  }

 private:
  GuestInstruction& At(int32_t number) { return block_.instructions[static_cast<size_t>(number)]; }

  // By register: how often, at most, an instruction is executed that reads bits 0-31 before they
  // are set, if the block isn't left.
  using Needed = std::array<int, 16>;

  Needed NeededBehind(const GuestInstruction& one) const {
    Needed needed = {};
    for (const int32_t number : one.Successors()) {
      if (number < 0) continue;
      const Needed& there = needed_[static_cast<size_t>(number)];
      for (size_t r = 0; r < needed.size(); ++r) needed[r] = std::max(needed[r], there[r]);
    }
    return needed;
  }

  bool FindNeeded() {
    bool changed = false;
    for (size_t i = uses_.size(); i-- > 0;) {
      Needed needed = NeededBehind(block_.instructions[i]);
      for (size_t r = 0; r < needed.size(); ++r) {
        if ((uses_[i].sets_whole >> r & 1) != 0) needed[r] = 0;
        if ((uses_[i].reads_whole >> r & 1) != 0) needed[r] = weights_[i];
      }
      changed = changed || needed != needed_[i];
      needed_[i] = needed;
    }
    return changed;
  }

  // Those that are needed as often as the instruction with this number is executed. Others are made
  // whole where they are read.
  uint16_t NeededAsOften(const Needed& needed, size_t number) const {
    uint16_t often = 0;
    for (size_t r = 0; r < needed.size(); ++r)
      if (needed[r] >= weights_[number]) often |= static_cast<uint16_t>(1u << r);
    return often;
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
      one.narrows = have_hosts_ & uses.sets_right_half & ~narrow &
                    ~NeededAsOften(NeededBehind(one), i) & ~uses.sets_whole;
      narrow |= one.narrows;
      narrow &= ~uses.sets_whole;
      one.narrow_behind = narrow;
      for (const int32_t number : one.Successors()) {
        if (number < 0) continue;
        GuestInstruction& next = At(number);
        const bool is_straight =
            number == one.next && number == static_cast<int32_t>(i) + 1 && !next.head;
        const uint16_t before = next.narrow;
        if (is_straight) {
          next.narrow = narrow;
        } else {
          const auto head = static_cast<size_t>(number);
          next.narrow |= narrow & ~NeededAsOften(needed_[head], head);
        }
        changed = changed || next.narrow != before;
      }
    }
    return changed;
  }

  GuestBlock& block_;
  const uint16_t have_hosts_;
  std::vector<Uses> uses_;
  const std::vector<int> weights_;
  std::vector<Needed> needed_;
};

}  // namespace

void FindNarrowRegisters(GuestBlock& block, uint16_t have_hosts, bool always) {
  for (GuestInstruction& one : block.instructions)
    one.narrow = one.narrows = one.widens = one.narrow_behind = 0;
  if (always || HasLoop(block)) NarrowRegisters(block, have_hosts).Find();
}

}  // namespace hypervisor::passes
