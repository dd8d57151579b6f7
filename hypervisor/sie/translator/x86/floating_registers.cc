// Floating-point registers: in host registers within a block, or in the CpuState. A short number is
// the left half of its register. Where a block uses more of the vector register than the number,
// the rest of it is there too.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

namespace {

constexpr int kLeftHalf = 4;  // bytes from the right

Mem Register(int fpr) {
  return State(offsetof(CpuState, vr) + 16 * static_cast<size_t>(fpr), 8);
}
Mem LeftHalf(int fpr) {
  return State(offsetof(CpuState, vr) + 16 * static_cast<size_t>(fpr) + kLeftHalf, 4);
}

}  // namespace

Mem BlockEmitter::Constant(const void* at) {
  Mem mem = AbsoluteWord(at);
  mem.setSize(16);
  return mem;
}

void BlockEmitter::LoadFloatingRegisters() {
  for (int r = 0; r < 32 && floating_hosted_ >> r != 0; ++r) {
    if (!HasHost(r)) continue;
    IsWholeVector(r) ? a_.vmovdqa(HostOf(r), VectorAt(r)) : a_.vmovsd(HostOf(r), Register(r));
    if (IsUnreversed(r)) a_.vpshufb(HostOf(r), HostOf(r), SwappedBytes());
  }
}

void BlockEmitter::StoreFloatingRegisters() {
  for (int r = 0; r < 32 && floating_hosted_ >> r != 0; ++r) {
    if (!HasHost(r) || (guest_.floating_written >> r & 1) == 0) continue;
    if (IsUnreversed(r)) {
      a_.vpshufb(xmm0, HostOf(r), SwappedBytes());
      a_.vmovdqa(VectorAt(r), xmm0);
      continue;
    }
    IsWholeVector(r) ? a_.vmovdqa(VectorAt(r), HostOf(r)) : a_.vmovsd(Register(r), HostOf(r));
  }
}

// What reverses bytes puts them back.
void BlockEmitter::MakeUnreversed(uint32_t wanted) {
  for (int r = 0; r < 32; ++r) {
    if (((unreversed_ ^ wanted) >> r & 1) != 0) a_.vpshufb(HostOf(r), HostOf(r), SwappedBytes());
  }
  unreversed_ = wanted;
}

Xmm BlockEmitter::LoadNumber(const Value& value, Type type, const Xmm& scratch) {
  const bool is_long = WidthOf(type) == 64;
  switch (value.where) {
    case Where::kXmm:
      return xmm(value.place);
    case Where::kFloating:
      if (HasHost(value.place)) {
        if (is_long) return HostOf(value.place);
        a_.vmovshdup(scratch, HostOf(value.place));
      } else {
        is_long ? a_.vmovsd(scratch, Register(value.place))
                : a_.vmovss(scratch, LeftHalf(value.place));
      }
      return scratch;
    default: {
      const Operand operand = OperandOf(value, is_long ? 64 : 32);
      if (operand.isImm()) {
        // No temporary is needed: what a condition code waits for is no constant but zero.
        if (operand.as<Imm>().value() != 0) a_.reportError(kErrorInvalidState);
        a_.vxorps(scratch, scratch, scratch);
      } else {
        a_.emit(is_long ? Inst::kIdVmovq : Inst::kIdVmovd, scratch, operand);
      }
      return scratch;
    }
  }
}

bool BlockEmitter::IsForFloating(ValueId id) const {
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const Operation& operation = guest_.ir.operations[i];
    bool uses = false;
    for (const ValueId argument : operation.arguments) uses = uses || argument == id;
    if (!uses) continue;
    switch (operation.opcode) {
      case Opcode::kSetFpr:
      case Opcode::kSetFprHigh:
        if (!HasHost(static_cast<int>(operation.immediates[0]))) return false;
        break;
      case Opcode::kAddBfp:
      case Opcode::kSubtractBfp:
      case Opcode::kMultiplyBfp:
      case Opcode::kDivideBfp:
      case Opcode::kSquareRootBfp:
      case Opcode::kMultiplyAndAddBfp:
      case Opcode::kMultiplyAndSubtractBfp:
      case Opcode::kLengthenBfp:
      case Opcode::kCompareBfp:
        break;
      case Opcode::kVector:
        if (!TakesNumber(operation)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

// Before a register changes: values that are still wanted as they were.
void BlockEmitter::ProtectFloating(int fpr, ValueId except) {
  if (!unsettled_ && pending_.IsFloating()) {
    for (int i = 0; i < 2; ++i) {
      Value& part = i == 0 ? pending_.a : pending_.b;
      if (part.where != Where::kFloating || part.place != fpr) continue;
      const Mem kept = InFrame(offsetof(Frame, condition) + 8 * static_cast<size_t>(i), 8);
      const Xmm number = LoadNumber(part, pending_.type, xmm2);
      a_.vmovsd(kept, number);
      part.where = Where::kSpilled;
      part.place = static_cast<uint8_t>(kConditionSlot + i);
    }
  }
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const ValueId id = guest_.ir.operations[i].result;
    if (id == 0 || id == except || uses_[id] == 0) continue;
    if (values_[id].where == Where::kFloating && values_[id].place == fpr) Load(id, 64);
  }
}

bool BlockEmitter::SetsFloatingOf(const Pending& pending) const {
  if (unsettled_ || !pending.IsFloating()) return false;
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const Operation& operation = guest_.ir.operations[i];
    if (operation.opcode != Opcode::kSetFpr && operation.opcode != Opcode::kSetFprHigh &&
        operation.opcode != Opcode::kSetRoundedBfp && operation.opcode != Opcode::kSetVr) {
      continue;
    }
    for (const Value& part : {pending.a, pending.b}) {
      if (part.where == Where::kFloating && part.place == operation.immediates[0]) return true;
    }
  }
  return false;
}

void BlockEmitter::SetFprTo(int fpr, Type type, const Xmm& number) {
  const bool is_long = WidthOf(type) == 64;
  if (!HasHost(fpr)) {
    is_long ? a_.vmovsd(Register(fpr), number) : a_.vmovss(LeftHalf(fpr), number);
  } else if (is_long) {
    IsWholeVector(fpr) ? a_.vmovsd(HostOf(fpr), HostOf(fpr), number)
                       : a_.vmovaps(HostOf(fpr), number);
  } else {
    a_.vinsertps(HostOf(fpr), HostOf(fpr), number, 0x10);
  }
}

void BlockEmitter::EmitSetFpr(const Operation& operation) {
  const auto fpr = static_cast<int>(operation.immediates[0]);
  const ValueId id = operation.arguments[0];
  const bool is_long = operation.opcode == Opcode::kSetFpr;
  if (values_[id].where == Where::kFloating && values_[id].place == fpr) return;
  // Nothing here but moves.
  const bool flags = pending_flags_ != 0 && pending_flags_ == a_.offset();
  const bool zero_flag = flags_.offset == a_.offset();
  ProtectFloating(fpr, id);
  const Where where = values_[id].where;
  if (where == Where::kXmm || where == Where::kFloating) {
    SetFprTo(fpr, operation.type, LoadNumber(values_[id], operation.type, xmm2));
  } else if (IsConstant(id, 0) && HasHost(fpr) && is_long && !IsWholeVector(fpr)) {
    a_.vxorps(HostOf(fpr), HostOf(fpr), HostOf(fpr));
  } else if (HasHost(fpr)) {
    const Gp gp = Load(id, is_long ? 64 : 32);
    if (is_long && !IsWholeVector(fpr)) {
      a_.vmovq(HostOf(fpr), gp.r64());
    } else if (is_long) {
      a_.vpinsrq(HostOf(fpr), HostOf(fpr), gp.r64(), 0);
    } else {
      a_.vpinsrd(HostOf(fpr), HostOf(fpr), gp.r32(), 1);
    }
  } else {
    a_.emit(Inst::kIdMov, is_long ? Register(fpr) : LeftHalf(fpr),
            RegisterOrImmediate(id, is_long ? 64 : 32));
  }
  if (flags) pending_flags_ = a_.offset();
  if (zero_flag) flags_.offset = a_.offset();
  // Who still wants the value finds it in the register from now on.
  Value& value = values_[id];
  if (uses_[id] > 1 && (value.where == Where::kXmm || value.where == Where::kTemporary)) {
    if (value.where == Where::kTemporary) owners_[value.place] = 0;
    value = Value{};
    value.where = Where::kFloating;
    value.place = static_cast<uint8_t>(fpr);
  }
}

// What is loaded for floating point goes to a register of its own.
void BlockEmitter::EmitLoadNumber(const Operation& operation, const Gp& address, const Gp& entry,
                                  const Label& slow, const Label& resume) {
  const bool is_long = WidthOf(operation.type) == 64;
  // The register that it goes to, if nobody else wants it.
  const ValueId id = operation.result;
  int fpr = -1;
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const Operation& set = guest_.ir.operations[i];
    if (set.opcode == Opcode::kSetFpr && set.arguments[0] == id && uses_[id] == 1 &&
        !IsWholeVector(static_cast<int>(set.immediates[0]))) {
      fpr = static_cast<int>(set.immediates[0]);
    }
  }
  if (fpr >= 0) ProtectFloating(fpr, id);
  const Xmm target = fpr >= 0 ? HostOf(fpr) : xmm1;
  FindPage(At(operation.arguments[0]), address, entry, is_long ? 8 : 4, false, slow);
  Access(slow);
  is_long ? a_.vmovq(xmm1, ptr(address, entry, 0, 0, 8))
          : a_.vmovd(xmm1, ptr(address, entry, 0, 0, 4));
  a_.vpshufb(target, xmm1, Constant(floating_constants().swap[is_long ? 1 : 0]));
  a_.bind(resume);
  Value& value = values_[id];
  value = Value{};
  value.where = fpr >= 0 ? Where::kFloating : Where::kXmm;
  value.place = static_cast<uint8_t>(fpr >= 0 ? fpr : 1);
  const int access_register =
      operation.opcode == Opcode::kLoad ? static_cast<int>(operation.immediates[0]) : 0;
  EmitSlowAccess(slow, resume, false, address, target, operation.type, access_register);
}

}  // namespace hypervisor::x86
