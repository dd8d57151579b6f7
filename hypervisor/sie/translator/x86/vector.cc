// Operations on whole vector registers by SSE and AVX2: operations of bits, and what becomes a
// vector of numbers. Nothing here leaves the block; the last host instruction makes the result.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Type;
using ir::VectorOperation;

// What the host has no few instructions for is the handler's.
bool CanEmitVector(const ir::Operation& operation) {
  const int64_t size = operation.immediates[1];
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kConstant:
    case VectorOperation::kFromGprs:
      return true;
    case VectorOperation::kAverage:
    case VectorOperation::kAverageLogical:
      return size <= 1;
    case VectorOperation::kMultiplyLow:
      return size <= 2;
    case VectorOperation::kMultiplyHigh:
    case VectorOperation::kMultiplyLogicalHigh:
      return size == 1 || size == 2;
    case VectorOperation::kEqualToAny:
      return size <= 1;
    case VectorOperation::kPopulationCount:
      return size == 0;
    case VectorOperation::kSumQuadword:
      return size == 2;
    case VectorOperation::kShiftLeftEach:
    case VectorOperation::kShiftRightEach:
    case VectorOperation::kShiftRightSignedEach:
    case VectorOperation::kRotateEach:
      return size >= 2;
    case VectorOperation::kPackSigned:
    case VectorOperation::kPackLogical:
      return size <= 2;
    default:
      return size <= 3;
  }
}

void BlockEmitter::EmitVector(const Operation& operation) {
  const Xmm target = VectorTarget(operation);
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kAnd:
    case VectorOperation::kAndWithComplement:
    case VectorOperation::kOr:
    case VectorOperation::kNor:
    case VectorOperation::kExclusiveOr:
    case VectorOperation::kNand:
    case VectorOperation::kNotExclusiveOr:
    case VectorOperation::kOrWithComplement:
    case VectorOperation::kSelect:
      EmitVectorBits(operation, target);
      break;
    case VectorOperation::kConstant:
    case VectorOperation::kFromGprs:
    case VectorOperation::kLeft:
    case VectorOperation::kAll:
    case VectorOperation::kInsert:
    case VectorOperation::kLeftBytes:
      EmitVectorOfNumber(operation, target);
      break;
    case VectorOperation::kMultiplyLow:
    case VectorOperation::kMultiplyHigh:
    case VectorOperation::kMultiplyLogicalHigh:
    case VectorOperation::kMultiplyEven:
    case VectorOperation::kMultiplyLogicalEven:
    case VectorOperation::kMultiplyOdd:
    case VectorOperation::kMultiplyLogicalOdd:
      EmitVectorProduct(operation, target);
      break;
    case VectorOperation::kShiftLeft:
    case VectorOperation::kShiftRight:
    case VectorOperation::kShiftRightSigned:
    case VectorOperation::kRotate:
      EmitVectorShift(operation, target);
      break;
    case VectorOperation::kShiftLeftEach:
    case VectorOperation::kShiftRightEach:
    case VectorOperation::kShiftRightSignedEach:
    case VectorOperation::kRotateEach:
      EmitVectorShiftEach(operation, target);
      break;
    case VectorOperation::kShiftLeftByBytes:
    case VectorOperation::kShiftRightByBytes:
      EmitShiftByBytes(operation, target);
      break;
    case VectorOperation::kSumWords:
    case VectorOperation::kSumDoublewords:
    case VectorOperation::kSumQuadword:
      EmitVectorSum(operation, target);
      break;
    default:
      if (!EmitVectorInteger(operation, target) && !EmitVectorShuffle(operation, target))
        a_.reportError(kErrorInvalidInstruction);
      break;
  }
  IsVectorResult(operation, target);
}

void BlockEmitter::EmitVectorBits(const Operation& operation, const Xmm& target) {
  const Xmm a = LoadVector(operation.arguments[0], xmm0);
  const Operand b = VectorOperand(operation.arguments[1], xmm1);
  const auto complement = [&](const Xmm& v) {
    a_.vpcmpeqd(xmm2, xmm2, xmm2);
    a_.vpxor(target, v, xmm2);
  };
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kAnd:
      a_.emit(Inst::kIdVpand, target, a, b);
      break;
    case VectorOperation::kOr:
      a_.emit(Inst::kIdVpor, target, a, b);
      break;
    case VectorOperation::kExclusiveOr:
      a_.emit(Inst::kIdVpxor, target, a, b);
      break;
    case VectorOperation::kNand:
      a_.emit(Inst::kIdVpand, xmm0, a, b);
      complement(xmm0);
      break;
    case VectorOperation::kNor:
      a_.emit(Inst::kIdVpor, xmm0, a, b);
      complement(xmm0);
      break;
    case VectorOperation::kNotExclusiveOr:
      a_.emit(Inst::kIdVpxor, xmm0, a, b);
      complement(xmm0);
      break;
    case VectorOperation::kAndWithComplement:
      a_.vpandn(target, LoadVector(operation.arguments[1], xmm1), a);
      break;
    case VectorOperation::kOrWithComplement:
      a_.vpcmpeqd(xmm2, xmm2, xmm2);
      a_.emit(Inst::kIdVpxor, xmm2, xmm2, b);
      a_.vpor(target, a, xmm2);
      break;
    default: {  // kSelect
      const Xmm mask = LoadVector(operation.arguments[2], xmm3);
      a_.emit(Inst::kIdVpandn, xmm2, mask, b);
      a_.vpand(xmm0, a, mask);
      a_.vpor(target, xmm0, xmm2);
      break;
    }
  }
}

void BlockEmitter::EmitVectorOfNumber(const Operation& operation, const Xmm& target) {
  const auto& fields = operation.immediates;
  const auto argument = [&](size_t i) { return operation.arguments[i]; };
  const auto size = static_cast<int>(fields[1]);
  switch (static_cast<VectorOperation>(fields[0])) {
    case VectorOperation::kConstant:
      if (fields[1] == 0 && fields[2] == 0) {
        a_.vpxor(target, target, target);
      } else if (fields[1] == -1 && fields[2] == -1) {
        a_.vpcmpeqd(target, target, target);
      } else {
        a_.vmovdqa(target,
                   Quadword(static_cast<uint64_t>(fields[1]), static_cast<uint64_t>(fields[2])));
      }
      break;
    case VectorOperation::kFromGprs:
      a_.vmovq(xmm0, Load(argument(0), 64));
      a_.vpinsrq(target, xmm0, Load(argument(1), 64), 1);
      break;
    case VectorOperation::kLeft: {
      const Where where = values_[argument(0)].where;
      if (where == Where::kXmm || where == Where::kFloating) {
        a_.vmovq(target, LoadNumber(values_[argument(0)], Type::kU64, xmm0));
      } else {
        const Gp number = Load(argument(0), 64);
        a_.vmovq(target, number);
        const Value& value = values_[argument(0)];
        const Operation* made = definitions_[argument(0)];
        const bool found = made->opcode == ir::Opcode::kConvert &&
                           definitions_[made->arguments[0]]->opcode == ir::Opcode::kVectorFirst;
        if (found && value.where == Where::kTemporary)
          found_ = {a_.offset(), target.id(), value.place};
      }
      break;
    }
    case VectorOperation::kAll: {
      constexpr Inst::Id kBroadcast[] = {Inst::kIdVpbroadcastb, Inst::kIdVpbroadcastw,
                                         Inst::kIdVpbroadcastd, Inst::kIdVpbroadcastq};
      const Where where = values_[argument(0)].where;
      Xmm number = xmm0;
      if (where == Where::kXmm || where == Where::kFloating) {
        number = LoadNumber(values_[argument(0)], size == 3 ? Type::kU64 : Type::kU32, xmm0);
      } else if (size == 3) {
        a_.vmovq(xmm0, Load(argument(0), 64));
      } else {
        a_.vmovd(xmm0, Load(argument(0), 32));
      }
      a_.emit(kBroadcast[size], target, number);
      break;
    }
    case VectorOperation::kInsert: {
      const Xmm a = LoadVector(argument(0), xmm0);
      if (operation.arguments.size() == 3) {
        const Gp number = Load(argument(1), size == 3 ? 64 : 32);
        const Gp where = Load(argument(2), 32);
        const Mem lanes = InFrame(offsetof(Frame, lanes), 16);
        a_.vmovdqu(lanes, a);
        const Mem at = LaneInFrame(where, 1u << size);
        size == 0   ? a_.mov(at, number.r8())
        : size == 1 ? a_.mov(at, number.r16())
        : size == 2 ? a_.mov(at, number.r32())
                    : a_.mov(at, number.r64());
        a_.vmovdqu(target, lanes);
        break;
      }
      const Gp gp = Load(argument(1), size == 3 ? 64 : 32);
      const int lane = static_cast<int>(fields[2]) ^ ((8 >> size) - 1);
      constexpr Inst::Id kInsertions[] = {Inst::kIdVpinsrb, Inst::kIdVpinsrw, Inst::kIdVpinsrd,
                                          Inst::kIdVpinsrq};
      a_.emit(kInsertions[size], target, a, gp, imm(lane));
      break;
    }
    default:  // kLeftBytes
      a_.vmovd(xmm1, Load(argument(1), 32));
      a_.vpbroadcastb(xmm1, xmm1);
      a_.vpcmpgtb(xmm1, xmm1, Quadword(0x0001020304050607, 0x08090a0b0c0d0e0f));
      a_.vpand(target, LoadVector(argument(0), xmm0), xmm1);
      break;
  }
}

}  // namespace hypervisor::x86
