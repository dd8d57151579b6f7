// Where values live: temporaries, guest registers, slots of the frame.
#include <cstddef>
#include <utility>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Type;

namespace {

Mem Slot(uint8_t place, uint32_t size) {
  const size_t offset = place >= kConditionSlot
                            ? offsetof(Frame, condition) + uint64_t{8} * (place - kConditionSlot)
                            : offsetof(Frame, spilled) + uint64_t{8} * place;
  return InFrame(offset, size);
}

}  // namespace

int BlockEmitter::WidthOf(Type type) {
  switch (type) {
    case Type::kBool:
    case Type::kU8:
    case Type::kS8:
      return 8;
    case Type::kU16:
    case Type::kS16:
      return 16;
    case Type::kU32:
    case Type::kS32:
      return 32;
    case Type::kVector:
      return 128;
    default:
      return 64;
  }
}

void BlockEmitter::Evict(int index) {
  const ValueId owner = owners_[index];
  const Gp gp = gpq(kTemporaries[index]);
  owners_[index] = 0;
  if (owner == 0 || owner == kScratch) return;
  if (owner == kPendingA || owner == kPendingB) {
    Value& value = owner == kPendingA ? pending_.a : pending_.b;
    value.where = Where::kSpilled;
    value.place = static_cast<uint8_t>(kConditionSlot + (owner == kPendingA ? 0 : 1));
    a_.mov(Slot(value.place, 8), gp);
    return;
  }
  Value& value = values_[owner];
  int slot = 0;
  while (slots_ >> slot & 1) ++slot;
  if (slot >= kSpillSlots) return a_.reportError(kErrorNoMorePhysRegs), void();
  slots_ |= 1u << slot;
  value.where = Where::kSpilled;
  value.place = static_cast<uint8_t>(slot);
  a_.mov(Slot(value.place, 8), gp);
}

int BlockEmitter::FreeTemporary() {
  // None of a value if there is one, and what has been held for longest.
  const auto rank = [this](int i) {
    const bool is_pending = owners_[i] == kPendingA || owners_[i] == kPendingB;
    return std::pair(owners_[i] == 0 ? 0 : is_pending ? 1 : 2, held_[i].since);
  };
  int best = -1;
  for (int i = 0; i < kTemporaryCount; ++i) {
    if (!locked_[i] && (best < 0 || rank(i) < rank(best))) best = i;
  }
  if (best < 0) {
    a_.reportError(kErrorNoMorePhysRegs);
    return 0;
  }
  Evict(best);
  held_[best] = {};
  return best;
}

Gp BlockEmitter::NewTemporary(ValueId id) {
  const int index = FreeTemporary();
  owners_[index] = id;
  locked_[index] = true;
  values_[id] = Value{};
  values_[id].where = Where::kTemporary;
  values_[id].place = static_cast<uint8_t>(index);
  return gpq(kTemporaries[index]);
}

Gp BlockEmitter::Scratch(int& index) {
  index = FreeTemporary();
  owners_[index] = kScratch;
  locked_[index] = true;
  return gpq(kTemporaries[index]);
}

void BlockEmitter::Take(uint32_t host) {
  for (int i = 0; i < kTemporaryCount; ++i) {
    if (kTemporaries[i] != host) continue;
    if (locked_[i]) a_.reportError(kErrorNoMorePhysRegs);
    Evict(i);
    held_[i] = {};
    owners_[i] = kScratch;
    locked_[i] = true;
  }
}

void BlockEmitter::Release(int index) {
  locked_[index] = false;
  if (owners_[index] == kScratch) owners_[index] = 0;
}

void BlockEmitter::EndOperation() {
  for (int i = 0; i < kTemporaryCount; ++i) {
    locked_[i] = false;
    if (owners_[i] == kScratch) owners_[i] = 0;
  }
  reused_ = 0;
  if (storage_temporary_ >= 0) locked_[storage_temporary_] = true;
}

Gp BlockEmitter::Load(ValueId id, int width) {
  Value& value = values_[id];
  switch (value.where) {
    case Where::kGuest: {
      if (IsPinned(value.place)) return Sized(Pinned(value.place), width);
      const int guest = value.place;
      const int own = WidthOf(definitions_[id]->type) > 32 ? 64 : 32;
      if (Claim(id, guest, own)) return Sized(gpq(kTemporaries[values_[id].place]), width);
      const Gp gp = NewTemporary(id);
      a_.mov(Sized(gp, own), Gpr(guest, static_cast<uint32_t>(own) / 8));
      values_[id].clean = own == 32;
      Hold(gp, guest, own, own == 32);
      return Sized(gp, width);
    }
    case Where::kTemporary:
      locked_[value.place] = true;
      return Sized(gpq(kTemporaries[value.place]), width);
    case Where::kSpilled: {
      const uint8_t slot = value.place;
      const bool clean = value.clean;
      const Gp gp = NewTemporary(id);
      a_.mov(gp, Slot(slot, 8));
      values_[id].clean = clean;
      slots_ &= ~(1u << slot);
      return Sized(gp, width);
    }
    case Where::kConstant: {
      int index;
      const Gp gp = Scratch(index);
      const int64_t constant = value.constant;
      if (constant == 0) {
        a_.mov(gp.r32(), 0);
      } else if (width <= 32 || (constant > 0 && constant <= 0xffffffff)) {
        a_.mov(gp.r32(), imm(static_cast<uint32_t>(constant)));
      } else {
        a_.mov(gp, imm(constant));
      }
      return Sized(gp, width);
    }
    case Where::kStorage: {
      const Value from = value;
      const Gp gp = NewTemporary(id);
      const Type type = static_cast<Type>(from.constant >> 32);
      LoadStorage(gp, StorageAt(static_cast<int32_t>(from.constant)), type);
      values_[id].clean = true;
      return Sized(gp, width);
    }
    case Where::kFloating:
    case Where::kXmm: {
      const bool is_short = WidthOf(definitions_[id]->type) == 32;
      const Xmm number = LoadNumber(value, definitions_[id]->type, xmm2);
      const Gp gp = NewTemporary(id);
      is_short ? a_.vmovd(gp.r32(), number) : a_.vmovq(gp, number);
      values_[id].clean = is_short;
      return Sized(gp, width);
    }
    case Where::kFlag: {
      const Gp gp = NewTemporary(id);
      a_.movzx(gp.r32(), InFrame(offsetof(Frame, overflow), 1));
      values_[id].clean = true;
      return Sized(gp, width);
    }
    case Where::kLater:
    case Where::kNowhere:
    case Where::kVector:  // of which no general register is made
      MakeBool(id);
      return Sized(gpq(kTemporaries[values_[id].place]), width);
  }
  return rax;
}

Gp BlockEmitter::LoadExtended(ValueId id, int width) {
  const Type type = definitions_[id]->type;
  const int own = WidthOf(type);
  if (own >= width) return Load(id, width);
  if (values_[id].where == Where::kConstant) {
    int index;
    const Gp gp = Scratch(index);
    a_.mov(gp, imm(values_[id].constant));
    return Sized(gp, width);
  }
  const Gp from = Load(id, 32);
  if (!IsSigned(type) && values_[id].clean) return Sized(from.r64(), width);
  int index;
  const Gp gp = Scratch(index);
  if (own == 32) {
    if (IsSigned(type)) {
      a_.movsxd(gp, from.r32());
    } else {
      a_.mov(gp.r32(), from.r32());
    }
  } else if (own == 16) {
    IsSigned(type) ? a_.movsx(Sized(gp, width), from.r16()) : a_.movzx(gp.r32(), from.r16());
  } else {
    IsSigned(type) ? a_.movsx(Sized(gp, width), from.r8()) : a_.movzx(gp.r32(), from.r8());
  }
  return Sized(gp, width);
}

Operand BlockEmitter::AsOperand(ValueId id, int width) {
  const Value& value = values_[id];
  if (value.where == Where::kConstant) {
    const int64_t constant = width <= 32 ? static_cast<int32_t>(value.constant) : value.constant;
    if (constant == static_cast<int32_t>(constant)) return imm(constant);
  }
  // Narrower values have no bits of their own beyond their width in storage either, but readable
  // ones.
  if (value.where == Where::kGuest && !IsPinned(value.place))
    return Gpr(value.place, static_cast<uint32_t>(width) / 8);
  return Load(id, width);
}

Operand BlockEmitter::OperandOf(const Value& value, int width) {
  const auto size = static_cast<uint32_t>(width) / 8;
  const auto sized = [width](Gp gp) {
    return width == 8 ? gp.r8() : width == 16 ? gp.r16() : Sized(gp, width);
  };
  switch (value.where) {
    case Where::kConstant:
      return imm(width == 8    ? static_cast<int8_t>(value.constant)
                 : width == 16 ? static_cast<int16_t>(value.constant)
                 : width == 32 ? static_cast<int32_t>(value.constant)
                               : value.constant);
    case Where::kGuest:
      if (IsPinned(value.place)) return sized(Pinned(value.place));
      if (const int held = HeldIn(value.place, width > 32 ? 64 : 32); held >= 0)
        return sized(gpq(kTemporaries[held]));
      return Gpr(value.place, size);
    case Where::kTemporary:
      return sized(gpq(kTemporaries[value.place]));
    default:
      return Slot(value.place, size);
  }
}

void BlockEmitter::Free(ValueId id) {
  Value& value = values_[id];
  const Operation* later = value.where == Where::kLater ? value.later : nullptr;
  if (value.where == Where::kTemporary && owners_[value.place] == id) owners_[value.place] = 0;
  if (value.where == Where::kSpilled) slots_ &= ~(1u << value.place);
  value.where = Where::kNowhere;
  if (later) {
    for (const ValueId argument : later->arguments) Use(argument);
  }
}

void BlockEmitter::Use(ValueId id) {
  if (uses_[id] > 0 && --uses_[id] == 0) Free(id);
}

void BlockEmitter::ProtectPending(int guest) {
  for (const bool first : {true, false}) {
    Value& value = first ? pending_.a : pending_.b;
    if (pending_.kind == Pending::kMemory || pending_.kind == Pending::kConstant) return;
    if (value.where != Where::kGuest || value.place != guest) continue;
    const int index = FreeTemporary();
    owners_[index] = first ? kPendingA : kPendingB;
    const Gp gp = gpq(kTemporaries[index]);
    IsPinned(guest) ? a_.mov(gp, Pinned(guest)) : a_.mov(gp, Gpr(guest));
    value.where = Where::kTemporary;
    value.place = static_cast<uint8_t>(index);
  }
}

void BlockEmitter::Protect(int guest) {
  if (!unsettled_) ProtectPending(guest);
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const ValueId id = guest_.ir.operations[i].result;
    if (id == 0 || uses_[id] == 0) continue;
    const Value value = values_[id];
    if (value.where != Where::kGuest || value.place != guest) continue;
    const Gp gp = NewTemporary(id);
    IsPinned(guest) ? a_.mov(gp, Pinned(guest)) : a_.mov(gp, Gpr(guest));
  }
}

// A register for the result: the guest register it goes to, `reuse`'s own if this is its last use,
// or a new one. If it is not `reuse`'s, the caller copies.
Gp BlockEmitter::Result(const Operation& operation, ValueId reuse) {
  const ValueId id = operation.result;
  const int target = targets_[id];
  if (target >= 0) {
    if (!unsettled_) ProtectPending(target);
    values_[id] = Value{};
    values_[id].where = Where::kGuest;
    values_[id].place = static_cast<uint8_t>(target);
    return Pinned(target);
  }
  if (reuse != 0 && uses_[reuse] == 1 && values_[reuse].where == Where::kTemporary) {
    const uint8_t place = values_[reuse].place;
    values_[reuse].where = Where::kNowhere;
    reused_ = reuse;
    owners_[place] = id;
    locked_[place] = true;
    held_[place] = {};
    values_[id] = Value{};
    values_[id].where = Where::kTemporary;
    values_[id].place = place;
    return gpq(kTemporaries[place]);
  }
  return NewTemporary(id);
}

void BlockEmitter::CopyTo(Gp target, ValueId id, int width) {
  if (reused_ == id) return;  // the target is its own register
  const Value& value = values_[id];
  if (value.where == Where::kConstant) {
    if (value.constant == 0) {
      a_.mov(target.r32(), 0);
    } else if (width <= 32 || (value.constant > 0 && value.constant <= 0xffffffff)) {
      a_.mov(target.r32(), imm(static_cast<uint32_t>(value.constant)));
    } else {
      a_.mov(target, imm(value.constant));
    }
    return;
  }
  if (value.where == Where::kGuest && !IsPinned(value.place)) {
    const int wide = width > 32 ? 64 : 32;
    const int held = HeldIn(value.place, wide);
    held < 0 ? a_.mov(Sized(target, wide), Gpr(value.place, static_cast<uint32_t>(wide) / 8))
             : a_.mov(Sized(target, wide), Sized(gpq(kTemporaries[held]), wide));
    return;
  }
  if (value.where == Where::kSpilled) {
    a_.mov(target, Slot(value.place, 8));
    return;
  }
  const Gp from = Load(id, width);
  if (from.id() != target.id()) a_.mov(Sized(target, width), Sized(from, width));
}

}  // namespace hypervisor::x86
