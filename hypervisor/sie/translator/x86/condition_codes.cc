// The guest's condition code: made of what it is kept as when somebody looks.
#include <bit>
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/condition_code.h"
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
Mem CcHow() {
  return InFrame(offsetof(Frame, cc_how), 1);
}
constexpr int WordOf(int64_t cc) {
  return static_cast<int>((cc & 1) | (cc & 2) << 7);
}

}  // namespace

// Whether the tree that makes a condition code is one that can wait.
bool BlockEmitter::MakePending(ValueId id) {
  const Operation* tree = definitions_[id];
  Pending next;
  const auto zero = [](Type type) {
    Value value;
    value.where = Where::kConstant;
    static_cast<void>(type);
    return value;
  };
  ValueId a = 0;
  ValueId b = 0;
  ValueId logical = 0;
  const auto by_zero = [&](Pending::Kind kind, ValueId value, Type type) {
    next.kind = kind;
    next.type = type;
    a = value;
    next.b = zero(type);
  };
  if (values_[id].where == Where::kConstant) {
    next.kind = Pending::kConstant;
    next.constant = values_[id].constant & 3;
  } else if (values_[id].where == Where::kTemporary && tree->opcode == Opcode::kConvert &&
             definitions_[tree->arguments[0]]->opcode == Opcode::kSelect) {
    next.kind = Pending::kNumber;
    next.type = Type::kU8;
    a = id;
  } else if (values_[id].where != Where::kLater) {  // NOLINT: as at the end
    return false;
  } else if (tree->opcode == Opcode::kCompareWithZero) {
    by_zero(Pending::kZero, tree->arguments[0], tree->from);
  } else if (tree->opcode == Opcode::kCompare) {
    next.kind = Pending::kCompare;
    next.type = tree->from;
    a = tree->arguments[0];
    b = tree->arguments[1];
  } else if (tree->opcode == Opcode::kSignBfp) {
    next.kind = Pending::kFloatingZero;
    next.type = tree->from;
    a = tree->arguments[0];
  } else if (tree->opcode == Opcode::kCompareBfp) {
    next.kind = Pending::kFloatingCompare;
    next.type = tree->from;
    a = tree->arguments[0];
    b = tree->arguments[1];
  } else if (tree->opcode == Opcode::kSelect &&
             values_[tree->arguments[0]].where == Where::kConstant) {
    return MakePending(tree->arguments[values_[tree->arguments[0]].constant ? 1 : 2]);
  } else if (tree->opcode == Opcode::kOr) {
    const LogicalCode code = LogicalCodeOf(*tree);
    if (!code.result) return false;
    logical = code.other;
    const bool is_sum = code.result->opcode == Opcode::kAdd;
    next.kind = is_sum ? Pending::kLogicalSum : Pending::kLogicalDifference;
    next.type = code.result->type;
    a = code.result->result;
    b = code.other;
    if (values_[b].where == Where::kConstant) {
      next.b = values_[b];
      b = 0;
    }
  } else if (tree->opcode == Opcode::kConvert) {
    const Operation* inner = definitions_[tree->arguments[0]];
    if (inner->opcode != Opcode::kNot || inner->type != Type::kBool) return false;
    const Operation* equal = definitions_[inner->arguments[0]];
    if (equal->opcode != Opcode::kEqual || !IsConstant(equal->arguments[1], 0)) return false;
    by_zero(Pending::kBits, equal->arguments[0], equal->from);
  } else if (tree->opcode == Opcode::kSelect) {
    const Operation* condition = definitions_[tree->arguments[0]];
    const Operation* otherwise = definitions_[tree->arguments[2]];
    const bool is_sum = condition->opcode == Opcode::kAddOverflow;
    if (values_[tree->arguments[0]].where == Where::kLater &&
        (is_sum || condition->opcode == Opcode::kSubtractOverflow)) {
      next.kind = is_sum ? Pending::kSum : Pending::kDifference;
      next.type = otherwise->from;
      a = otherwise->arguments[0];
      b = AddendOf(*condition);
      if (b == 0) return false;
      const Value& addend = values_[b];
      next.exact_zero = addend.where == Where::kConstant && addend.constant != 0 &&
                        addend.constant != INT64_MIN && addend.constant != INT32_MIN;
      if (addend.where == Where::kConstant) {
        next.b = addend;
        b = 0;
      }
    } else if (values_[tree->arguments[0]].where == Where::kFlag) {
      if (!IsConstant(tree->arguments[1], 3) || otherwise->opcode != Opcode::kCompareWithZero)
        return false;
      by_zero(Pending::kZeroOrOverflow, otherwise->arguments[0], otherwise->from);
      // The sum with a constant is 0 only without overflow, unless it is the lowest number.
      const Operation* sum = definitions_[a];
      if (condition->opcode != Opcode::kMultiplyOverflow && sum->arguments.size() == 2) {
        const Value& second = values_[condition->arguments[1]];
        next.exact_zero = (second.where == Where::kConstant && second.constant != 0 &&
                           second.constant != INT64_MIN && second.constant != INT32_MIN);
      }
    } else if (condition->opcode == Opcode::kEqual && IsConstant(condition->arguments[1], 0) &&
               IsConstant(tree->arguments[1], 0) && otherwise->opcode == Opcode::kSelect) {
      const Operation* all = definitions_[otherwise->arguments[0]];
      if (all->opcode != Opcode::kEqual || all->arguments[0] != condition->arguments[0])
        return false;
      const Value& mask = values_[all->arguments[1]];
      if (mask.where != Where::kConstant || mask.constant == 0) return false;
      const bool one_bit = std::has_single_bit(static_cast<uint64_t>(mask.constant));
      if (!IsConstant(otherwise->arguments[1], 3)) return false;
      if (!one_bit && !IsConstant(otherwise->arguments[2], 1)) return false;
      by_zero(Pending::kTest, condition->arguments[0], condition->from);
      next.constant = mask.constant;
    } else {
      return false;
    }
  } else {
    return false;
  }
  // What it is made of must be a value that is there.
  for (const ValueId part : {a, b}) {
    if (part == 0) continue;
    const Where where = values_[part].where;
    if (next.IsFloating() && (where == Where::kFloating || where == Where::kXmm)) continue;
    if (IsToLoad(where) || where == Where::kNowhere) Load(part, 32);
  }
  DropPending();
  pending_ = next;
  pending_ids_[0] = a;
  pending_ids_[1] = b;
  unsettled_ = true;
  if (next.IsFloating() && floating_flags_ == a_.offset() && floating_flags_of_[0] == a &&
      floating_flags_of_[1] == b) {
    pending_flags_ = a_.offset();
  }
  if (a) ++uses_[a];
  if (b) ++uses_[b];
  if (logical != 0) Use(logical);  // from when the instruction began
  return true;
}

void BlockEmitter::DropPending() {
  for (ValueId& owner : owners_) {
    if (owner == kPendingA || owner == kPendingB) owner = 0;
  }
  if (unsettled_) {
    for (const ValueId id : pending_ids_) {
      if (id) Use(id);
    }
  }
  unsettled_ = false;
  pending_flags_ = 0;
  pending_ = Pending{};
}

void BlockEmitter::SetCc(ValueId id) {
  if (MakePending(id)) return;
  // Trees may ask for the code as it was.
  StoreCcTree(id, CcLow(), CcHigh());
  a_.mov(CcHow(), kCodeIsMade);
  DropPending();
  pending_.is_made = true;
}

// Evaluates a condition code into two bytes.
void BlockEmitter::StoreCcTree(ValueId id, const Mem& low, const Mem& high) {
  const Value& value = values_[id];
  if (value.where == Where::kConstant) {
    a_.mov(low, value.constant & 1);
    a_.mov(high, value.constant >> 1 & 1);
    return;
  }
  if (value.where == Where::kLater) {
    const Operation& tree = *value.later;
    const auto argument = [&](size_t i) { return tree.arguments[i]; };
    switch (tree.opcode) {
      case Opcode::kConvert:
        if (definitions_[argument(0)]->type != Type::kBool) break;
        SetByte(Evaluate(argument(0)), low);
        a_.mov(high, 0);
        return;
      case Opcode::kCompareWithZero:
      case Opcode::kCompare: {
        Value zero;
        zero.where = Where::kConstant;
        for (const ValueId part : tree.arguments) {
          if (IsToLoad(values_[part].where)) Load(part, 32);
        }
        EmitCompare(values_[argument(0)],
                    tree.opcode == Opcode::kCompare ? values_[argument(1)] : zero, tree.from);
        SetByte({IsSigned(tree.from) ? Cond::kL : Cond::kB}, low);
        SetByte({IsSigned(tree.from) ? Cond::kG : Cond::kA}, high);
        return;
      }
      case Opcode::kOr: {
        // Zero or not, and the carry: two bits apart.
        const Operation* first = definitions_[argument(0)];
        const Operation* second = definitions_[argument(1)];
        if (first->opcode != Opcode::kConvert || second->opcode != Opcode::kShiftLeft) break;
        if (!IsConstant(second->arguments[1], 1)) break;
        const Operation* carry = definitions_[second->arguments[0]];
        if (carry->opcode != Opcode::kConvert) break;
        // Both conditions first: either may need the code as it was.
        const Condition nonzero = Evaluate(first->arguments[0]);
        SetByte(nonzero, InFrame(offsetof(Frame, first_bit), 1));
        SetByte(Evaluate(carry->arguments[0]), high);
        int index;
        const Gp gp = Scratch(index);
        a_.mov(gp.r8(), InFrame(offsetof(Frame, first_bit), 1));
        a_.mov(low, gp.r8());
        return;
      }
      case Opcode::kSelect: {
        Label done = a_.newLabel();
        Label otherwise = a_.newLabel();
        if (values_[argument(1)].where != Where::kConstant) break;
        // What the jumps pass over must not move values.
        Settle(argument(0));
        Settle(argument(2));
        const Condition condition = Evaluate(argument(0));
        if (condition.is_known) {
          StoreCcTree(condition.known ? argument(1) : argument(2), low, high);
          return;
        }
        a_.j(negateCond(condition.code), otherwise);
        StoreCcTree(argument(1), low, high);
        a_.jmp(done);
        a_.bind(otherwise);
        StoreCcTree(argument(2), low, high);
        a_.bind(done);
        return;
      }
      default:
        break;
    }
  }
  // Any other: a number.
  const Gp gp = Load(id, 32);
  int index;
  const Gp bit = Scratch(index);
  a_.mov(bit.r32(), gp.r32());
  a_.and_(bit.r32(), 1);
  a_.mov(low, bit.r8());
  a_.mov(bit.r32(), gp.r32());
  a_.shr(bit.r32(), 1);
  a_.and_(bit.r32(), 1);
  a_.mov(high, bit.r8());
}

// Puts all that a tree is made of where comparing it moves nothing.
void BlockEmitter::Settle(ValueId id) {
  const Value& value = values_[id];
  if (value.where == Where::kFlag) return;
  if (value.where == Where::kStorage || value.where == Where::kFloating ||
      value.where == Where::kXmm) {
    Load(id, 32);
    return;
  }
  if (value.where != Where::kLater) return;
  const Operation& tree = *value.later;
  if (tree.opcode == Opcode::kAnd || tree.opcode == Opcode::kOr) {
    MakeBool(id);
    return;
  }
  for (const ValueId argument : tree.arguments) Settle(argument);
}

void BlockEmitter::MakeCc(const Pending& pending) {
  if (pending.kind == Pending::kMemory) return RequireMadeCc();
  a_.mov(CcHow(), kCodeIsMade);
  switch (pending.kind) {
    case Pending::kMemory:
      return;
    case Pending::kConstant:
      a_.mov(CcWord(), WordOf(pending.constant));
      return;
    case Pending::kCompare:
    case Pending::kZero:
    case Pending::kZeroOrOverflow: {
      EmitCompare(pending.a, pending.b, pending.type);
      SetByte({IsSigned(pending.type) ? Cond::kL : Cond::kB}, CcLow());
      SetByte({IsSigned(pending.type) ? Cond::kG : Cond::kA}, CcHigh());
      if (pending.kind != Pending::kZeroOrOverflow) return;
      Label done = a_.newLabel();
      a_.cmp(InFrame(offsetof(Frame, overflow), 1), 0);
      a_.jz(done);
      a_.mov(CcWord(), WordOf(3));
      a_.bind(done);
      return;
    }
    case Pending::kSum:
    case Pending::kDifference:
    case Pending::kLogicalSum:
    case Pending::kLogicalDifference:
    case Pending::kNumber:
    case Pending::kTest:
      StoreCc(pending);
      a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.make_code)));
      return;
    case Pending::kFloatingCompare:
    case Pending::kFloatingZero:
      ComparePending(pending);
      SetByte({Cond::kB}, CcLow());
      SetByte({Cond::kA}, CcHigh());
      return;
    case Pending::kBits:
      EmitCompare(pending.a, pending.b, pending.type);
      SetByte({Cond::kNZ}, CcLow());
      a_.mov(CcHigh(), 0);
      return;
  }
}

void BlockEmitter::Materialize() {
  if (unsettled_) SettlePending();
  MakeCc(pending_);
  DropPending();
  pending_.is_made = true;
}

// The instruction ends: what the condition code is made of is kept beyond it.
void BlockEmitter::SettlePending() {
  if (!unsettled_) return;
  unsettled_ = false;
  for (int i = 0; i < 2; ++i) {
    const ValueId id = pending_ids_[i];
    if (id == 0) continue;
    Value& part = i == 0 ? pending_.a : pending_.b;
    part = values_[id];
    if (part.where == Where::kXmm) {
      a_.vmovsd(InFrame(offsetof(Frame, condition) + 8 * static_cast<size_t>(i), 8),
                xmm(part.place));
      part.where = Where::kSpilled;
      part.place = static_cast<uint8_t>(kConditionSlot + i);
    } else if (part.where == Where::kTemporary) {
      if (uses_[id] == 1) {
        owners_[part.place] = i == 0 ? kPendingA : kPendingB;
        values_[id].where = Where::kNowhere;
      } else {
        const int index = FreeTemporary();
        a_.mov(gpq(kTemporaries[index]), gpq(kTemporaries[part.place]));
        part.place = static_cast<uint8_t>(index);
        owners_[index] = i == 0 ? kPendingA : kPendingB;
      }
    } else if (part.where == Where::kSpilled) {
      // From its slot, which the next instruction may reuse.
      const int index = FreeTemporary();
      a_.mov(gpq(kTemporaries[index]), OperandOf(part, 64).as<Mem>());
      part.where = Where::kTemporary;
      part.place = static_cast<uint8_t>(index);
      owners_[index] = i == 0 ? kPendingA : kPendingB;
    }
    Use(id);
  }
}

}  // namespace hypervisor::x86
