#include <vector>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;
using ir::Type;
using ir::VectorOperation;

namespace {

uint32_t Bit(const Operation& operation) {
  return uint32_t{1} << operation.immediates[0];
}

// What an instruction does with vector registers, as bits from the right.
struct Uses {
  uint32_t loads = 0;     // loaded, and nothing else
  uint32_t either = 0;    // used as storage has them or reversed, all of them in one way
  uint32_t reversed = 0;  // used in another way
  uint32_t sets = 0;      // set by what isn't a load
};

Uses UsesOf(const ir::Block& block, const GuestInstruction& instruction, uint32_t& floating) {
  Uses uses;
  uint32_t read = 0;
  uint32_t set = 0;
  bool loads = false;
  bool stores = false;
  bool finds = false;
  bool other = false;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    const Operation& operation = block.operations[i];
    switch (operation.opcode) {
      case Opcode::kNothing:
      case Opcode::kAddress:
      case Opcode::kConvert:
        break;
      case Opcode::kVr:
        read |= Bit(operation);
        break;
      case Opcode::kSetVr:
        set |= Bit(operation);
        break;
      case Opcode::kLoad:
        operation.type == Type::kVector ? loads = true : other = true;
        break;
      case Opcode::kStore:
        operation.type == Type::kVector ? stores = true : other = true;
        break;
      case Opcode::kVectorFirst:
        finds = true;
        break;
      case Opcode::kVector: {
        const auto what = static_cast<VectorOperation>(operation.immediates[0]);
        other = other || (what != VectorOperation::kEqual && what != VectorOperation::kEqualZero &&
                          what != VectorOperation::kLeft);
        break;
      }
      case Opcode::kFpr:
      case Opcode::kFprHigh:
      case Opcode::kSetFpr:
      case Opcode::kSetFprHigh:
      case Opcode::kSetRoundedBfp:
        floating |= Bit(operation);
        other = true;
        break;
      default:
        other = true;
        break;
    }
  }
  const int kinds = (loads ? 1 : 0) + (stores ? 1 : 0) + (finds ? 1 : 0);
  if (other || kinds != 1) {
    uses.reversed = read | set;
  } else if (loads) {
    uses.loads = set;
  } else {
    uses.either = read;
    uses.sets = set;
  }
  return uses;
}

class Finder {
 public:
  explicit Finder(GuestBlock& block)
      : block_(block),
        uses_(block.instructions.size()),
        wanted_(block.instructions.size() + 1),
        coming_(block.instructions.size() + 1) {}

  void Find() {
    uint32_t floating = 0;
    uint32_t loaded = 0;
    for (size_t i = 0; i < uses_.size(); ++i) {
      uses_[i] = UsesOf(block_.ir, block_.instructions[i], floating);
      loaded |= uses_[i].loads;
    }
    // A condition code may wait for a floating-point register as it is.
    for (uint32_t r = 0; r < 32; ++r) {
      const bool has_host = block_.floating_hosts[r] != GuestBlock::kNoHost;
      if (has_host && (loaded & ~floating) >> r & 1) possible_ |= uint32_t{1} << r;
    }
    if (possible_ == 0) return;
    constexpr int kRounds = 3;  // loops within loops come to rest
    for (int round = 0; round < kRounds; ++round) FindWanted();
    for (int round = 0; round < kRounds; ++round) Decide();
  }

 private:
  // Where registers may as well be unreversed, seen from what comes next.
  void FindWanted() {
    for (size_t i = uses_.size(); i-- > 0;) {
      const Uses& uses = uses_[i];
      const uint32_t touched = uses.loads | uses.either | uses.reversed | uses.sets;
      wanted_[i] = ((WantedBehind(i) & ~touched) | uses.loads | uses.either) & ~uses.reversed;
    }
  }
  uint32_t WantedBehind(size_t i) const {
    const GuestInstruction& instruction = block_.instructions[i];
    // A loop goes on more often than not.
    if (instruction.taken >= 0 && instruction.taken <= static_cast<int32_t>(i))
      return wanted_[static_cast<size_t>(instruction.taken)];
    return instruction.next >= 0 ? wanted_[static_cast<size_t>(instruction.next)] : 0;
  }

  void Decide() {
    uint32_t now = 0;
    for (size_t i = 0; i < uses_.size(); ++i) {
      GuestInstruction& instruction = block_.instructions[i];
      const Uses& uses = uses_[i];
      if (instruction.head || i == 0) now = coming_[i] & wanted_[i];
      now &= possible_ & ~uses.reversed;
      if ((now & uses.either) != uses.either) now &= ~uses.either;
      instruction.unreversed = now;
      now &= ~(uses.sets | uses.loads);
      now |= uses.loads & possible_ & WantedBehind(i);
      instruction.unreversed_behind = now;
      for (const int32_t next : instruction.Successors())
        if (next >= 0) coming_[static_cast<size_t>(next)] |= now;
      if (instruction.next != static_cast<int32_t>(i) + 1) now = 0;
    }
  }

  GuestBlock& block_;
  std::vector<Uses> uses_;
  std::vector<uint32_t> wanted_;
  std::vector<uint32_t> coming_;  // from those that go there
  uint32_t possible_ = 0;
};

}  // namespace

void FindUnreversedVectors(GuestBlock& block) {
  Finder(block).Find();
}

}  // namespace hypervisor::passes
