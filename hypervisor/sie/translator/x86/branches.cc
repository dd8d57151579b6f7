// Where a block goes on: branches within it, to other blocks, and back to C++.
#include <cstddef>

#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

// Others of the block come here with the condition code in the frame, if it is seen, and all
// charged.
void BlockEmitter::EmitHead(const GuestInstruction& instruction) {
  if (!ended_) {
    if (instruction.cc_is_seen) {
      if (unsettled_) SettlePending();
      StoreCc(pending_);
    }
    MakeNarrow(instruction.narrow);
    MakeUnreversed(instruction.unreversed);
  }
  if (heads_[index_].isValid()) a_.bind(heads_[index_]);
  narrow_ = instruction.narrow;
  unreversed_ = instruction.unreversed;
  DropPending();
  LetGoOfAll();
  flags_ = {};
  found_ = {};
}

void BlockEmitter::StoreBranchOrigin(uint64_t origin) {
  StoreImmediate64(State(offsetof(CpuState, breaking_event_address), 8), origin);
}

void BlockEmitter::EmitBranch() {
  const ValueId condition_id = branch_->arguments[0];
  const ValueId target_id = branch_->arguments[1];
  const bool is_static = values_[target_id].where == Where::kConstant;
  const auto target = static_cast<uint64_t>(values_[target_id].constant);
  const uint64_t origin = instruction_->address;
  Gp address = rax;
  if (!is_static) address = Load(target_id, 64);
  Settle(condition_id);
  const Condition condition = Evaluate(condition_id);
  if (condition.is_known && !condition.known) return;
  const Operation* asked = definitions_[condition_id];
  const bool by_code = asked->opcode == ir::Opcode::kCcIn && !instruction_sets_cc_;
  const int mask = by_code ? static_cast<int>(asked->immediates[0] & 15) : 15;
  const int32_t refund = instruction_->charge - 1;
  const int32_t taken = is_static ? instruction_->taken : GuestInstruction::kElsewhere;
  // The condition code needs no temporary that has the address: it saves what it borrows.
  Pending taken_cc = pending_;
  LearnCc(taken_cc, mask);
  const auto learn = [&] {
    Pending left = pending_;
    LearnCc(left, by_code ? 15 - mask : 15);
    if (left.kind != Pending::kConstant || pending_.kind == Pending::kConstant) return;
    DropPending();
    pending_ = left;
  };
  const bool back = taken >= 0 && taken <= static_cast<int32_t>(index_);
  const auto go = [this, is_static, target, refund, taken, back, origin,
                   address](const Pending& cc) {
    StoreBranchOrigin(origin);
    if (is_static) return GoTo(taken, back, target, cc, refund);
    for (const int32_t number : instruction_->returns)
      if (number >= 0) GoToIf(address, number, cc);
    StoreCc(cc);
    if (address.id() != rdx.id()) a_.mov(rdx, address.r64());
    LeaveRegisters();
    if (refund) Refund(refund);
    JumpToRegister();
  };
  if (condition.is_known) {
    if (taken >= 0 && taken == instruction_->next) return StoreBranchOrigin(origin);
    go(pending_);
    ended_ = true;
    return;
  }
  if (back) {
    // The loop goes on more often than not.
    Label leaves = a_.newLabel();
    a_.j(negateCond(condition.code), leaves);
    go(taken_cc);
    a_.bind(leaves);
    learn();
    return;
  }
  Label is_taken = a_.newLabel();
  a_.j(condition.code, is_taken);
  Warm(is_taken, [go, taken_cc] { go(taken_cc); });
  learn();
}

// To the instruction with this number, if it is the one at `address`.
void BlockEmitter::GoToIf(const Gp& address, int32_t number, const Pending& cc) {
  const GuestInstruction& head = guest_.instructions[static_cast<size_t>(number)];
  if (head.address > INT32_MAX) return;
  Label is_another = a_.newLabel();
  a_.cmp(address.r64(), imm(head.address));
  a_.jne(is_another);
  GoTo(number, number <= static_cast<int32_t>(index_), head.address, cc);
  a_.bind(is_another);
}

// `number` is the instruction's, if it is one of this block, `back` whether it stands before the
// one that goes there; `refund` has been charged in vain.
void BlockEmitter::GoTo(int32_t number, bool back, uint64_t address, const Pending& cc,
                        int32_t refund) {
  if (number < 0) {
    StoreCc(cc);
    LeaveRegisters();
    if (refund) Refund(refund);
    return JumpTo(address & guest_.address_mask);
  }
  const GuestInstruction& head = guest_.instructions[static_cast<size_t>(number)];
  const int32_t charge = head.charge - refund;
  if (head.cc_is_seen) StoreCc(cc);
  const uint16_t narrow = narrow_;
  const uint32_t unreversed = unreversed_;
  MakeNarrow(head.narrow);
  MakeUnreversed(head.unreversed);
  if (!back) {
    if (charge != 0) Charge(charge);
    a_.jmp(heads_[static_cast<size_t>(number)]);
    narrow_ = narrow;
    unreversed_ = unreversed;
    return;
  }
  // Back: this may be a loop, which is interrupted here.
  Label poll = a_.newLabel();
  Charge(charge);
  a_.jns(heads_[static_cast<size_t>(number)]);
  a_.jmp(poll);
  narrow_ = narrow;
  unreversed_ = unreversed;
  cold_.push_back(poll, [this, cc, &head] {
    narrow_ = head.narrow;
    unreversed_ = head.unreversed;
    if (!head.cc_is_seen) StoreCc(cc);
    LeaveRegisters();
    Refund(head.charge);
    LeaveTo(Leave::kBudget, head.address);
  });
}

// Up to where the distance of a jump that stands next is on its boundary: it is changed while other
// CPUs execute it.
void BlockEmitter::PadJump() {
  constexpr uint8_t kNothing[][3] = {{0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}};
  const size_t missing = (3 - a_.offset()) % 4;
  if (missing != 0) a_.embed(kNothing[missing - 1], missing);
}

// To another block.
void BlockEmitter::JumpTo(uint64_t target) {
  if (target & 1) return LeaveTo(Leave::kLookUp, target);
  if ((target & ~kPageMask) == (guest_.address & ~kPageMask)) {
    for (const Exit& other : exits_) {
      if (other.target == target) return a_.jmp(other.jump), void();
    }
    Label thunk = a_.newLabel();
    Label end = a_.newLabel();
    exits_.push_back({target, a_.newLabel()});
    a_.bind(exits_.back().jump);
    const uint32_t number = surroundings_.new_link();
    PadJump();
    a_.long_().jmp(thunk);
    a_.bind(end);
    links_.push_back({end, number});
    cold_.push_back(thunk, [this, number, target] {
      a_.mov(ecx, number);
      LeaveTo(Leave::kLink, target);
    });
    return;
  }
  // Another page may be anywhere: where it was is found with the address and the space.
  Label miss = a_.newLabel();
  const auto entry = static_cast<int32_t>((target >> 1) % kJumpEntries * sizeof(JumpEntry));
  a_.mov(rax, InFrame(offsetof(Frame, jumps), 8));
  if (target == static_cast<uint64_t>(static_cast<int32_t>(target))) {
    a_.cmp(qword_ptr(rax, entry), imm(static_cast<int32_t>(target)));
  } else {
    a_.mov(rcx, imm(target));
    a_.cmp(qword_ptr(rax, entry), rcx);
  }
  a_.jnz(miss);
  a_.mov(rcx, InFrame(offsetof(Frame, salt), 8));
  a_.cmp(qword_ptr(rax, entry + 8), rcx);
  a_.jnz(miss);
  a_.jmp(qword_ptr(rax, entry + 16));
  cold_.push_back(miss, [this, target] { LeaveTo(Leave::kLookUp, target); });
}

// To the address in rdx.
void BlockEmitter::JumpToRegister() {
  Label miss = a_.newLabel();
  a_.mov(eax, edx);
  a_.and_(eax, static_cast<int>((kJumpEntries - 1) << 1));
  a_.shl(eax, 4);
  a_.add(rax, InFrame(offsetof(Frame, jumps), 8));
  a_.cmp(ptr(rax, 0, 8), rdx);
  a_.jnz(miss);
  a_.mov(rcx, InFrame(offsetof(Frame, salt), 8));
  a_.cmp(ptr(rax, 8, 8), rcx);
  a_.jnz(miss);
  a_.jmp(ptr(rax, 16, 8));
  cold_.push_back(miss, [this] {
    a_.mov(rax, rdx);
    a_.jmp(imm(reinterpret_cast<uint64_t>(
        surroundings_.stubs.leave_to[static_cast<size_t>(Leave::kLookUp)])));
  });
}

}  // namespace hypervisor::x86
