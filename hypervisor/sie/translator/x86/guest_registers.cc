// Guest registers: addresses made of them, values that go to them.
#include <cstddef>

#include "hypervisor/sie/guest_cpu.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

void BlockEmitter::EnterRegisters() {
  for (int guest = 0; borrowers_ >> guest != 0; ++guest)
    if (LenderOf(guest) >= 0) a_.mov(Gpr(LenderOf(guest)), Pinned(guest));
  ResumeRegisters();
}

void BlockEmitter::ResumeRegisters() {
  for (int guest = 0; borrowers_ >> guest != 0; ++guest)
    if (LenderOf(guest) >= 0) a_.mov(Pinned(guest), Gpr(guest));
  LoadFloatingRegisters();
}

void BlockEmitter::Narrow(uint16_t guests) {
  for (int guest = 0; guests >> guest != 0; ++guest)
    if ((guests >> guest & 1) != 0) a_.mov(Gpr(guest), Pinned(guest));
  narrow_ |= guests;
}

void BlockEmitter::Widen(uint16_t guests) {
  for (int guest = 0; guests >> guest != 0; ++guest) {
    if ((guests >> guest & 1) == 0) continue;
    a_.vmovq(xmm0, Gpr(guest));
    a_.vpinsrd(xmm0, xmm0, Pinned(guest).r32(), 0);
    a_.vmovq(Pinned(guest), xmm0);
  }
  narrow_ &= ~guests;
}

void BlockEmitter::MakeNarrow(uint16_t wanted) {
  Widen(narrow_ & ~wanted);
  Narrow(wanted & ~narrow_);
}

void BlockEmitter::LeaveRegisters() {
  for (int guest = 0; (borrowers_ | narrow_) >> guest != 0; ++guest) {
    if (!IsPinned(guest)) continue;
    const int lender = LenderOf(guest);
    if (IsNarrow(guest)) {
      // A store of four bytes would hold up whoever loads all eight.
      a_.vmovq(xmm0, Gpr(guest));
      a_.vpinsrd(xmm0, xmm0, Pinned(guest).r32(), 0);
      lender < 0 ? a_.vmovq(Pinned(guest), xmm0) : a_.vmovq(Gpr(guest), xmm0);
    } else if (lender >= 0) {
      a_.mov(Gpr(guest), Pinned(guest));
    }
    if (lender >= 0) a_.mov(Pinned(guest), Gpr(lender));
  }
  StoreFloatingRegisters();
}

// Values that go to a pinned register and can be made there.
void BlockEmitter::FindTargets(const GuestInstruction& instruction) {
  const auto& operations = guest_.ir.operations;
  const Operation* never_asked = nullptr;
  for (size_t k = instruction.first; k < instruction.last; ++k) {
    if (operations[k].opcode != Opcode::kSetCc) continue;
    const LogicalCode code = LogicalCodeOf(*definitions_[operations[k].arguments[0]]);
    never_asked = code.less;
    if (code.result) ++uses_[code.other];  // the code is made of it
  }
  for (size_t k = instruction.first; k < instruction.last; ++k) {
    const Operation& set = operations[k];
    if (set.opcode != Opcode::kSetGpr) continue;
    const auto guest = static_cast<int>(set.immediates[0]);
    if (!IsWhole(guest, set.type)) continue;
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
        if (WidthOf(made->from) >= WidthOf(made->type) || made->from == Type::kBool) continue;
        break;
      default:
        continue;
    }
    if (WidthOf(made->type) != WidthOf(set.type)) continue;
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
      if (operation.opcode == Opcode::kNothing || &operation == never_asked) continue;
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
    if (possible) targets_[value] = guest;
  }
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
  const Operand one = IsPinned(first) ? Operand(Pinned(first)) : InStorage(first, 64);
  const Operand other = second == 0        ? Operand()
                        : IsPinned(second) ? Operand(Pinned(second))
                                           : InStorage(second, 64);
  const Gp result = Result(operation, 0);
  if (one.isReg() && second == 0) {
    a_.lea(result, ptr(one.as<Gp>(), displacement));
  } else if (one.isReg() && other.isReg()) {
    a_.lea(result, ptr(one.as<Gp>(), other.as<Gp>(), 0, displacement));
  } else if (second == 0 || (!one.isReg() && !other.isReg())) {
    a_.emit(Inst::kIdMov, result, one);
    if (second != 0) a_.emit(Inst::kIdAdd, result, other);
    if (d != 0) a_.add(result, displacement);
  } else {
    const Gp in_register = one.isReg() ? one.as<Gp>() : other.as<Gp>();
    const Operand& stored = one.isReg() ? other : one;
    if (in_register.id() == result.id()) {
      a_.emit(Inst::kIdAdd, result, stored);
      if (d != 0) a_.add(result, displacement);
    } else {
      a_.emit(Inst::kIdMov, result, stored);
      a_.lea(result, ptr(result, in_register, 0, displacement));
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
  set_ |= static_cast<uint16_t>(1u << guest);
  if (values_[id].where == Where::kGuest && values_[id].place == guest) {
    if (width == 64) narrow_ &= static_cast<uint16_t>(~(1u << guest));
    return;
  }
  // The zero flag outlives moves.
  const bool moves = values_[id].where == Where::kTemporary || values_[id].where == Where::kGuest;
  const bool flags = moves && flags_.offset == a_.offset();
  if (!IsPinned(guest)) {
    if (width < 32 && values_[id].where == Where::kGuest) Load(id, 32);
    const Operand from = RegisterOrImmediate(id, width > 32 ? 64 : 32);
    Protect(guest);
    LetGo(guest);
    Operand sized = from;
    if (from.isReg() && width == 8) sized = from.as<Gp>().r8();
    if (from.isReg() && width == 16) sized = from.as<Gp>().r16();
    a_.emit(Inst::kIdMov, Gpr(guest, static_cast<uint32_t>(width) / 8), sized);
    if (from.isReg() && width >= 32) Hold(from.as<Gp>(), guest, width, values_[id].clean);
    if (flags) flags_.offset = a_.offset();
    return;
  }
  const Gp host = Pinned(guest);
  if (IsWhole(guest, operation.type)) {
    if (width == 64) narrow_ &= static_cast<uint16_t>(~(1u << guest));
    if (values_[id].where == Where::kStorage && uses_[id] == 1) {
      Protect(guest);
      LoadStorage(host, StorageAt(static_cast<int32_t>(values_[id].constant)),
                  static_cast<Type>(values_[id].constant >> 32));
      return;
    }
    if (values_[id].where == Where::kGuest) {
      Protect(guest);
      CopyTo(host, id, width);
      return;
    }
    if (values_[id].where != Where::kConstant) Load(id, width);
    Protect(guest);
    CopyTo(host, id, width);
    if (flags) flags_.offset = a_.offset();
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
