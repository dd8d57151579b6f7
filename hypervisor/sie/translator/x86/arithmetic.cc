// Arithmetic, shifts, conversions, choices and divisions.
#include <cstddef>

#include "hypervisor/sie/guest_cpu.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

void BlockEmitter::EmitBinary(const Operation& operation) {
  const int width = WidthOf(operation.type) > 32 ? 64 : 32;
  ValueId a = operation.arguments[0];
  ValueId b = operation.arguments[1];
  const bool commutes = operation.opcode != Opcode::kSubtract;
  const int target = targets_[operation.result];
  const auto lives_in_target = [&](ValueId id) {
    return target >= 0 && values_[id].where == Where::kGuest && values_[id].place == target;
  };
  if (commutes && (lives_in_target(b) || values_[a].where == Where::kConstant)) std::swap(a, b);
  // Whoever waits for the overflow asks for it right behind.
  const bool overflow = HasOverflow(operation);
  if (lives_in_target(b) && !lives_in_target(a)) {
    // target = a - target
    int index;
    const Gp gp = Scratch(index);
    CopyTo(gp, a, width);
    const Operand right = AsRead(b, width);
    a_.emit(Inst::kIdSub, Sized(gp, width), right);
    if (overflow) a_.seto(InFrame(offsetof(Frame, overflow), 1));
    const Gp result = Result(operation, 0);
    a_.mov(Sized(result, width), Sized(gp, width));
    FlagsAreOf(Sized(result, width));
    return;
  }
  const Operand right = AsRead(b, width);
  // What is 8 or 16 bits wide overflows in its own width: no row adds such.
  const Gp result = Result(operation, a);
  CopyTo(result, a, width);
  const Gp left = Sized(result, width);
  switch (operation.opcode) {
    case Opcode::kAdd:
      a_.emit(Inst::kIdAdd, left, right);
      break;
    case Opcode::kSubtract:
      a_.emit(Inst::kIdSub, left, right);
      break;
    case Opcode::kAnd:
      if (width == 64 && IsConstant(b, 0xffffffff)) {
        a_.mov(left.r32(), left.r32());
        break;
      }
      a_.emit(Inst::kIdAnd, left, right);
      break;
    case Opcode::kOr:
      a_.emit(Inst::kIdOr, left, right);
      break;
    case Opcode::kExclusiveOr:
      a_.emit(Inst::kIdXor, left, right);
      break;
    default:
      right.isImm() ? a_.emit(Inst::kIdImul, left, left, right)
                    : a_.emit(Inst::kIdImul, left, right);
      break;
  }
  if (overflow) a_.seto(InFrame(offsetof(Frame, overflow), 1));
  const bool moved = operation.opcode == Opcode::kAnd && width == 64 && IsConstant(b, 0xffffffff);
  if (operation.opcode != Opcode::kMultiply && !moved) FlagsAreOf(left);
  values_[operation.result].clean = width == 32;
}

bool BlockEmitter::HasOverflow(const Operation& operation) const {
  if (&operation == &guest_.ir.operations.back()) return false;
  const Operation& next = (&operation)[1];
  if (next.opcode == Opcode::kMultiplyOverflow) return true;
  return (next.opcode == Opcode::kAddOverflow || next.opcode == Opcode::kSubtractOverflow) &&
         AddendOf(next) == 0;
}

int BlockEmitter::GuestOf(ValueId id) const {
  const Operation* made = definitions_[id];
  while (made->opcode == Opcode::kConvert && WidthOf(made->type) <= WidthOf(made->from))
    made = definitions_[made->arguments[0]];
  return made->opcode == Opcode::kGpr ? static_cast<int>(made->immediates[0]) : -1;
}

bool BlockEmitter::StaysInInstruction(ValueId id) const {
  const int guest = GuestOf(id);
  const Opcode made = definitions_[id]->opcode;
  if (guest < 0)
    return made == Opcode::kConstant || made == Opcode::kLoad || made == Opcode::kLoadRelative;
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const Operation& operation = guest_.ir.operations[i];
    if (operation.opcode == Opcode::kSetGpr && operation.immediates[0] == guest) return false;
  }
  return true;
}

ir::ValueId BlockEmitter::AddendOf(const Operation& overflow) const {
  // The sum stands before it; the code is 3 if it overflows, and otherwise how it compares with 0.
  const Operation& sum = (&overflow)[-1];
  const Operation* select = nullptr;
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const Operation& operation = guest_.ir.operations[i];
    if (operation.opcode == Opcode::kSelect && operation.arguments[0] == overflow.result)
      select = &operation;
  }
  if (!select || select->type != Type::kU8 || uses_[overflow.result] != 1 || sum.result == 0)
    return 0;
  const Operation* three = definitions_[select->arguments[1]];
  const Operation* compared = definitions_[select->arguments[2]];
  if (three->opcode != Opcode::kConstant || three->immediates[0] != 3 ||
      compared->opcode != Opcode::kCompareWithZero || compared->arguments[0] != sum.result)
    return 0;
  if (StaysInInstruction(sum.arguments[1])) return sum.arguments[1];
  if (sum.opcode == Opcode::kAdd && StaysInInstruction(sum.arguments[0])) return sum.arguments[0];
  return 0;
}

// By an amount in a register: the host takes it modulo 32 or 64, as a rotation wants it.
void BlockEmitter::EmitRotate(const Operation& operation) {
  const int width = WidthOf(operation.type);
  const Gp by = Load(operation.arguments[1], 32);
  const Gp from = Load(operation.arguments[0], width);
  const Gp result = Result(operation, 0);
  int index;
  const Gp right = Scratch(index);
  a_.mov(right.r32(), by.r32());
  a_.neg(right.r32());
  a_.shrx(Sized(right, width), from, Sized(right, width));
  a_.shlx(Sized(result, width), from, Sized(by.r64(), width));
  a_.or_(Sized(result, width), Sized(right, width));
  values_[operation.result].clean = width == 32;
}

void BlockEmitter::EmitShift(const Operation& operation) {
  const int own = WidthOf(operation.type);
  const int width = own > 32 ? 64 : 32;
  const ValueId a = operation.arguments[0];
  const Value& amount = values_[operation.arguments[1]];
  const bool left = operation.opcode == Opcode::kShiftLeft;
  const bool is_signed = IsSigned(operation.type);
  if (amount.where == Where::kConstant) {
    int64_t by = amount.constant;
    if (operation.opcode == Opcode::kRotateLeft) {
      by %= own;
      const Gp result = Result(operation, a);
      const Value& from = values_[a];
      if (by == 0) {
        CopyTo(result, a, width);
      } else {
        const Operand source =
            from.where == Where::kConstant ? Operand(Load(a, width)) : AsOperand(a, width);
        a_.emit(Inst::kIdRorx, Sized(result, width), source, imm(own - by));
      }
      values_[operation.result].clean = width == 32;
      return;
    }
    if (by >= own) {
      if (left || !is_signed) {
        const Gp zero = Result(operation, 0);
        a_.mov(zero.r32(), 0);
        return;
      }
      by = own - 1;
    }
    if (!left && own < 32) {
      const Gp from = LoadExtended(a, 32);
      const Gp result = Result(operation, 0);
      a_.mov(result.r32(), from.r32());
      is_signed ? a_.sar(result.r32(), by) : a_.shr(result.r32(), by);
      values_[operation.result].clean = !is_signed;
      return;
    }
    const Gp result = Result(operation, a);
    CopyTo(result, a, width);
    const Gp sized = Sized(result, width);
    if (by != 0) left ? a_.shl(sized, by) : is_signed ? a_.sar(sized, by) : a_.shr(sized, by);
    values_[operation.result].clean = width == 32;
    return;
  }
  if (operation.opcode == Opcode::kRotateLeft) return EmitRotate(operation);
  // Amounts are below 64: a shift of 64 bits is right for 32 too.
  const Gp by = Load(operation.arguments[1], 32);
  const Gp from = left ? Load(a, 64) : LoadExtended(a, 64);
  const Gp result = Result(operation, 0);
  a_.emit(left        ? Inst::kIdShlx
          : is_signed ? Inst::kIdSarx
                      : Inst::kIdShrx,
          result, from.r64(), by.r64());
  if (AmountBelow64(operation.arguments[1])) return;
  // 64 or more.
  int index;
  const Gp limit = Scratch(index);
  if (is_signed && !left) {
    a_.reportError(kErrorInvalidState);
    return;
  }
  a_.mov(limit.r32(), 0);
  a_.cmp(by.r32(), 63);
  a_.cmova(result, limit);
}

bool BlockEmitter::AmountBelow64(ValueId id) const {
  const Operation* made = definitions_[id];
  if (made->opcode != Opcode::kAnd) return false;
  for (const ValueId argument : made->arguments) {
    const Operation* part = definitions_[argument];
    if (part->opcode == Opcode::kConstant && part->immediates[0] >= 0 && part->immediates[0] < 64)
      return true;
  }
  return false;
}

void BlockEmitter::EmitConvert(const Operation& operation) {
  const ValueId a = operation.arguments[0];
  const int from = WidthOf(operation.from);
  const int to = WidthOf(operation.type);
  Value& value = values_[a];
  if (to <= from) {
    // The same bits; guest registers are only named again.
    if (value.where == Where::kGuest) {
      values_[operation.result] = value;
      return;
    }
    const bool clean = value.clean;
    const Gp source = Load(a, to > 32 ? 64 : 32);
    if (targets_[operation.result] >= 0 || uses_[a] != 1 || values_[a].where != Where::kTemporary) {
      const Gp result = Result(operation, 0);
      a_.mov(Sized(result, to > 32 ? 64 : 32), Sized(source, to > 32 ? 64 : 32));
      values_[operation.result].clean = to <= 32;
      return;
    }
    Result(operation, a);
    values_[operation.result].clean = clean;
    return;
  }
  const int width = to > 32 ? 64 : 32;
  if (operation.from == Type::kBool) {
    const Gp source = Load(a, 32);
    const Gp result = Result(operation, a);
    if (result.id() != source.id()) a_.mov(result.r32(), source.r32());
    values_[operation.result].clean = true;
    return;
  }
  const bool is_signed = IsSigned(operation.from);
  Operand source = AsRead(a, from > 32 ? 64 : 32);
  if (source.isImm()) source = Load(a, 32);
  const bool clean = !is_signed && value.clean && values_[a].where == Where::kTemporary;
  const Gp result = Result(operation, a);
  values_[operation.result].clean = !is_signed || width == 32;
  if (clean && source.isReg() && source.id() == result.id()) return;
  if (source.isReg()) {
    const Gp gp = source.as<Gp>();
    source = from == 8 ? Operand(gp.r8()) : from == 16 ? Operand(gp.r16()) : Operand(gp.r32());
  } else {
    source.as<Mem>().setSize(static_cast<uint32_t>(from) / 8);
  }
  if (from == 32) {
    is_signed ? a_.emit(Inst::kIdMovsxd, result, source)
              : a_.emit(Inst::kIdMov, result.r32(), source);
  } else if (is_signed) {
    a_.emit(Inst::kIdMovsx, Sized(result, width), source);
  } else {
    a_.emit(Inst::kIdMovzx, result.r32(), source);
  }
}

void BlockEmitter::EmitSelect(const Operation& operation) {
  const ValueId condition_id = operation.arguments[0];
  const ValueId a = operation.arguments[1];
  const ValueId b = operation.arguments[2];
  const int width = WidthOf(operation.type) > 32 ? 64 : 32;
  Settle(condition_id);
  if (WidthOf(operation.type) < 32) return a_.reportError(kErrorInvalidState), void();
  int index;
  const Gp result = Scratch(index);
  CopyTo(result, b, width);
  const Operand other = AsRegisterOrStorage(a, width);
  const Condition condition = Evaluate(condition_id);
  if (condition.is_known) {
    if (condition.known) a_.emit(Inst::kIdMov, Sized(result, width), other);
  } else {
    a_.emit(Inst::cmovccFromCond(condition.code), Sized(result, width), other);
  }
  owners_[index] = operation.result;
  values_[operation.result].where = Where::kTemporary;
  values_[operation.result].place = static_cast<uint8_t>(index);
  values_[operation.result].clean = width == 32;
}

// What the host can't divide is the handler's to find out.
void BlockEmitter::EmitDivide(const Operation& operation) {
  const bool is_signed = IsSigned(operation.type);
  DeferCc();
  Take(Gp::kIdAx);
  Take(Gp::kIdDx);
  Gp by = Load(operation.arguments[1], 64);
  CopyTo(rax, operation.arguments[0], 64);
  Label slow = a_.newLabel();
  HandlerAt(slow);
  a_.test(by, by);
  a_.jz(slow);
  if (is_signed) {
    a_.cmp(by, -1);
    a_.jz(slow);
    a_.cqo();
    a_.idiv(by);
  } else {
    a_.xor_(edx, edx);
    a_.div(by);
  }
  FinishDivision(operation);
}

void BlockEmitter::EmitDivideQuadword(const Operation& operation) {
  DeferCc();
  Take(Gp::kIdAx);
  Take(Gp::kIdDx);
  Gp by = Load(operation.arguments[2], 64);
  CopyTo(rdx, operation.arguments[0], 64);
  CopyTo(rax, operation.arguments[1], 64);
  Label slow = a_.newLabel();
  HandlerAt(slow);
  a_.cmp(rdx, by);
  a_.jae(slow);
  a_.div(by);
  FinishDivision(operation);
}

void BlockEmitter::FinishDivision(const Operation& operation) {
  for (int i = 0; i < kTemporaryCount; ++i) {
    const bool quotient = kTemporaries[i] == Gp::kIdAx;
    if (!quotient && kTemporaries[i] != Gp::kIdDx) continue;
    const ValueId id = operation.result + (quotient ? 0 : 1);
    values_[id] = Value{};
    if (uses_[id] == 0) continue;
    owners_[i] = id;
    values_[id].where = Where::kTemporary;
    values_[id].place = static_cast<uint8_t>(i);
  }
  values_[operation.result + 2].where = Where::kConstant;  // there is a quotient
}

}  // namespace hypervisor::x86
