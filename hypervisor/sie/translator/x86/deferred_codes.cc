// The condition code between instructions: in the frame, as what it is to be made of.
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

}  // namespace

// Nobody need ever ask for it.
void BlockEmitter::StoreCc(const Pending& pending) {
  CodeKind kind = CodeKind::kCompare;
  switch (pending.kind) {
    case Pending::kMemory:
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
    case Pending::kTest:
      kind = CodeKind::kTest;
      break;
    default:
      return MakeCc(pending);
  }
  KeepForCc(0, pending.a);
  if (kind == CodeKind::kTest) {
    StoreImmediate64(CcOf(1), static_cast<uint64_t>(pending.constant));
  } else if (kind != CodeKind::kZero && kind != CodeKind::kBits && kind != CodeKind::kNumber) {
    KeepForCc(1, pending.b);
  }
  a_.mov(CcHow(), HowToMake(kind, WidthOf(pending.type), IsSigned(pending.type)));
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
