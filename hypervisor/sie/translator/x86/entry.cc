// Where a block is entered: whether the guest still has there what was translated.
#include <cstddef>
#include <cstring>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

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
  Mem seen = ptr(static_cast<uint64_t>(int64_t{SeenOffset(block_->number)}), 8);
  seen.setAbs();
  seen.setSegment(gs);
  a_.cmp(rax, seen);
  guest_.unwatched ? a_.jmp(compare) : a_.jnz(compare);
  a_.bind(same);
  a_.sub(kBudget, charge);
  a_.js(poll);
  EnterRegisters();
  narrow_ = 0;
  MakeNarrow(guest_.instructions.front().narrow);
  a_.bind(heads_[0]);
  DropPending();
  cold_.push_back([this, compare, same, poll, charge, seen] {
    Label first = a_.newLabel();
    a_.bind(compare);
    a_.cmp(seen, 0);
    a_.jz(first);
    a_.mov(rax, imm(reinterpret_cast<uint64_t>(guest_.host)));
    Access(stale_);
    for (const GuestText& text : guest_.texts) EmitComparison(text, stale_);
    a_.mov(rax, InFrame(offsetof(Frame, epoch), 8));
    a_.mov(seen, rax);
    a_.jmp(same);
    a_.bind(stale_);
    LeaveOfBlock(Leave::kStale);
    a_.bind(first);
    LeaveOfBlock(Leave::kFirst);
    a_.bind(poll);
    a_.add(kBudget, charge);
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
    cold_.push_back([this, data, bytes] {
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

}  // namespace hypervisor::x86
