// Comparisons, truth values and the guest's condition code: made where they are used.
#include <bit>
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

namespace {

Mem CcLow() {
  return InFrame(offsetof(Frame, cc_low), 1);
}
Mem CcHigh() {
  return InFrame(offsetof(Frame, cc_high), 1);
}
Mem CcWord() {
  return InFrame(offsetof(Frame, cc_low), 2);
}
constexpr int WordOf(int64_t cc) {
  return static_cast<int>((cc & 1) | (cc & 2) << 7);
}

}  // namespace

bool BlockEmitter::IsConstant(ValueId id, int64_t value) const {
  return values_[id].where == Where::kConstant && values_[id].constant == value;
}

BlockEmitter::Condition BlockEmitter::Negate(Condition condition) {
  condition.code = negateCond(condition.code);
  condition.known = !condition.known;
  return condition;
}

void BlockEmitter::SetByte(Condition condition, const Mem& target) {
  if (condition.is_known) {
    a_.mov(target, condition.known ? 1 : 0);
  } else {
    a_.emit(Inst::setccFromCond(condition.code), target);
  }
}

bool BlockEmitter::AreFlagsOf(const Operand& operand) const {
  return flags_.offset == a_.offset() && flags_.offset != 0 && operand.isReg() &&
         operand.id() == flags_.id && operand.as<Gp>().size() == flags_.size;
}

// The zero flag of a value of `type`.
void BlockEmitter::TestZero(const Value& value, Type type) {
  if (AreFlagsOf(OperandOf(value, WidthOf(type)))) return;
  Value zero;
  zero.where = Where::kConstant;
  EmitCompare(value, zero, type);
}

// Flags of a - b, both of `type`. Touches no temporary.
void BlockEmitter::EmitCompare(const Value& a, const Value& b, Type type) {
  const int width = WidthOf(type);
  const Operand left = OperandOf(a, width);
  const Operand right = OperandOf(b, width);
  const bool wide_immediate =
      right.isImm() && right.as<Imm>().value() != static_cast<int32_t>(right.as<Imm>().value());
  if (left.isReg() && right.isImm() && right.as<Imm>().value() == 0) {
    a_.emit(Inst::kIdTest, left, left);
    return;
  }
  if ((left.isReg() && !wide_immediate) ||
      (left.isMem() && (right.isReg() || (right.isImm() && !wide_immediate)))) {
    a_.emit(Inst::kIdCmp, left, right);
    return;
  }
  // One of the two needs a register that neither has.
  uint32_t host = Gp::kIdAx;
  for (const uint32_t other : {Gp::kIdAx, Gp::kIdCx, Gp::kIdDx}) {
    const bool taken =
        (left.isReg() && left.id() == other) || (right.isReg() && right.id() == other);
    if (!taken) host = other;
  }
  const Gp wide = gpq(host);
  const Gp gp = width == 8 ? wide.r8() : width == 16 ? wide.r16() : Sized(wide, width);
  const Mem saved = InFrame(offsetof(Frame, scratch), 8);
  a_.mov(saved, wide);
  if (left.isReg() || (left.isMem() && wide_immediate)) {
    a_.emit(Inst::kIdMov, gp, right);
    a_.emit(Inst::kIdCmp, left, gp);
  } else {
    a_.emit(Inst::kIdMov, gp, left);
    if (wide_immediate) {
      // Two constants: one of them through storage.
      const Mem word = InFrame(offsetof(Frame, scratch) + 8, 8);
      a_.mov(InFrame(offsetof(Frame, scratch) + 8, 4),
             imm(static_cast<uint32_t>(right.as<Imm>().value())));
      a_.mov(InFrame(offsetof(Frame, scratch) + 12, 4),
             imm(static_cast<uint32_t>(right.as<Imm>().value() >> 32)));
      a_.cmp(gp, word);
    } else {
      a_.emit(Inst::kIdCmp, gp, right);
    }
  }
  a_.mov(wide, saved);
}

BlockEmitter::Condition BlockEmitter::CompareInAnyOrder(const Value& a, const Value& b, Type type,
                                                        Cond code) {
  const bool swaps = a.where == Where::kConstant && b.where != Where::kConstant;
  swaps ? EmitCompare(b, a, type) : EmitCompare(a, b, type);
  return {swaps ? reverseCond(code) : code};
}

BlockEmitter::Condition BlockEmitter::Evaluate(ValueId id) {
  const Value& value = values_[id];
  switch (value.where) {
    case Where::kConstant:
      return {Cond::kZ, true, value.constant != 0};
    case Where::kFlag:
      a_.cmp(InFrame(offsetof(Frame, overflow), 1), 0);
      return {Cond::kNZ};
    case Where::kLater:
      return EvaluateBool(*value.later);
    default: {
      const Gp gp = Load(id, 32);
      a_.test(gp.r8(), gp.r8());
      return {Cond::kNZ};
    }
  }
}

BlockEmitter::Condition BlockEmitter::EvaluateBool(const Operation& operation) {
  const auto argument = [&](size_t i) { return operation.arguments[i]; };
  switch (operation.opcode) {
    case Opcode::kEqual:
    case Opcode::kLess: {
      const bool less = operation.opcode == Opcode::kLess;
      // What isn't there yet has to be, and what is in a slot may stay there.
      for (const ValueId id : operation.arguments) {
        if (IsToLoad(values_[id].where)) Load(id, 32);
      }
      if (!less && IsConstant(argument(1), 0)) {
        TestZero(values_[argument(0)], operation.from);
        return {Cond::kZ};
      }
      const Cond code = !less ? Cond::kZ : IsSigned(operation.from) ? Cond::kL : Cond::kB;
      return CompareInAnyOrder(values_[argument(0)], values_[argument(1)], operation.from, code);
    }
    case Opcode::kNot:
      return Negate(Evaluate(argument(0)));
    case Opcode::kConvert:
      return Evaluate(argument(0));
    case Opcode::kCcIn:
      return EvaluateCcIn(static_cast<int>(operation.immediates[0]));
    case Opcode::kAnd:
    case Opcode::kOr: {
      const Gp a = Load(argument(0), 32);
      const Gp b = Load(argument(1), 32);
      if (operation.opcode == Opcode::kAnd) {
        a_.test(a.r8(), b.r8());
        return {Cond::kNZ};
      }
      int index;
      const Gp both = Scratch(index);
      a_.mov(both.r32(), a.r32());
      a_.or_(both.r8(), b.r8());
      return {Cond::kNZ};
    }
    default:
      a_.reportError(kErrorInvalidState);
      return {};
  }
}

// Puts a value that was left for later into a temporary: a bool, or a condition code.
void BlockEmitter::MakeBool(ValueId id) {
  const Operation* later = values_[id].later;
  if (values_[id].where != Where::kLater) {
    a_.reportError(kErrorInvalidState);
    NewTemporary(id);
    return;
  }
  if (later->type == Type::kBool) {
    const Condition condition = EvaluateBool(*later);
    const Gp gp = NewTemporary(id);
    if (condition.is_known) {
      a_.mov(gp.r32(), condition.known ? 1 : 0);
    } else {
      // A new temporary may have cost a store, which leaves the flags alone.
      a_.emit(Inst::setccFromCond(condition.code), gp.r8());
      a_.movzx(gp.r32(), gp.r8());
    }
  } else {
    // A condition code: by way of the two bytes of the frame's scratch words.
    StoreCcTree(id, InFrame(offsetof(Frame, scratch) + 24, 1),
                InFrame(offsetof(Frame, scratch) + 25, 1));
    const Gp gp = NewTemporary(id);
    int index;
    const Gp high = Scratch(index);
    a_.movzx(gp.r32(), InFrame(offsetof(Frame, scratch) + 24, 1));
    a_.movzx(high.r32(), InFrame(offsetof(Frame, scratch) + 25, 1));
    a_.lea(gp.r32(), ptr(gp, high, 1));
  }
  values_[id].clean = true;
  for (const ValueId argument : later->arguments) Use(argument);
}

// Of a condition code that is a number.
BlockEmitter::Condition BlockEmitter::EvaluateNumber(int mask) {
  const auto compare = [&](int number, Cond condition) {
    Value value;
    value.where = Where::kConstant;
    value.constant = number;
    EmitCompare(pending_.a, value, pending_.type);
    return Condition{condition};
  };
  switch (mask) {
    case 8:
    case 4:
    case 2:
    case 1:
      return compare(3 - std::countr_zero(static_cast<unsigned>(mask)), Cond::kZ);
    case 7:
    case 11:
    case 13:
    case 14:
      return compare(3 - std::countr_one(static_cast<unsigned>(mask)), Cond::kNZ);
    case 12:
      return compare(2, Cond::kB);
    case 3:
      return compare(2, Cond::kAE);
    default: {
      const Operand number = OperandOf(pending_.a, 32);
      int index;
      const Gp gp = Scratch(index);
      a_.emit(Inst::kIdMov, gp.r32(), number);
      const bool in_pairs = mask == 9 || mask == 6;  // codes 0 and 3, or 1 and 2
      if (in_pairs) a_.inc(gp.r32());
      a_.test(gp.r8(), in_pairs ? 2 : 1);
      return {mask == 9 || mask == 10 ? Cond::kZ : Cond::kNZ};
    }
  }
}

BlockEmitter::Condition BlockEmitter::EvaluateCcIn(int mask) {
  mask &= 15;
  if (mask == 0 || mask == 15) return {Cond::kZ, true, mask == 15};
  Pending& p = pending_;
  if (p.kind == Pending::kConstant) return {Cond::kZ, true, (mask << p.constant & 8) != 0};
  if (p.kind == Pending::kZeroOrOverflow || p.kind == Pending::kSum ||
      p.kind == Pending::kDifference) {
    if (p.exact_zero && (mask == 8 || mask == 7)) {
      TestZero(p.a, p.type);
      return {mask == 8 ? Cond::kZ : Cond::kNZ};
    }
    Materialize();
  }
  if (p.kind == Pending::kLogicalSum || p.kind == Pending::kLogicalDifference) {
    if (const auto condition = EvaluateLogical(mask)) return *condition;
    Materialize();
  }
  if (p.kind == Pending::kCompare || p.kind == Pending::kZero) {
    mask &= 14;
    if (mask == 0 || mask == 14) return {Cond::kZ, true, mask == 14};
    if (p.kind == Pending::kZero && (mask == 8 || mask == 6)) {
      TestZero(p.a, p.type);
      return {mask == 8 ? Cond::kZ : Cond::kNZ};
    }
    const bool is_signed = IsSigned(p.type);
    const auto compare = [&](Cond code) { return CompareInAnyOrder(p.a, p.b, p.type, code); };
    switch (mask) {
      case 8:
        return compare(Cond::kZ);
      case 6:
        return compare(Cond::kNZ);
      case 4:
        return compare(is_signed ? Cond::kL : Cond::kB);
      case 10:
        return compare(is_signed ? Cond::kGE : Cond::kAE);
      case 2:
        return compare(is_signed ? Cond::kG : Cond::kA);
      default:
        return compare(is_signed ? Cond::kLE : Cond::kBE);
    }
  }
  if (p.IsFloating()) return EvaluateFloating(mask);
  if (p.kind == Pending::kNumber) return EvaluateNumber(mask);
  if (p.kind == Pending::kBits) {
    mask &= 12;
    if (mask == 0 || mask == 12) return {Cond::kZ, true, mask == 12};
    TestZero(p.a, p.type);
    return {mask == 8 ? Cond::kZ : Cond::kNZ};
  }
  if (p.kind == Pending::kTest) {
    const int relevant = mask & 13;  // codes 0, 1 and 3
    if (relevant == 0 || relevant == 13) return {Cond::kZ, true, relevant == 13};
    const bool one_bit = std::has_single_bit(static_cast<uint64_t>(p.constant));
    if (relevant == 8 || relevant == 5 || one_bit) {
      // With one bit there is no code 1.
      const bool zero = (relevant & 8) != 0;
      if (one_bit && zero == ((relevant & 1) != 0)) return {Cond::kZ, true, zero};
      EmitCompare(p.a, p.b, p.type);
      return {zero ? Cond::kZ : Cond::kNZ};
    }
    if (relevant == 1 || relevant == 12) {
      Value all;
      all.where = Where::kConstant;
      all.constant = p.constant;
      EmitCompare(p.a, all, p.type);
      return {relevant == 1 ? Cond::kZ : Cond::kNZ};
    }
    Materialize();
  } else if (p.kind == Pending::kMemory && !p.is_made) {
    RequireMadeCc();
  }
  const auto word = [&](int cc, bool equal) {
    a_.cmp(CcWord(), WordOf(cc));
    return Condition{equal ? Cond::kZ : Cond::kNZ};
  };
  switch (mask) {
    case 8:
      return word(0, true);
    case 7:
      return word(0, false);
    case 4:
      return word(1, true);
    case 11:
      return word(1, false);
    case 2:
      return word(2, true);
    case 13:
      return word(2, false);
    case 1:
      return word(3, true);
    case 14:
      return word(3, false);
    case 12:
    case 3:
      a_.cmp(CcHigh(), 0);
      return {mask == 12 ? Cond::kZ : Cond::kNZ};
    case 10:
    case 5:
      a_.cmp(CcLow(), 0);
      return {mask == 10 ? Cond::kZ : Cond::kNZ};
    default: {
      int index;
      const Gp low = Scratch(index);
      a_.movzx(low.r32(), CcLow());
      a_.cmp(low.r8(), CcHigh());
      return {mask == 9 ? Cond::kZ : Cond::kNZ};
    }
  }
}

}  // namespace hypervisor::x86
