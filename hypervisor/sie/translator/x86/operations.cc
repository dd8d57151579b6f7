// Operations on values and registers.
#include <cstddef>

#include "hypervisor/sie/guest_cpu.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

// Values that go to a pinned register and can be made there.
void BlockEmitter::FindTargets(const GuestInstruction& instruction) {
  const auto& operations = guest_.ir.operations;
  for (size_t k = instruction.first; k < instruction.last; ++k) {
    const Operation& set = operations[k];
    if (set.opcode != Opcode::kSetGpr || WidthOf(set.type) != 64) continue;
    const auto guest = static_cast<int>(set.immediates[0]);
    const ValueId value = set.arguments[0];
    const Operation* made = definitions_[value];
    if (!IsPinned(guest) || made->result != value || targets_[value] >= 0) continue;
    switch (made->opcode) {
      case Opcode::kAdd:
      case Opcode::kSubtract:
      case Opcode::kMultiply:
      case Opcode::kAnd:
      case Opcode::kOr:
      case Opcode::kExclusiveOr:
      case Opcode::kShiftLeft:
      case Opcode::kShiftRight:
      case Opcode::kAddress:
      case Opcode::kLoad:
      case Opcode::kLoadRelative:
        break;
      case Opcode::kConvert:
        if (WidthOf(made->from) == 64 || made->from == Type::kBool) continue;
        break;
      default:
        continue;
    }
    if (WidthOf(made->type) != 64) continue;
    // Nobody may look at what the register had once it is there, nor leave before it should be.
    bool possible = true;
    ValueId aliases[8];
    int count = 0;
    const auto is_alias = [&](ValueId id) {
      for (int i = 0; i < count; ++i) {
        if (aliases[i] == id) return true;
      }
      return false;
    };
    bool behind = false;
    for (size_t j = instruction.first; j < instruction.last && possible; ++j) {
      const Operation& operation = operations[j];
      if (operation.opcode == Opcode::kNothing) continue;
      bool touches = operation.opcode == Opcode::kAddress &&
                     (operation.immediates[0] == guest || operation.immediates[1] == guest);
      for (const ValueId argument : operation.arguments) touches = touches || is_alias(argument);
      if (&operation == made) {
        behind = true;
        continue;
      }
      const bool narrows = operation.opcode == Opcode::kConvert &&
                           WidthOf(operation.type) <= WidthOf(operation.from);
      const bool same = (operation.opcode == Opcode::kGpr && operation.immediates[0] == guest) ||
                        (touches && (narrows || operation.opcode == Opcode::kAddress));
      if (same && !behind) {
        if (count == 8) possible = false;
        if (count < 8) aliases[count++] = operation.result;
        continue;
      }
      if (behind && j < k) {
        possible = !touches && !same && operation.opcode != Opcode::kLoad &&
                   operation.opcode != Opcode::kStore && operation.opcode != Opcode::kInterruptIf &&
                   operation.opcode != Opcode::kDataExceptionIf;
        // An overflow is noted by the operation itself.
        if (touches && (operation.opcode == Opcode::kAddOverflow ||
                        operation.opcode == Opcode::kSubtractOverflow ||
                        operation.opcode == Opcode::kMultiplyOverflow)) {
          possible = true;
        }
      } else if (touches && j != k) {
        possible = false;  // something that may wait, or that comes later
      }
    }
    if (possible) targets_[value] = static_cast<int8_t>(guest);
  }
}

void BlockEmitter::EmitOperation(const Operation& operation) {
  const auto later = [&] {
    values_[operation.result].where = Where::kLater;
    values_[operation.result].later = &operation;
  };
  bool waits = false;
  const auto argument = [&](size_t i) { return operation.arguments[i]; };
  last_operation_ = &operation;
  switch (operation.opcode) {
    case Opcode::kNothing:
      return;
    case Opcode::kConstant:
      values_[operation.result].where = Where::kConstant;
      values_[operation.result].constant = operation.immediates[0];
      return;
    case Opcode::kGpr: {
      Value& value = values_[operation.result];
      value.where = Where::kGuest;
      value.place = static_cast<uint8_t>(operation.immediates[0]);
      return;
    }
    case Opcode::kAddOverflow:
    case Opcode::kSubtractOverflow:
    case Opcode::kMultiplyOverflow:
      values_[operation.result].where = Where::kFlag;
      break;
    case Opcode::kEqual:
    case Opcode::kLess:
    case Opcode::kCompare:
    case Opcode::kCompareWithZero:
      later();
      return;
    case Opcode::kCcIn:
      later();
      if (instruction_sets_cc_) MakeBool(operation.result);
      return EndOperation();
    case Opcode::kNot:
      if (operation.type == Type::kBool) return later();
      {
        const Gp gp = Result(operation, argument(0));
        CopyTo(gp, argument(0), WidthOf(operation.type));
        a_.not_(Sized(gp, WidthOf(operation.type)));
      }
      break;
    case Opcode::kAnd:
    case Opcode::kOr:
      if (operation.type == Type::kBool) return later();
      if (values_[argument(0)].where == Where::kLater && operation.type == Type::kU8)
        return later();
      EmitBinary(operation);
      break;
    case Opcode::kShiftLeft:
      if (values_[argument(0)].where == Where::kLater && operation.type == Type::kU8)
        return later();
      EmitShift(operation);
      break;
    case Opcode::kShiftRight:
    case Opcode::kRotateLeft:
      EmitShift(operation);
      break;
    case Opcode::kSelect:
      if (operation.type == Type::kU8) return later();
      EmitSelect(operation);
      break;
    case Opcode::kConvert:
      if (operation.from == Type::kBool) {
        later();
        if (operation.type == Type::kU8) return;
        // Made now, as the bool it is.
        values_[operation.result].where = Where::kNowhere;
        EmitConvert(operation);
        break;
      }
      EmitConvert(operation);
      break;
    case Opcode::kAdd:
    case Opcode::kSubtract:
    case Opcode::kMultiply:
    case Opcode::kExclusiveOr:
      EmitBinary(operation);
      break;
    case Opcode::kMultiplyHigh: {
      Take(Gp::kIdDx);
      CopyTo(rdx, argument(0), 64);
      const Operand factor = AsRegisterOrStorage(argument(1), 64);
      const Gp gp = NewTemporary(operation.result);
      a_.emit(Inst::kIdMulx, gp, gp, factor);
      break;
    }
    case Opcode::kDivide:
      EmitDivide(operation);
      break;
    case Opcode::kDivideQuadword:
      EmitDivideQuadword(operation);
      break;
    case Opcode::kCountLeadingZeros: {
      const Gp from = Load(argument(0), WidthOf(operation.type));
      const Gp gp = NewTemporary(operation.result);
      a_.lzcnt(Sized(gp, WidthOf(operation.type)), from);
      break;
    }
    case Opcode::kByteSwap: {
      const int width = WidthOf(operation.type);
      const Gp gp = Result(operation, argument(0));
      CopyTo(gp, argument(0), width);
      width == 16 ? a_.rol(gp.r16(), 8) : a_.bswap(Sized(gp, width));
      break;
    }
    case Opcode::kSetGpr:
      EmitSetGpr(operation);
      break;
    case Opcode::kSetGprHigh: {
      const auto guest = static_cast<int>(operation.immediates[0]);
      const Gp from = Load(argument(0), 32);
      Protect(guest);
      if (!IsPinned(guest)) {
        a_.mov(ptr(rbp, static_cast<int32_t>(offsetof(CpuState, gpr)) + 8 * guest + 4, 4), from);
        break;
      }
      int index;
      const Gp gp = Scratch(index);
      a_.mov(gp.r32(), from.r32());
      a_.shl(gp, 32);
      a_.mov(Pinned(guest).r32(), Pinned(guest).r32());
      a_.or_(Pinned(guest), gp);
      break;
    }
    case Opcode::kAr: {
      const Gp gp = NewTemporary(operation.result);
      a_.mov(gp.r32(),
             State(offsetof(CpuState, ar) + 4 * static_cast<size_t>(operation.immediates[0]), 4));
      values_[operation.result].clean = true;
      break;
    }
    case Opcode::kSetAr:
      a_.emit(Inst::kIdMov,
              State(offsetof(CpuState, ar) + 4 * static_cast<size_t>(operation.immediates[0]), 4),
              RegisterOrImmediate(argument(0), 32));
      break;
    case Opcode::kFpr: {
      const Gp gp = NewTemporary(operation.result);
      a_.mov(gp,
             State(offsetof(CpuState, vr) + 16 * static_cast<size_t>(operation.immediates[0]), 8));
      break;
    }
    case Opcode::kSetFpr:
      a_.emit(Inst::kIdMov,
              State(offsetof(CpuState, vr) + 16 * static_cast<size_t>(operation.immediates[0]), 8),
              RegisterOrImmediate(argument(0), 64));
      break;
    case Opcode::kCc: {
      Materialize();
      const Gp gp = NewTemporary(operation.result);
      int index;
      const Gp high = Scratch(index);
      a_.movzx(gp.r32(), InFrame(offsetof(Frame, cc_low), 1));
      a_.movzx(high.r32(), InFrame(offsetof(Frame, cc_high), 1));
      a_.lea(gp.r32(), ptr(gp, high, 1));
      values_[operation.result].clean = true;
      break;
    }
    case Opcode::kSetCc:
      SetCc(argument(0));
      break;
    case Opcode::kProgramMask: {
      const Gp gp = NewTemporary(operation.result);
      a_.mov(gp, InFrame(offsetof(Frame, transfer), 8));
      a_.mov(gp, ptr(gp, offsetof(Transfer, engine), 8));
      a_.mov(gp, ptr(gp, static_cast<int32_t>(surroundings_.psw_mask_offset), 8));
      a_.shr(gp, 40);
      a_.and_(gp.r32(), 15);
      values_[operation.result].clean = true;
      break;
    }
    case Opcode::kAddress:
      EmitAddress(operation);
      break;
    case Opcode::kWrap: {
      const Gp gp = Result(operation, argument(0));
      CopyTo(gp, argument(0), 32);
      a_.and_(gp.r32(), imm(static_cast<uint32_t>(guest_.address_mask)));
      break;
    }
    case Opcode::kBranchIf:
      branch_ = &operation;
      waits = true;
      break;
    case Opcode::kLoad:
    case Opcode::kLoadRelative:
      EmitLoad(operation);
      break;
    case Opcode::kStore:
    case Opcode::kStoreRelative:
      EmitStore(operation);
      break;
    case Opcode::kLoadIf:
      EmitLoadIf(operation);
      break;
    case Opcode::kStoreIf:
      EmitStoreIf(operation);
      break;
    case Opcode::kLoadSuccessive:
    case Opcode::kStoreSuccessive:
      EmitSuccessive(operation);
      break;
    case Opcode::kCompareAndSwapStorage:
      EmitCompareAndSwap(operation);
      break;
    case Opcode::kUpdateStorage:
      EmitUpdate(operation);
      break;
    case Opcode::kRequireBoundary: {
      const Gp gp = Load(argument(0), 32);
      a_.test(gp.r8(), WidthOf(operation.type) / 8 - 1);
      Label slow = a_.newLabel();
      a_.jnz(slow);
      HandlerAt(slow);
      break;
    }
    case Opcode::kSerialize:
      a_.lock().or_(ptr(rsp, -8, 4), 0);
      break;
    case Opcode::kInterruptIf:
    case Opcode::kDataExceptionIf: {
      // The handler does it all again, and interrupts.
      const Condition condition = Evaluate(argument(0));
      Label slow = a_.newLabel();
      if (condition.is_known && !condition.known) break;
      condition.is_known ? a_.jmp(slow) : a_.j(condition.code, slow);
      HandlerAt(slow);
      break;
    }
    default:
      a_.reportError(kErrorInvalidInstruction);
      break;
  }
  if (!waits) {
    for (const ValueId id : operation.arguments) Use(id);
  }
  EndOperation();
}

Operand BlockEmitter::AsRegisterOrStorage(ValueId id, int width) {
  const Operand operand = AsOperand(id, width);
  return operand.isImm() ? Operand(Load(id, width)) : operand;
}

Operand BlockEmitter::RegisterOrImmediate(ValueId id, int width) {
  const Operand operand = AsOperand(id, width);
  return operand.isMem() ? Operand(Load(id, width)) : operand;
}

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
    const Operand right = AsOperand(b, width);
    a_.emit(Inst::kIdSub, Sized(gp, width), right);
    if (overflow) a_.seto(InFrame(offsetof(Frame, overflow), 1));
    const Gp result = Result(operation, 0);
    a_.mov(Sized(result, width), Sized(gp, width));
    return;
  }
  Operand right = AsOperand(b, width);
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
  values_[operation.result].clean = width == 32;
}

bool BlockEmitter::HasOverflow(const Operation& operation) const {
  if (&operation == &guest_.ir.operations.back()) return false;
  const Operation& next = (&operation)[1];
  return next.opcode == Opcode::kAddOverflow || next.opcode == Opcode::kSubtractOverflow ||
         next.opcode == Opcode::kMultiplyOverflow;
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
  Operand source = AsOperand(a, from > 32 ? 64 : 32);
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
  Materialize();
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
  Materialize();
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

void BlockEmitter::EmitAddress(const Operation& operation) {
  const auto x = static_cast<int>(operation.immediates[0]);
  const auto b = static_cast<int>(operation.immediates[1]);
  const int64_t d = operation.immediates[2];
  const bool whole = guest_.address_mask == ~uint64_t{0};
  if (whole && d == 0 && (x == 0 || b == 0)) {
    values_[operation.result].where = Where::kGuest;
    values_[operation.result].place = static_cast<uint8_t>(x | b);
    return;
  }
  const int first = b != 0 ? b : x;
  const int second = b != 0 ? x : 0;
  const auto displacement = static_cast<int32_t>(d);
  const Gp result = Result(operation, 0);
  if (second == 0) {
    if (IsPinned(first)) {
      a_.lea(result, ptr(Pinned(first), displacement));
    } else {
      a_.mov(result, Gpr(first));
      if (d != 0) a_.add(result, displacement);
    }
  } else if (IsPinned(first) && IsPinned(second)) {
    a_.lea(result, ptr(Pinned(first), Pinned(second), 0, displacement));
  } else if (!IsPinned(first) && !IsPinned(second)) {
    a_.mov(result, Gpr(first));
    a_.add(result, Gpr(second));
    if (d != 0) a_.add(result, displacement);
  } else {
    const int pinned = IsPinned(first) ? first : second;
    const int other = IsPinned(first) ? second : first;
    if (Pinned(pinned).id() == result.id()) {
      a_.add(result, Gpr(other));
      if (d != 0) a_.add(result, displacement);
    } else {
      a_.mov(result, Gpr(other));
      a_.lea(result, ptr(result, Pinned(pinned), 0, displacement));
    }
  }
  if (!whole) {
    a_.and_(result.r32(), imm(static_cast<uint32_t>(guest_.address_mask)));
    values_[operation.result].clean = true;
  }
}

void BlockEmitter::EmitSetGpr(const Operation& operation) {
  const auto guest = static_cast<int>(operation.immediates[0]);
  const ValueId id = operation.arguments[0];
  const int width = WidthOf(operation.type);
  if (values_[id].where == Where::kGuest && values_[id].place == guest) return;
  if (!IsPinned(guest)) {
    if (width < 32 && values_[id].where == Where::kGuest) Load(id, 32);
    const Operand from = RegisterOrImmediate(id, width > 32 ? 64 : 32);
    Protect(guest);
    Operand sized = from;
    if (from.isReg() && width == 8) sized = from.as<Gp>().r8();
    if (from.isReg() && width == 16) sized = from.as<Gp>().r16();
    a_.emit(Inst::kIdMov, Gpr(guest, static_cast<uint32_t>(width) / 8), sized);
    return;
  }
  const Gp host = Pinned(guest);
  if (width == 64) {
    if (values_[id].where == Where::kStorage && uses_[id] == 1) {
      Protect(guest);
      LoadStorage(host, StorageAt(static_cast<int32_t>(values_[id].constant)),
                  static_cast<Type>(values_[id].constant >> 32));
      return;
    }
    if (values_[id].where == Where::kGuest) {
      Protect(guest);
      CopyTo(host, id, 64);
      return;
    }
    if (values_[id].where != Where::kConstant) Load(id, 64);
    Protect(guest);
    CopyTo(host, id, 64);
  } else if (width == 32) {
    const Mem high_half = AbsoluteWord(surroundings_.stubs.high_half);
    if (values_[id].where == Where::kConstant) {
      const auto constant = static_cast<uint32_t>(values_[id].constant);
      Protect(guest);
      a_.and_(host, high_half);
      if (constant != 0 && constant < 0x80000000) a_.or_(host, imm(constant));
      if (constant >= 0x80000000) {
        int index;
        const Gp gp = Scratch(index);
        a_.mov(gp.r32(), imm(constant));
        a_.or_(host, gp);
      }
      return;
    }
    Gp from = Load(id, 32);
    Protect(guest);
    const Value& value = values_[id];
    if (!(value.where == Where::kTemporary && value.clean)) {
      int index;
      const Gp gp = Scratch(index);
      a_.mov(gp.r32(), from.r32());
      from = gp;
    }
    a_.and_(host, high_half);
    a_.or_(host, from.r64());
  } else {
    const Gp from = Load(id, 32);
    Protect(guest);
    width == 8 ? a_.mov(host.r8(), from.r8()) : a_.mov(host.r16(), from.r16());
    return;
  }
  // Who still wants the value finds it in the guest register from now on.
  if (uses_[id] > 1 && values_[id].where == Where::kTemporary && definitions_[id]->result == id) {
    owners_[values_[id].place] = 0;
    values_[id].where = Where::kGuest;
    values_[id].place = static_cast<uint8_t>(guest);
  }
}

}  // namespace hypervisor::x86
