// Elements of vector registers shifted and rotated.
#include "hypervisor/sie/translator/x86/block_emitter.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::VectorOperation;

namespace {

constexpr Inst::Id kLeft[] = {Inst::kIdVpsllw, Inst::kIdVpsllw, Inst::kIdVpslld, Inst::kIdVpsllq};
constexpr Inst::Id kRight[] = {Inst::kIdVpsrlw, Inst::kIdVpsrlw, Inst::kIdVpsrld, Inst::kIdVpsrlq};
constexpr Inst::Id kRightSigned[] = {Inst::kIdNone, Inst::kIdVpsraw, Inst::kIdVpsrad,
                                     Inst::kIdNone};

}  // namespace

// Of bytes the amount is known.
void BlockEmitter::EmitVectorShift(const Operation& operation, const Xmm& target) {
  const auto size = static_cast<int>(operation.immediates[1]);
  const Xmm a = LoadVector(operation.arguments[0], xmm0);
  const auto amount = [&](size_t i, const Xmm& scratch) -> Operand {
    const ValueId id = operation.arguments[i];
    if (values_[id].where == Where::kConstant) return imm(values_[id].constant);
    a_.vmovd(scratch, Load(id, 32));
    return scratch;
  };
  const Operand by = amount(1, xmm1);
  const auto known = [](const Operand& number) {
    return static_cast<int>(number.as<Imm>().value());
  };
  // Zeros come in.
  const auto left = [&](const Xmm& to, const Operand& bits) {
    a_.emit(kLeft[size], to, a, bits);
    if (size == 0) a_.vpand(to, to, EachByte(static_cast<uint8_t>(0xff << known(bits))));
  };
  const auto right = [&](const Xmm& to, const Operand& bits) {
    a_.emit(kRight[size], to, a, bits);
    if (size == 0) a_.vpand(to, to, EachByte(static_cast<uint8_t>(0xff >> known(bits))));
  };
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kShiftLeft:
      return left(target, by);
    case VectorOperation::kShiftRight:
      return right(target, by);
    case VectorOperation::kShiftRightSigned: {
      if (kRightSigned[size] != Inst::kIdNone) {
        a_.emit(kRightSigned[size], target, a, by);
        return;
      }
      // The sign's new place tells how to extend it.
      right(xmm2, by);
      a_.vmovdqa(xmm3, EachElement(size, uint64_t{1} << ((8 << size) - 1)));
      a_.emit(kRight[size], xmm3, xmm3, by);
      a_.vpxor(xmm2, xmm2, xmm3);
      a_.emit(size == 0 ? Inst::kIdVpsubb : Inst::kIdVpsubq, target, xmm2, xmm3);
      return;
    }
    default: {  // kRotate
      left(xmm2, by);
      right(xmm3, amount(2, xmm1));
      a_.vpor(target, xmm2, xmm3);
      return;
    }
  }
}

// Of words and doublewords.
void BlockEmitter::EmitVectorShiftEach(const Operation& operation, const Xmm& target) {
  const auto size = static_cast<int>(operation.immediates[1]);
  const bool is_long = size == 3;
  const Xmm a = LoadVector(operation.arguments[0], xmm0);
  const Operand amounts = VectorOperand(operation.arguments[1], xmm1);
  const Inst::Id left = is_long ? Inst::kIdVpsllvq : Inst::kIdVpsllvd;
  const Inst::Id right = is_long ? Inst::kIdVpsrlvq : Inst::kIdVpsrlvd;
  const uint64_t width = is_long ? 64 : 32;
  a_.vmovdqa(xmm4, EachElement(size, width - 1));
  a_.emit(Inst::kIdVpand, xmm4, xmm4, amounts);
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kShiftLeftEach:
      a_.emit(left, target, a, xmm4);
      return;
    case VectorOperation::kShiftRightEach:
      a_.emit(right, target, a, xmm4);
      return;
    case VectorOperation::kShiftRightSignedEach:
      if (!is_long) {
        a_.vpsravd(target, a, xmm4);
        return;
      }
      a_.vpsrlvq(xmm2, a, xmm4);
      a_.vmovdqa(xmm3, EachElement(3, uint64_t{1} << 63));
      a_.vpsrlvq(xmm3, xmm3, xmm4);
      a_.vpxor(xmm2, xmm2, xmm3);
      a_.vpsubq(target, xmm2, xmm3);
      return;
    default:  // kRotateEach
      a_.emit(left, xmm2, a, xmm4);
      a_.vmovdqa(xmm3, EachElement(size, width));
      a_.emit(is_long ? Inst::kIdVpsubq : Inst::kIdVpsubd, xmm3, xmm3, xmm4);
      a_.emit(right, xmm3, a, xmm3);
      a_.vpor(target, xmm2, xmm3);
      return;
  }
}

}  // namespace hypervisor::x86
