// Runs of VL, and of VST, whose operands stand beside one another: their pages are found once. What
// isn't known at once is done one by one, behind the block.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

namespace {

constexpr int kLength = 16;
constexpr int64_t kLongestRun = 256;  // what a window leaves behind its last address

enum class Kind { kNone, kLoad, kStore };

// Whether an instruction is VL or VST, and no more.
Kind KindOf(const ir::Block& block, const GuestInstruction& instruction) {
  int addresses = 0;
  int loads = 0;
  int stores = 0;
  int reads = 0;
  int sets = 0;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    const ir::Operation& operation = block.operations[i];
    switch (operation.opcode) {
      case Opcode::kNothing:
        break;
      case Opcode::kAddress:
        ++addresses;
        break;
      case Opcode::kLoad:
        loads += operation.type == Type::kVector ? 1 : 2;
        break;
      case Opcode::kStore:
        stores += operation.type == Type::kVector ? 1 : 2;
        break;
      case Opcode::kVr:
        ++reads;
        break;
      case Opcode::kSetVr:
        ++sets;
        break;
      default:
        return Kind::kNone;
    }
  }
  if (!instruction.recorded || addresses != 1 || loads + stores != 1) return Kind::kNone;
  if (loads == 1 && sets == 1 && reads == 0) return Kind::kLoad;
  return stores == 1 && reads == 1 && sets == 0 ? Kind::kStore : Kind::kNone;
}

}  // namespace

// None is a run of nothing; a load by the window alone is one, since its address is found with the
// window's begin taken off.
size_t BlockEmitter::VectorRun() const {
  const auto& all = guest_.instructions;
  const GuestInstruction& first = all[index_];
  const Kind kind = KindOf(guest_.ir, first);
  if (kind == Kind::kNone || guest_.address_mask != ~uint64_t{0} || pending_.IsFloating()) return 0;
  int64_t least = first.insn.d2;
  int64_t most = first.insn.d2;
  size_t count = 0;
  for (size_t i = index_; i < all.size(); ++i) {
    const GuestInstruction& next = all[i];
    const bool follows = i == index_ || (all[i - 1].next == static_cast<int32_t>(i) && !next.head &&
                                         next.narrows == 0 && next.widens == 0);
    if (!follows || KindOf(guest_.ir, next) != kind || next.insn.x2 != first.insn.x2 ||
        next.insn.b2 != first.insn.b2 || !HasHost(next.insn.r1)) {
      break;
    }
    least = std::min<int64_t>(least, next.insn.d2);
    most = std::max<int64_t>(most, next.insn.d2);
    if (most + kLength - least > kLongestRun) break;
    ++count;
    if (next.serializes || next.crosses || next.branches) break;
  }
  const bool by_window = kind == Kind::kLoad && IsLikelyInWindow();
  return count > 1 || by_window ? count : 0;
}

// Of the first byte, in its register if it has one.
Gp BlockEmitter::FormRunAddress(int64_t displacement) {
  const auto d = static_cast<int32_t>(displacement);
  const int b = instruction_->insn.b2;
  const int x = instruction_->insn.x2;
  if (d == 0 && (b == 0) != (x == 0) && IsPinned(b | x)) return Pinned(b | x);
  int index;
  const Gp address = Scratch(index);
  const int first = b != 0 && !IsPinned(b) ? b : x != 0 && !IsPinned(x) ? x : b;
  const int second = first == b ? x : b;
  if (b == 0 && x == 0) {
    a_.mov(address, imm(displacement));
  } else if (b == 0 || x == 0) {
    const int only = b | x;
    if (IsPinned(only)) {
      a_.lea(address, ptr(Pinned(only), d));
    } else {
      a_.mov(address, Gpr(only));
      if (d != 0) a_.add(address, d);
    }
  } else if (IsPinned(first)) {
    a_.lea(address, ptr(Pinned(first), Pinned(second), 0, d));
  } else {
    a_.mov(address, Gpr(first));
    if (IsPinned(second)) {
      a_.lea(address, ptr(address, Pinned(second), 0, d));
    } else {
      a_.add(address, Gpr(second));
      if (d != 0) a_.add(address, d);
    }
  }
  return address;
}

void BlockEmitter::EmitRunAccess(const GuestInstruction& instruction, const Mem& at,
                                 const Label& slow) {
  const int r = instruction.insn.r1;
  const Xmm host = HostOf(r);
  if (KindOf(guest_.ir, instruction) == Kind::kLoad) {
    Access(slow);
    a_.vmovdqu(host, at);
    if ((instruction.unreversed_behind >> r & 1) == 0) a_.vpshufb(host, host, SwappedBytes());
    return;
  }
  const bool as_it_is = (instruction.unreversed >> r & 1) != 0;
  if (!as_it_is) a_.vpshufb(xmm1, host, SwappedBytes());
  Access(slow);
  a_.vmovdqu(at, as_it_is ? host : xmm1);
}

// This instruction's handler, and the rest one by one.
void BlockEmitter::EmitRunHandler(const Label& slow, const Label& next, const Gp& address,
                                  const Gp& operand, int32_t distance) {
  Site* site = SiteHere();
  site->has_operand = true;
  Cold(slow,
       [this, next, address, operand, distance, site, behind = instruction_->unreversed_behind] {
         StoreCc(*cold_pending_);
         a_.lea(operand, ptr(address, distance));
         a_.mov(InFrame(offsetof(Frame, operand), 8), operand);
         LeaveRegisters();
         a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.execute_at)));
         const CallOfHandler call = {site};
         a_.embed(&call, sizeof(call));
         unreversed_ = behind;
         ResumeRegisters();
         a_.jmp(next);
       });
}

void BlockEmitter::EmitVectorRun(size_t count) {
  const GuestInstruction* const run = &guest_.instructions[index_];
  instruction_ = run;
  branch_ = nullptr;
  instruction_sets_cc_ = false;
  if (run->widens != 0) Widen(run->widens);
  if (run->narrows != 0) Narrow(run->narrows);
  MakeUnreversed(run->unreversed);
  const bool store = KindOf(guest_.ir, *run) == Kind::kStore;
  int64_t least = run->insn.d2;
  int64_t most = run->insn.d2;
  for (size_t i = 0; i < count; ++i) {
    least = std::min<int64_t>(least, run[i].insn.d2);
    most = std::max<int64_t>(most, run[i].insn.d2);
  }
  int index;
  const bool by_window = !store && IsLikelyInWindow();
  const int64_t taken_off = by_window ? static_cast<int64_t>(kWindowStart) : 0;
  const Gp address = FormRunAddress(least - taken_off);
  const Gp entry = Scratch(index);
  const Gp operand = Scratch(index);
  Label one_by_one = a_.newLabel();
  Label done = a_.newLabel();
  std::vector<Label> slow(count);
  std::vector<Label> next(count);
  if (by_window) {
    a_.cmp(address, PageEntryAt(kWindowLimit));
    a_.jae(one_by_one);
    a_.mov(entry, PageEntryAt(kWindowAddend));
  } else {
    const auto length = static_cast<int>(most + kLength - least);
    FindInTable(address, entry, length, store, one_by_one, one_by_one);
    a_.add(entry, address);
  }
  for (size_t i = 0; i < count; ++i) {
    instruction_ = run + i;
    site_ = nullptr;
    slow[i] = a_.newLabel();
    next[i] = i + 1 < count ? a_.newLabel() : done;
    const auto distance = static_cast<int32_t>(run[i].insn.d2 - least + taken_off);
    unreversed_ = run[i].unreversed;
    EmitRunHandler(slow[i], next[i], address, operand, distance);
    EmitRunAccess(run[i], by_window ? ptr(address, entry, 0, distance) : ptr(entry, distance),
                  slow[i]);
    unreversed_ = run[i].unreversed_behind;
  }
  a_.bind(done);
  LetGoOfAll();
  cold_.push_back(one_by_one, [=, this] {
    for (size_t i = 0; i < count; ++i) {
      instruction_ = run + i;
      a_.lea(operand, ptr(address, static_cast<int32_t>(run[i].insn.d2 - least + taken_off)));
      CallPageRoutine(operand, entry, kLength, store);
      a_.jz(slow[i]);
      EmitRunAccess(run[i], ptr(operand, entry), slow[i]);
      i + 1 < count ? a_.bind(next[i]) : a_.jmp(done);
    }
  });
  // Nothing of these instructions lives on.
  for (ValueId& owner : owners_) {
    if (owner != kPendingA && owner != kPendingB) owner = 0;
  }
  std::fill(std::begin(locked_), std::end(locked_), false);
  slots_ = 0;
  index_ += count - 1;
}

}  // namespace hypervisor::x86
