// The condition code between instructions: in the frame, as what it is to be made of.
#include <bit>
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/condition_code.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

namespace {

Mem CcOf(int i) {
  return InFrame(offsetof(Frame, cc_of) + 8 * static_cast<size_t>(i), 8);
}
Mem CcHow() {
  return InFrame(offsetof(Frame, cc_how), 1);
}
// The code's bits, how to make it and the byte of what it is made of, by one store.
Mem CcAll() {
  return InFrame(offsetof(Frame, cc_low), 4);
}
static_assert(offsetof(Frame, cc_low) % 4 == 0 &&
              offsetof(Frame, cc_high) == offsetof(Frame, cc_low) + 1 &&
              offsetof(Frame, cc_how) == offsetof(Frame, cc_low) + 2 &&
              offsetof(Frame, cc_byte) == offsetof(Frame, cc_low) + 3);

}  // namespace

// Nobody need ever ask for it.
void BlockEmitter::StoreCc(const Pending& pending) {
  CodeKind kind = CodeKind::kCompare;
  switch (pending.kind) {
    case Pending::kMemory:
      return;
    case Pending::kConstant:
      a_.mov(CcAll(), static_cast<int>((pending.constant & 1) | (pending.constant & 2) << 7 |
                                       kCodeIsMade << 16));
      return;
    case Pending::kCompare:
      break;
    case Pending::kZero:
      kind = CodeKind::kZero;
      break;
    case Pending::kBits:
      kind = CodeKind::kBits;
      break;
    case Pending::kNumber:
      kind = CodeKind::kNumber;
      break;
    case Pending::kSum:
      kind = CodeKind::kSum;
      break;
    case Pending::kDifference:
      kind = CodeKind::kDifference;
      break;
    case Pending::kLogicalSum:
      kind = CodeKind::kLogicalSum;
      break;
    case Pending::kLogicalDifference:
      kind = CodeKind::kLogicalDifference;
      break;
    case Pending::kTest:
      kind = CodeKind::kTest;
      break;
    default:
      return MakeCc(pending);
  }
  KeepForCc(0, pending.a);
  const int width = WidthOf(pending.type);
  const bool of_two = kind != CodeKind::kZero && kind != CodeKind::kBits &&
                      kind != CodeKind::kNumber && kind != CodeKind::kTest;
  const bool is_logical = kind == CodeKind::kLogicalSum || kind == CodeKind::kLogicalDifference;
  const auto byte = static_cast<int8_t>(pending.b.constant);
  if (of_two && !is_logical && pending.b.where == Where::kConstant &&
      (width == 8 || byte == pending.b.constant)) {
    kind = kind == CodeKind::kCompare ? CodeKind::kCompareWithByte
           : kind == CodeKind::kSum   ? CodeKind::kSumWithByte
                                      : CodeKind::kDifferenceWithByte;
    a_.mov(CcAll(), HowToMake(kind, width, IsSigned(pending.type)) << 16 | byte * (1 << 24));
    return;
  }
  if (kind == CodeKind::kTest) StoreImmediate64(CcOf(1), static_cast<uint64_t>(pending.constant));
  if (of_two) KeepForCc(1, pending.b);
  a_.mov(CcHow(), HowToMake(kind, width, IsSigned(pending.type)));
}

// What a branch tells that is taken, or not, where one code alone fits.
void BlockEmitter::LearnCc(Pending& pending, int mask) {
  int codes = 15;
  switch (pending.kind) {
    case Pending::kMemory:
    case Pending::kConstant:
      return;
    case Pending::kCompare:
    case Pending::kZero:
    case Pending::kFloatingCompare:
    case Pending::kFloatingZero:
      codes = 14;
      break;
    case Pending::kLogicalDifference:
      codes = 7;
      break;
    case Pending::kBits:
      codes = 12;
      break;
    case Pending::kTest:
      codes = 13;
      break;
    default:
      break;
  }
  const auto left = static_cast<unsigned>(mask & codes);
  if (!std::has_single_bit(left)) return;
  pending = Pending{};
  pending.kind = Pending::kConstant;
  pending.constant = 3 - std::countr_zero(left);
}

// Changes no register, and no flags.
void BlockEmitter::KeepForCc(int i, const Value& value) {
  const Operand operand = OperandOf(value, 64);
  if (operand.isImm()) {
    StoreImmediate64(CcOf(i), static_cast<uint64_t>(value.constant));
  } else if (operand.isReg()) {
    a_.mov(CcOf(i), operand.as<Gp>());
  } else {
    const Mem saved = InFrame(offsetof(Frame, scratch), 8);
    a_.mov(saved, rax);
    a_.mov(rax, operand.as<Mem>());
    a_.mov(CcOf(i), rax);
    a_.mov(rax, saved);
  }
}

// The instruction may change registers behind the code's back.
void BlockEmitter::DeferCc() {
  if (unsettled_) SettlePending();
  StoreCc(pending_);
  DropPending();
}

// Of instructions before, it may be in the frame as what it is to be made of.
void BlockEmitter::RequireMadeCc() {
  Label to_make = a_.newLabel();
  Label made = a_.newLabel();
  a_.cmp(CcHow(), kCodeIsMade);
  a_.jne(to_make);
  a_.bind(made);
  cold_.push_back(to_make, [this, made] {
    a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.make_code)));
    a_.jmp(made);
  });
}

}  // namespace hypervisor::x86
