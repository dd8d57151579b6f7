// Binary floating point on SSE and FMA.
//
// The host calculates as the guest's FPC says (floating_control.h), and gathers the same flags, but
// where a NaN comes in or out, or where a result may have been tiny before it was rounded: there
// nothing has been changed but flags that are raised anyway, and the handler does it again.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

int RoundingOf(int64_t m3) {
  switch (m3) {
    case 0:
      return kByControl;
    case 4:
      return 0;
    case 5:
      return 3;
    case 6:
      return 2;
    case 7:
      return 1;
    default:
      return -1;
  }
}

bool CanEmitBfp(const ir::Operation& operation) {
  const auto& fields = operation.immediates;
  switch (operation.opcode) {
    case Opcode::kIntegralBfp:
      return RoundingOf(fields[0]) >= 0;
    case Opcode::kBfpToInteger:
      return RoundingOf(fields[0]) >= 0 && fields[1] == 0;
    case Opcode::kBfpFromInteger:
      return fields[0] == 0 && fields[1] == 0;
    case Opcode::kSetRoundedBfp:
      return fields[1] == 0 && fields[2] == 0;
    default:
      return true;
  }
}

void BlockEmitter::EmitFloatingCompare(const Xmm& a, const Operand& b, Type type) {
  a_.emit(WidthOf(type) == 64 ? Inst::kIdVucomisd : Inst::kIdVucomiss, a, b);
}

void BlockEmitter::CheckNumber(const Xmm& number, Type type, ValueId id, bool may_be_tiny) {
  Label slow = a_.newLabel();
  HandlerAt(slow);
  if (may_be_tiny) {
    const size_t is_long = WidthOf(type) == 64 ? 1 : 0;
    a_.vandps(xmm2, number, Constant(floating_constants().magnitude[is_long]));
    Mem least = Constant(floating_constants().least_normal[is_long]);
    least.setSize(is_long ? 8 : 4);
    EmitFloatingCompare(xmm2, least, type);
    a_.je(slow);  // or unordered
    return;
  }
  a_.vxorps(xmm2, xmm2, xmm2);
  EmitFloatingCompare(number, xmm2, type);
  a_.jp(slow);
  floating_flags_ = a_.offset();
  floating_flags_of_[0] = id;
  floating_flags_of_[1] = 0;
}

void BlockEmitter::CheckNumberQuietly(ValueId id) {
  const size_t is_long = WidthOf(definitions_[id]->type) == 64 ? 1 : 0;
  const int width = is_long ? 64 : 32;
  const Gp number = Load(id, width);
  int index;
  const Gp doubled = Sized(Scratch(index), width);
  Label slow = a_.newLabel();
  HandlerAt(slow);
  a_.lea(doubled, ptr(number.r64(), number.r64()));
  Mem infinity = AbsoluteWord(&floating_constants().doubled_infinity[is_long]);
  infinity.setSize(is_long ? 8 : 4);
  a_.cmp(doubled, infinity);
  a_.ja(slow);
}

void BlockEmitter::EmitBfp(const Operation& operation) {
  const Type type = operation.type;
  const bool is_long = WidthOf(type) == 64;
  const auto number = [&](size_t i, const Xmm& scratch) {
    const ValueId id = operation.arguments[i];
    return LoadNumber(values_[id], definitions_[id]->type, scratch);
  };
  bool may_be_tiny = false;
  switch (operation.opcode) {
    case Opcode::kAddBfp:
    case Opcode::kSubtractBfp:
    case Opcode::kMultiplyBfp:
    case Opcode::kDivideBfp: {
      const Xmm a = number(0, xmm0);
      const Xmm b = number(1, xmm1);
      Inst::Id id = is_long ? Inst::kIdVaddsd : Inst::kIdVaddss;
      if (operation.opcode == Opcode::kSubtractBfp)
        id = is_long ? Inst::kIdVsubsd : Inst::kIdVsubss;
      if (operation.opcode == Opcode::kMultiplyBfp)
        id = is_long ? Inst::kIdVmulsd : Inst::kIdVmulss;
      if (operation.opcode == Opcode::kDivideBfp) id = is_long ? Inst::kIdVdivsd : Inst::kIdVdivss;
      a_.emit(id, xmm0, a, b);
      // What a sum loses is never tiny.
      may_be_tiny =
          operation.opcode == Opcode::kMultiplyBfp || operation.opcode == Opcode::kDivideBfp;
      break;
    }
    case Opcode::kSquareRootBfp: {
      const Xmm a = number(0, xmm1);
      a_.emit(is_long ? Inst::kIdVsqrtsd : Inst::kIdVsqrtss, xmm0, a, a);
      break;
    }
    case Opcode::kMultiplyAndAddBfp:
    case Opcode::kMultiplyAndSubtractBfp:
      EmitFused(operation);
      may_be_tiny = true;
      break;
    case Opcode::kLengthenBfp: {
      const Xmm a = number(0, xmm1);
      a_.vcvtss2sd(xmm0, a, a);
      break;
    }
    case Opcode::kIntegralBfp: {
      const Xmm a = number(0, xmm1);
      const int how =
          RoundingOf(operation.immediates[0]) | (operation.immediates[1] ? kSuppressInexact : 0);
      is_long ? a_.vroundsd(xmm0, a, a, how) : a_.vroundss(xmm0, a, a, how);
      break;
    }
    case Opcode::kQuietBfp: {
      // The number itself.
      const Xmm a = number(0, xmm0);
      if (a.id() != xmm0.id()) a_.vmovaps(xmm0, a);
      break;
    }
    default:
      a_.reportError(kErrorInvalidInstruction);
      break;
  }
  CheckNumber(xmm0, type, operation.result, may_be_tiny);
  values_[operation.result] = Value{};
  values_[operation.result].where = Where::kXmm;
  values_[operation.result].place = 0;
}

void BlockEmitter::EmitFused(const Operation& operation) {
  const Type type = operation.type;
  const bool is_long = WidthOf(type) == 64;
  const Xmm addend = LoadNumber(values_[operation.arguments[0]], type, xmm0);
  const Xmm b = LoadNumber(values_[operation.arguments[1]], type, xmm1);
  const Xmm c = LoadNumber(values_[operation.arguments[2]], type, xmm3);
  if (addend.id() != xmm0.id()) a_.vmovaps(xmm0, addend);
  const bool subtract = operation.opcode == Opcode::kMultiplyAndSubtractBfp;
  a_.emit(subtract ? (is_long ? Inst::kIdVfmsub231sd : Inst::kIdVfmsub231ss)
                   : (is_long ? Inst::kIdVfmadd231sd : Inst::kIdVfmadd231ss),
          xmm0, b, c);
}

void BlockEmitter::EmitBfpFromInteger(const Operation& operation) {
  const ValueId id = operation.arguments[0];
  const int width = WidthOf(operation.from);
  const Gp integer = Load(id, width);
  a_.vxorps(xmm0, xmm0, xmm0);  // whose other bits the result would wait for
  a_.emit(WidthOf(operation.type) == 64 ? Inst::kIdVcvtsi2sd : Inst::kIdVcvtsi2ss, xmm0, xmm0,
          integer);
  values_[operation.result] = Value{};
  values_[operation.result].where = Where::kXmm;
  values_[operation.result].place = 0;
}

// What has no such integer gives the lowest, which the handler looks into.
void BlockEmitter::EmitBfpToInteger(const Operation& operation) {
  const ValueId id = operation.arguments[0];
  const bool is_long = WidthOf(operation.from) == 64;
  Label slow = a_.newLabel();
  HandlerAt(slow);
  Xmm number = LoadNumber(values_[id], operation.from, xmm1);
  const int how = RoundingOf(operation.immediates[0]);
  const bool truncates = how == 3;
  if (!truncates && how != kByControl) {
    is_long ? a_.vroundsd(xmm0, number, number, how) : a_.vroundss(xmm0, number, number, how);
    number = xmm0;
  }
  const Gp result = Sized(NewTemporary(operation.result), WidthOf(operation.type));
  a_.emit(truncates ? (is_long ? Inst::kIdVcvttsd2si : Inst::kIdVcvttss2si)
                    : (is_long ? Inst::kIdVcvtsd2si : Inst::kIdVcvtss2si),
          result, number);
  a_.cmp(result, 1);
  a_.jo(slow);
  values_[operation.result].clean = WidthOf(operation.type) == 32;
}

void BlockEmitter::EmitSetRounded(const Operation& operation) {
  const auto fpr = static_cast<int>(operation.immediates[0]);
  const Xmm number = LoadNumber(values_[operation.arguments[0]], Type::kU64, xmm1);
  a_.vcvtsd2ss(xmm0, number, number);
  CheckNumber(xmm0, Type::kU32, 0, true);
  ProtectFloating(fpr, 0);
  SetFprTo(fpr, Type::kU32, xmm0);
}

bool BlockEmitter::IsNumber(ValueId id) const {
  switch (definitions_[id]->opcode) {
    case Opcode::kAddBfp:
    case Opcode::kSubtractBfp:
    case Opcode::kQuietBfp:
      return true;
    default:
      break;
  }
  for (const Operation* earlier = last_operation_;
       earlier != guest_.ir.operations.data() + instruction_->first;) {
    --earlier;
    if (earlier->opcode == Opcode::kBfpToInteger && earlier->arguments[0] == id) return true;
  }
  return false;
}

void BlockEmitter::ComparePending(const Pending& pending) {
  const Xmm a = LoadNumber(pending.a, pending.type, xmm0);
  Xmm b = xmm2;
  if (pending.kind == Pending::kFloatingZero) {
    a_.vxorps(xmm2, xmm2, xmm2);
  } else {
    b = LoadNumber(pending.b, pending.type, xmm1);
  }
  EmitFloatingCompare(a, b, pending.type);
}

BlockEmitter::Condition BlockEmitter::EvaluateFloating(int mask) {
  mask &= 14;
  if (mask == 0 || mask == 14) return {Cond::kZ, true, mask == 14};
  if (pending_flags_ == 0 || pending_flags_ != a_.offset()) ComparePending(pending_);
  switch (mask) {
    case 8:
      return {Cond::kZ};
    case 6:
      return {Cond::kNZ};
    case 4:
      return {Cond::kB};
    case 10:
      return {Cond::kAE};
    case 2:
      return {Cond::kA};
    default:
      return {Cond::kBE};
  }
}

}  // namespace hypervisor::x86
