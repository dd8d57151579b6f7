#include "hypervisor/sie/translator/x86/block_emitter.h"

#include <algorithm>
#include <cstddef>

#include "hypervisor/sie/translator/passes/passes.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;

BlockEmitter::BlockEmitter(asmjit::x86::Assembler& assembler, const GuestBlock& guest,
                           const std::vector<uint16_t>& uses, const Block* block,
                           const Surroundings& surroundings)
    : a_(assembler),
      guest_(guest),
      block_(block),
      surroundings_(surroundings),
      hosts_(kHostOf),
      uses_(uses.begin(), uses.end(), &memory_),
      values_(guest.ir.values + 1, &memory_),
      definitions_(guest.ir.values + 1, &memory_),
      targets_(guest.ir.values + 1, -1, &memory_) {
  for (size_t guest_register = 0; guest_register < 16; ++guest_register) {
    const uint8_t lender = guest_.lenders[guest_register];
    if (lender != GuestBlock::kNoHost) {
      hosts_[guest_register] = kHostOf[lender];
      hosts_[lender] = kNotPinned;
      borrowers_ |= static_cast<uint16_t>(1u << guest_register);
    }
  }
  for (int r = 0; r < 32; ++r)
    if (HasHost(r)) floating_hosted_ |= uint32_t{1} << r;
  for (const Operation& operation : guest_.ir.operations) {
    if (operation.result == 0) continue;
    size_t count = 1;
    if (operation.opcode == Opcode::kDivide || operation.opcode == Opcode::kDivideQuadword)
      count = 3;
    if (operation.opcode == Opcode::kCompareStorage) count = 2;
    if (operation.opcode == Opcode::kLoadSuccessive)
      count = static_cast<size_t>(operation.immediates[1]);
    for (size_t i = 0; i < count; ++i) definitions_[operation.result + i] = &operation;
  }
}

void BlockEmitter::EmitHot() {
  start_ = a_.newLabel();
  heads_.reserve(guest_.instructions.size());
  for (const GuestInstruction& instruction : guest_.instructions) {
    heads_.push_back(instruction.head || &instruction == guest_.instructions.data() ? a_.newLabel()
                                                                                    : Label());
  }
  unreversed_ = guest_.instructions.front().unreversed;
  EmitEntry();
  for (index_ = 0; index_ < guest_.instructions.size(); ++index_) {
    const GuestInstruction& instruction = guest_.instructions[index_];
    if (index_ > 0 && (instruction.head || ended_)) EmitHead(instruction);
    ended_ = false;
    instruction_ = &instruction;
    const size_t run = VectorRun();
    run > 0 ? EmitVectorRun(run) : EmitInstruction(instruction);
    const GuestInstruction& last = guest_.instructions[index_];
    if (!ended_ && last.next != static_cast<int32_t>(index_) + 1) {
      const bool back = last.next >= 0 && last.next <= static_cast<int32_t>(index_);
      GoTo(last.next, back, last.address + last.insn.length, pending_);
      ended_ = true;
    }
  }
  LetGoOfAll();
  is_behind_ = true;
  warm_.EmitAll(a_);
}

void BlockEmitter::EmitCold() {
  cold_.EmitAll(a_);
  EmbedQuadwords();
}

void BlockEmitter::EmitInstruction(const GuestInstruction& instruction) {
  instruction_ = &instruction;
  site_ = nullptr;
  branch_ = nullptr;
  if (instruction.widens != 0) Widen(instruction.widens);
  if (instruction.narrows != 0) Narrow(instruction.narrows);
  MakeUnreversed(instruction.unreversed);
  if (!instruction.recorded) {
    EmitHandler();
    unreversed_ = instruction.unreversed_behind;
    return;
  }
  instruction_sets_cc_ = false;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    if (guest_.ir.operations[i].opcode == Opcode::kSetCc) instruction_sets_cc_ = true;
  }
  FindTargets(instruction);
  end_of_instruction_ = Label();
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    EmitOperation(guest_.ir.operations[i]);
  }
  if (storage_temporary_ >= 0) {
    owners_[storage_temporary_] = 0;
    locked_[storage_temporary_] = false;
    storage_temporary_ = -1;
  }
  SettlePending();
  if (end_of_instruction_.isValid()) {
    a_.bind(end_of_instruction_);
    LetGoOfAll();
  }
  unreversed_ = instruction.unreversed_behind;
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
  site_->crosses = instruction_->crosses;
  site_->remaining = instruction_->charge - 1;
  return site_;
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
  LeaveRegisters();
  a_.mov(rax, imm(reinterpret_cast<uint64_t>(SiteHere())));
  a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.execute)));
}

void BlockEmitter::EmitHandler() {
  DeferCc();
  CallHandler();
  pending_.is_made = true;
  LetGoOfAll();
  ResumeRegisters();
}

void BlockEmitter::HandlerAt(const Label& slow, const Gp* operand, const Gp* second) {
  Site* site = SiteHere();
  site->has_operand = operand != nullptr;
  site->has_second = second != nullptr;
  const bool leaves = instruction_sets_cc_ || instruction_->branches || instruction_->crosses ||
                      SetsFloatingOf(pending_);
  const Gp address = operand ? operand->r64() : Gp(asmjit::x86::rax);
  const Gp other = second ? second->r64() : Gp(asmjit::x86::rax);
  if (!leaves && !end_of_instruction_.isValid()) end_of_instruction_ = a_.newLabel();
  Cold(slow, [this, leaves, site, address, other, end = end_of_instruction_,
              behind = instruction_->unreversed_behind] {
    StoreCc(*cold_pending_);
    if (site->has_operand) a_.mov(InFrame(offsetof(Frame, operand), 8), address);
    if (site->has_second) a_.mov(InFrame(offsetof(Frame, value), 8), other);
    LeaveRegisters();
    a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.execute_at)));
    const CallOfHandler call = {site};
    a_.embed(&call, sizeof(call));
    if (!leaves) {
      unreversed_ = behind;
      ResumeRegisters();  // as they are behind it
      a_.jmp(end);
      return;
    }
    if (site->remaining) Refund(site->remaining);
    LeaveTo(Leave::kLookUp, site->next);
  });
}

void BlockEmitter::Charge(int32_t instructions) {
  a_.sub(InFrame(offsetof(Frame, budget), 4), instructions);
}

void BlockEmitter::Refund(int32_t instructions) {
  Charge(-instructions);
}

void BlockEmitter::LeaveTo(Leave leave, uint64_t address) {
  address <= 0xffffffff ? a_.mov(eax, imm(address)) : a_.mov(rax, imm(address));
  a_.jmp(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.leave_to[static_cast<size_t>(leave)])));
}

}  // namespace hypervisor::x86
