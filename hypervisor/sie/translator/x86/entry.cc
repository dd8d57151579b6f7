// Where a block is entered: whether the guest still has there what was translated.
#include <cstddef>
#include <cstring>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"
#include "hypervisor/storage/tlb.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

// What was translated is compared with what is there once in each epoch.
void BlockEmitter::EmitEntry() {
  Label compare = a_.newLabel();
  Label same = a_.newLabel();
  Label poll = a_.newLabel();
  stale_ = a_.newLabel();
  const int32_t charge = guest_.instructions.front().charge;
  a_.bind(start_);
  a_.mov(rax, InFrame(offsetof(Frame, epoch), 8));
  if (a_.offset() != kFirstInstructionLength) a_.reportError(kErrorInvalidState);
  const Mem seen = AtPages(SeenOffset(block_->number));
  a_.cmp(rax, seen);
  guest_.unwatched ? a_.jmp(compare) : a_.jnz(compare);
  a_.bind(same);
  Charge(charge);
  a_.js(poll);
  EnterRegisters();
  narrow_ = 0;
  MakeNarrow(guest_.instructions.front().narrow);
  a_.bind(heads_[0]);
  DropPending();
  Label first = a_.newLabel();
  warm_.push_back([this, compare, same, first, seen] {
    a_.bind(compare);
    a_.cmp(seen, 0);
    a_.jz(first);
    a_.mov(rax, imm(reinterpret_cast<uint64_t>(guest_.host)));
    Access(stale_);
    for (const GuestText& text : guest_.texts) EmitComparison(text, stale_);
    a_.mov(rax, InFrame(offsetof(Frame, epoch), 8));
    a_.mov(seen, rax);
    a_.jmp(same);
  });
  cold_.push_back([this, first, poll, charge] {
    a_.bind(stale_);
    LeaveOfBlock(Leave::kStale);
    a_.bind(first);
    LeaveOfBlock(Leave::kFirst);
    a_.bind(poll);
    Refund(charge);
    LeaveTo(Leave::kBudget, guest_.address);
  });
}

// For C++ to see to this block.
void BlockEmitter::LeaveOfBlock(Leave leave) {
  a_.mov(ecx, block_->number);
  LeaveTo(leave, guest_.address);
}

// rax is our address of the block's first instruction. Other CPUs and devices may have stored.
void BlockEmitter::EmitComparison(const GuestText& text, const Label& stale) {
  const auto length = static_cast<uint32_t>(text.bytes.size());
  const auto at = [&text](uint32_t offset) {
    return ptr(rax, text.offset + static_cast<int32_t>(offset));
  };
  const auto word = [&](uint32_t offset, auto type) {
    decltype(type) value;
    std::memcpy(&value, text.bytes.data() + offset, sizeof(value));
    return value;
  };
  if (length >= 16) {
    Label data = a_.newLabel();
    std::vector<uint32_t> offsets;
    for (uint32_t offset = 0; offset + 16 <= length; offset += 16) offsets.push_back(offset);
    if (length % 16 != 0) offsets.push_back(length - 16);
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < offsets.size(); ++i) {
      const Xmm xmm = i == 0 ? xmm0 : xmm1;
      a_.movdqu(xmm, at(offsets[i]));
      a_.pxor(xmm, ptr(data, static_cast<int32_t>(16 * i)));
      if (i > 0) a_.por(xmm0, xmm1);
      const auto from = text.bytes.begin() + offsets[i];
      bytes.insert(bytes.end(), from, from + 16);
    }
    a_.ptest(xmm0, xmm0);
    a_.jnz(stale);
    warm_.push_back([this, data, bytes] {
      a_.align(AlignMode::kData, 16);
      a_.bind(data);
      a_.embed(bytes.data(), bytes.size());
    });
  } else if (length >= 8) {
    for (const uint32_t offset : {0u, length - 8}) {
      a_.mov(rcx, imm(word(offset, uint64_t{})));
      a_.cmp(at(offset), rcx);
      a_.jnz(stale);
      if (length == 8) break;
    }
  } else if (length >= 4) {
    for (const uint32_t offset : {0u, length - 4}) {
      Mem mem = at(offset);
      mem.setSize(4);
      a_.cmp(mem, imm(word(offset, int32_t{})));
      a_.jnz(stale);
      if (length == 4) break;
    }
  } else {
    Mem mem = at(0);
    mem.setSize(2);
    a_.cmp(mem, imm(word(0, int16_t{})));
    a_.jnz(stale);
  }
}

// An instruction goes on in the next page, which may be any other by now, or none: whether the TLB
// knows it, and what stands there is what was translated. If not, its handler sees what it is.
void BlockEmitter::EmitRefetchPart(const Operation& operation) {
  const auto page = static_cast<uint64_t>(operation.immediates[0]);
  const EngineOffsets& at = surroundings_.engine;
  int index;
  const Gp engine = Scratch(index);
  const Gp tag = Scratch(index);
  const Gp entry = Scratch(index);
  Label slow = a_.newLabel();
  HandlerAt(slow);
  a_.mov(engine, InFrame(offsetof(Frame, transfer), 8));
  a_.mov(engine, ptr(engine, offsetof(Transfer, engine), 8));
  a_.mov(tag, ptr(engine, at.fetch_context, 8));
  a_.mov(entry.r32(), tag.r32());
  a_.shl(entry.r32(), Tlb::kContextShift);
  a_.xor_(entry.r32(), static_cast<int>((page >> 12) % Tlb::kEntries));
  a_.and_(entry.r32(), static_cast<int>(Tlb::kEntries - 1));
  static_assert(sizeof(Tlb::Entry) == 1 << 5);
  a_.shl(entry.r32(), 5);
  a_.add(entry, ptr(engine, at.tlb_entries, 8));
  a_.xor_(tag, ptr(entry, offsetof(Tlb::Entry, fetch_tag), 8));
  if (page == static_cast<uint64_t>(static_cast<int32_t>(page))) {
    a_.cmp(tag, static_cast<int32_t>(page));
  } else {
    a_.mov(engine, imm(page));
    a_.cmp(tag, engine);
  }
  a_.jne(slow);
  a_.mov(entry, ptr(entry, offsetof(Tlb::Entry, addend), 8));
  const bool is_short = operation.type == ir::Type::kU16;
  const int64_t expected = operation.immediates[1];
  Access(slow);
  is_short ? a_.cmp(word_ptr(tag, entry), imm(static_cast<int16_t>(expected)))
           : a_.cmp(dword_ptr(tag, entry), imm(static_cast<int32_t>(expected)));
  a_.jne(slow);
}

}  // namespace hypervisor::x86
