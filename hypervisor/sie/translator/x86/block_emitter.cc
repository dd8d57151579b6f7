#include "hypervisor/sie/translator/x86/block_emitter.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/passes/passes.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

BlockEmitter::BlockEmitter(asmjit::x86::Assembler& assembler, const GuestBlock& guest,
                           const std::vector<uint16_t>& uses, const Block* block,
                           const Surroundings& surroundings)
    : a_(assembler),
      guest_(guest),
      block_(block),
      surroundings_(surroundings),
      uses_(uses),
      values_(guest.ir.values + 1),
      definitions_(guest.ir.values + 1),
      targets_(guest.ir.values + 1, -1) {
  for (const Operation& operation : guest_.ir.operations) {
    if (operation.result == 0) continue;
    size_t count = 1;
    if (operation.opcode == Opcode::kDivide || operation.opcode == Opcode::kDivideQuadword)
      count = 3;
    if (operation.opcode == Opcode::kLoadSuccessive)
      count = static_cast<size_t>(operation.immediates[1]);
    for (size_t i = 0; i < count; ++i) definitions_[operation.result + i] = &operation;
  }
}

void BlockEmitter::Emit() {
  start_ = a_.newLabel();
  body_ = a_.newLabel();
  EmitEntry();
  for (index_ = 0; index_ < guest_.instructions.size() && !ended_; ++index_) {
    EmitInstruction(guest_.instructions[index_]);
  }
  if (!ended_) {
    Materialize();
    JumpTo(guest_.address + guest_.length, 0);
  }
  // Cold code may have cold code of its own.
  for (size_t i = 0; i < cold_.size(); ++i) {
    const std::function<void()> emit = std::move(cold_[i]);
    emit();
  }
}

// What was translated is compared with what is there once in each epoch.
void BlockEmitter::EmitEntry() {
  Label compare = a_.newLabel();
  const auto count = static_cast<int32_t>(guest_.instructions.size());
  a_.bind(start_);
  a_.mov(rax, InFrame(offsetof(Frame, epoch), 8));
  a_.cmp(rax, AbsoluteWord(block_->seen));
  a_.jnz(compare);
  a_.bind(body_);
  a_.sub(InFrame(offsetof(Frame, budget), 4), count);
  after_budget_ = a_.newLabel();
  poll_ = a_.newLabel();
  a_.js(poll_);
  a_.bind(after_budget_);
  cold_.push_back([this, compare, count] {
    EmitComparison(compare);
    a_.bind(poll_);
    a_.add(InFrame(offsetof(Frame, budget), 4), count);
    LeaveTo(Leave::kBudget, guest_.address);
  });
}

// Other CPUs and devices may have stored into it.
void BlockEmitter::EmitComparison(const Label& compare) {
  a_.bind(compare);
  Label stale = a_.newLabel();
  const uint32_t length = guest_.length;
  a_.mov(rax, imm(reinterpret_cast<uint64_t>(guest_.host)));
  Access(stale);
  const auto word = [&](uint32_t offset, auto type) {
    decltype(type) value;
    std::memcpy(&value, guest_.host_copy.data() + offset, sizeof(value));
    return value;
  };
  if (length >= 16) {
    Label data = a_.newLabel();
    uint32_t offsets[(4096 / 16) + 1];
    uint32_t count = 0;
    for (uint32_t offset = 0; offset + 16 <= length; offset += 16) offsets[count++] = offset;
    if (length % 16 != 0) offsets[count++] = length - 16;
    for (uint32_t i = 0; i < count; ++i) {
      const Xmm xmm = i == 0 ? xmm0 : xmm1;
      a_.movdqu(xmm, ptr(rax, static_cast<int32_t>(offsets[i])));
      a_.pxor(xmm, ptr(data, static_cast<int32_t>(16 * i)));
      if (i > 0) a_.por(xmm0, xmm1);
    }
    a_.ptest(xmm0, xmm0);
    a_.jnz(stale);
    std::vector<uint8_t> bytes;
    for (uint32_t i = 0; i < count; ++i) {
      bytes.insert(bytes.end(), guest_.host_copy.begin() + offsets[i],
                   guest_.host_copy.begin() + offsets[i] + 16);
    }
    cold_.push_back([this, data, bytes] {
      a_.align(AlignMode::kData, 16);
      a_.bind(data);
      a_.embed(bytes.data(), bytes.size());
    });
  } else if (length >= 8) {
    for (const uint32_t offset : {0u, length - 8}) {
      a_.mov(rcx, imm(word(offset, uint64_t{})));
      a_.cmp(ptr(rax, static_cast<int32_t>(offset)), rcx);
      a_.jnz(stale);
      if (length == 8) break;
    }
  } else if (length >= 4) {
    for (const uint32_t offset : {0u, length - 4}) {
      a_.cmp(dword_ptr(rax, static_cast<int32_t>(offset)), imm(word(offset, int32_t{})));
      a_.jnz(stale);
      if (length == 4) break;
    }
  } else {
    a_.cmp(word_ptr(rax), imm(word(0, int16_t{})));
    a_.jnz(stale);
  }
  a_.mov(rax, InFrame(offsetof(Frame, epoch), 8));
  a_.mov(AbsoluteWord(block_->seen), rax);
  a_.jmp(body_);
  a_.bind(stale);
  LeaveTo(Leave::kStale, guest_.address);
}

void BlockEmitter::EmitInstruction(const GuestInstruction& instruction) {
  instruction_ = &instruction;
  site_ = nullptr;
  branch_ = nullptr;
  if (!instruction.recorded) {
    EmitHandler();
    return;
  }
  instruction_sets_cc_ = false;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    if (guest_.ir.operations[i].opcode == Opcode::kSetCc) instruction_sets_cc_ = true;
  }
  FindTargets(instruction);
  end_of_instruction_ = a_.newLabel();
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    EmitOperation(guest_.ir.operations[i]);
  }
  if (storage_temporary_ >= 0) {
    owners_[storage_temporary_] = 0;
    locked_[storage_temporary_] = false;
    storage_temporary_ = -1;
  }
  SettlePending();
  a_.bind(end_of_instruction_);
  if (branch_) EmitBranch();
  // Nothing of this instruction lives on.
  for (ValueId& owner : owners_) {
    if (owner != kPendingA && owner != kPendingB) owner = 0;
  }
  std::fill(std::begin(locked_), std::end(locked_), false);
  slots_ = 0;
}

Site* BlockEmitter::SiteHere() {
  if (site_) return site_;
  site_ = surroundings_.new_site();
  site_->address = instruction_->address;
  site_->next = (instruction_->address + instruction_->insn.length) & guest_.address_mask;
  site_->block = block_;
  site_->handler = instruction_->handler;
  site_->insn = instruction_->insn;
  site_->serializes = instruction_->serializes;
  site_->remaining = static_cast<int32_t>(guest_.instructions.size() - index_ - 1);
  return site_;
}

void BlockEmitter::Cold(std::function<void()> emit) {
  cold_.push_back([this, snapshot = pending_, emit = std::move(emit)] {
    // The label that `emit` binds comes first.
    cold_pending_ = &snapshot;
    emit();
    cold_pending_ = nullptr;
  });
}

void BlockEmitter::StoreImmediate64(const Mem& at, uint64_t value) {
  Mem half = at;
  if (value == static_cast<uint64_t>(static_cast<int32_t>(value))) {
    half.setSize(8);
    a_.mov(half, imm(static_cast<int32_t>(value)));
    return;
  }
  half.setSize(4);
  a_.mov(half, imm(static_cast<uint32_t>(value)));
  half.addOffset(4);
  a_.mov(half, imm(static_cast<uint32_t>(value >> 32)));
}

// The CPU is as the interpreter leaves it between two instructions.
void BlockEmitter::CallHandler() {
  StoreImmediate64(InFrame(offsetof(Frame, site), 8), reinterpret_cast<uint64_t>(SiteHere()));
  a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.execute)));
}

void BlockEmitter::EmitHandler() {
  Materialize();
  CallHandler();
}

void BlockEmitter::HandlerAt(const Label& slow, const Gp* operand) {
  Site* site = SiteHere();
  site->has_operand = operand != nullptr;
  const bool leaves = instruction_sets_cc_ || InstructionBranches();
  const Gp address = operand ? operand->r64() : Gp(asmjit::x86::rax);
  Cold([this, slow, leaves, site, address, end = end_of_instruction_] {
    a_.bind(slow);
    StoreCc(*cold_pending_);
    if (site->has_operand) a_.mov(InFrame(offsetof(Frame, operand), 8), address);
    StoreImmediate64(InFrame(offsetof(Frame, site), 8), reinterpret_cast<uint64_t>(site));
    a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.execute)));
    if (!leaves) {
      a_.jmp(end);
      return;
    }
    if (site->remaining) a_.add(InFrame(offsetof(Frame, budget), 4), site->remaining);
    LeaveTo(Leave::kLookUp, site->next);
  });
}

bool BlockEmitter::InstructionBranches() const {
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    if (guest_.ir.operations[i].opcode == Opcode::kBranchIf) return true;
  }
  return false;
}

void BlockEmitter::LeaveTo(Leave leave, uint64_t address) {
  a_.mov(rax, InFrame(offsetof(Frame, transfer), 8));
  a_.mov(ptr(rax, offsetof(Transfer, leave), 4), static_cast<int>(leave));
  StoreImmediate64(ptr(rax, offsetof(Transfer, address), 8), address);
  a_.jmp(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.leave)));
}

void BlockEmitter::StoreBranchOrigin(uint64_t origin) {
  StoreImmediate64(State(offsetof(CpuState, breaking_event_address), 8), origin);
}

void BlockEmitter::EmitBranch() {
  const ValueId condition_id = branch_->arguments[0];
  const ValueId target_id = branch_->arguments[1];
  const bool is_static = values_[target_id].where == Where::kConstant;
  const auto target = static_cast<uint64_t>(values_[target_id].constant);
  const auto refund = static_cast<int32_t>(guest_.instructions.size() - index_ - 1);
  const uint64_t origin = instruction_->address;
  Gp address = rax;
  if (!is_static) address = Load(target_id, 64);
  Settle(condition_id);
  const Condition condition = Evaluate(condition_id);
  if (condition.is_known && !condition.known) return;
  const auto go = [this, is_static, target, refund, origin, address] {
    StoreBranchOrigin(origin);
    is_static ? JumpTo(target, refund) : JumpToRegister(address, refund);
  };
  if (condition.is_known) {
    // StoreCc needs no temporary that has the address: it saves what it borrows.
    StoreCc(pending_);
    go();
    ended_ = true;
    return;
  }
  Label taken = a_.newLabel();
  a_.j(condition.code, taken);
  Cold([this, taken, go] {
    a_.bind(taken);
    StoreCc(*cold_pending_);
    go();
  });
}

void BlockEmitter::JumpTo(uint64_t target, int32_t refund) {
  if (target == guest_.address) {
    // Round again: charged for the instructions of this time, and then for all.
    const auto executed = static_cast<int32_t>(guest_.instructions.size()) - refund;
    a_.sub(InFrame(offsetof(Frame, budget), 4), executed);
    a_.js(poll_);
    a_.jmp(after_budget_);
    return;
  }
  if (refund) a_.add(InFrame(offsetof(Frame, budget), 4), refund);
  if (target & 1) return LeaveTo(Leave::kLookUp, target);
  if ((target & ~kPageMask) == (guest_.address & ~kPageMask)) {
    Label thunk = a_.newLabel();
    Label end = a_.newLabel();
    const uint32_t number = surroundings_.new_link();
    a_.long_().jmp(thunk);
    a_.bind(end);
    links_.push_back({end, number});
    cold_.push_back([this, thunk, number, target] {
      a_.bind(thunk);
      a_.mov(rax, InFrame(offsetof(Frame, transfer), 8));
      a_.mov(ptr(rax, offsetof(Transfer, link), 4), number);
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
  cold_.push_back([this, miss, target] {
    a_.bind(miss);
    LeaveTo(Leave::kLookUp, target);
  });
}

void BlockEmitter::JumpToRegister(Gp target, int32_t refund) {
  if (refund) a_.add(InFrame(offsetof(Frame, budget), 4), refund);
  Label miss = a_.newLabel();
  if (target.id() != rdx.id()) a_.mov(rdx, target.r64());
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
  cold_.push_back([this, miss] {
    a_.bind(miss);
    a_.mov(rax, InFrame(offsetof(Frame, transfer), 8));
    a_.mov(ptr(rax, offsetof(Transfer, leave), 4), static_cast<int>(Leave::kLookUp));
    a_.mov(ptr(rax, offsetof(Transfer, address), 8), rdx);
    a_.jmp(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.leave)));
  });
}

}  // namespace hypervisor::x86
