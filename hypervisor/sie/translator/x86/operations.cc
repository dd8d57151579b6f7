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
      if (AddendOf(operation) != 0) return later();
      values_[operation.result].where = Where::kFlag;
      break;
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
      values_[operation.result].clean = true;
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
      LetGo(guest);
      if (!IsPinned(guest)) {
        a_.mov(State(offsetof(CpuState, gpr) + 8 * static_cast<size_t>(guest) + 4, 4), from);
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
    case Opcode::kFpr:
    case Opcode::kFprHigh: {
      Value& value = values_[operation.result];
      value.where = Where::kFloating;
      value.place = static_cast<uint8_t>(operation.immediates[0]);
      return;
    }
    case Opcode::kSetFpr:
    case Opcode::kSetFprHigh:
      EmitSetFpr(operation);
      break;
    case Opcode::kAddBfp:
    case Opcode::kSubtractBfp:
    case Opcode::kMultiplyBfp:
    case Opcode::kDivideBfp:
    case Opcode::kSquareRootBfp:
    case Opcode::kMultiplyAndAddBfp:
    case Opcode::kMultiplyAndSubtractBfp:
    case Opcode::kQuietBfp:
    case Opcode::kLengthenBfp:
    case Opcode::kIntegralBfp:
      EmitBfp(operation);
      break;
    case Opcode::kVr: {
      Value& value = values_[operation.result];
      value.where = Where::kVector;
      value.place = static_cast<uint8_t>(operation.immediates[0]);
      return;
    }
    case Opcode::kSetVr:
      EmitSetVr(operation);
      break;
    case Opcode::kVector:
      EmitVector(operation);
      break;
    case Opcode::kVectorBfp:
      EmitVectorBfp(operation);
      break;
    case Opcode::kVectorElement:
      EmitVectorElement(operation);
      break;
    case Opcode::kVectorMask:
      EmitVectorMask(operation);
      break;
    case Opcode::kVectorFirst:
      EmitVectorFirst(operation);
      break;
    case Opcode::kCompareBfp: {
      const Xmm a = LoadNumber(values_[argument(0)], operation.from, xmm0);
      const Xmm b = LoadNumber(values_[argument(1)], operation.from, xmm1);
      Label slow = a_.newLabel();
      HandlerAt(slow);
      EmitFloatingCompare(a, b, operation.from);
      a_.jp(slow);
      floating_flags_ = a_.offset();
      floating_flags_of_[0] = argument(0);
      floating_flags_of_[1] = argument(1);
      return later();
    }
    case Opcode::kSignBfp:
      if (!IsNumber(argument(0))) CheckNumberQuietly(argument(0));
      later();
      return EndOperation();
    case Opcode::kBfpFromInteger:
      EmitBfpFromInteger(operation);
      break;
    case Opcode::kBfpToInteger:
      EmitBfpToInteger(operation);
      break;
    case Opcode::kSetRoundedBfp:
      EmitSetRounded(operation);
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
      a_.mov(gp, ptr(gp, surroundings_.engine.psw_mask, 8));
      a_.shr(gp, 40);
      a_.and_(gp.r32(), 15);
      values_[operation.result].clean = true;
      break;
    }
    case Opcode::kStoreThenUpdateSystemMask:
      EmitStoreThenUpdateSystemMask(operation);
      break;
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
    case Opcode::kStoreLeft:
      EmitStoreLeft(operation);
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
    case Opcode::kMoveStorage:
    case Opcode::kCombineStorage:
    case Opcode::kCompareStorage:
      EmitStorageToStorage(operation);
      break;
    case Opcode::kSerialize:
      a_.lock().inc(InFrame(offsetof(Frame, epoch), 8));
      break;
    case Opcode::kRefetchPart:
      EmitRefetchPart(operation);
      break;
    case Opcode::kHandlerIf:
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

}  // namespace hypervisor::x86
