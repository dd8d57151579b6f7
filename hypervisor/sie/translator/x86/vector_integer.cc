// Integers as elements of vector registers.
#include "hypervisor/sie/translator/x86/block_emitter.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::VectorOperation;

namespace {

// What is one instruction of the host's, by the size of elements.
struct Direct {
  VectorOperation operation;
  Inst::Id instructions[4];
};
constexpr Inst::Id kNone = Inst::kIdNone;
constexpr Direct kDirect[] = {
    {VectorOperation::kAdd, {Inst::kIdVpaddb, Inst::kIdVpaddw, Inst::kIdVpaddd, Inst::kIdVpaddq}},
    {VectorOperation::kSubtract,
     {Inst::kIdVpsubb, Inst::kIdVpsubw, Inst::kIdVpsubd, Inst::kIdVpsubq}},
    {VectorOperation::kEqual,
     {Inst::kIdVpcmpeqb, Inst::kIdVpcmpeqw, Inst::kIdVpcmpeqd, Inst::kIdVpcmpeqq}},
    {VectorOperation::kHigh,
     {Inst::kIdVpcmpgtb, Inst::kIdVpcmpgtw, Inst::kIdVpcmpgtd, Inst::kIdVpcmpgtq}},
    {VectorOperation::kMaximum, {Inst::kIdVpmaxsb, Inst::kIdVpmaxsw, Inst::kIdVpmaxsd, kNone}},
    {VectorOperation::kMaximumLogical,
     {Inst::kIdVpmaxub, Inst::kIdVpmaxuw, Inst::kIdVpmaxud, kNone}},
    {VectorOperation::kMinimum, {Inst::kIdVpminsb, Inst::kIdVpminsw, Inst::kIdVpminsd, kNone}},
    {VectorOperation::kMinimumLogical,
     {Inst::kIdVpminub, Inst::kIdVpminuw, Inst::kIdVpminud, kNone}},
    {VectorOperation::kAverageLogical, {Inst::kIdVpavgb, Inst::kIdVpavgw, kNone, kNone}},
};

Inst::Id Of(VectorOperation operation, int size) {
  for (const Direct& direct : kDirect)
    if (direct.operation == operation) return direct.instructions[size];
  return kNone;
}

constexpr uint64_t SignOf(int size) {
  return uint64_t{1} << ((8 << size) - 1);
}

}  // namespace

bool BlockEmitter::EmitVectorInteger(const Operation& operation, const Xmm& target) {
  const auto what = static_cast<VectorOperation>(operation.immediates[0]);
  const auto size = static_cast<int>(operation.immediates[1]);
  const auto first = [&] { return LoadVector(operation.arguments[0], xmm0); };
  const auto second = [&] { return LoadVector(operation.arguments[1], xmm1); };
  if (const Inst::Id direct = Of(what, size); direct != kNone) {
    const Xmm a = first();
    a_.emit(direct, target, a, VectorOperand(operation.arguments[1], xmm1));
    return true;
  }
  // Of 64 bits.
  const auto choose = [&](bool with_sign, bool greatest) {
    const Xmm a = first();
    const Xmm b = second();
    if (with_sign) {
      a_.vpcmpgtq(xmm2, a, b);
    } else {
      a_.vpxor(xmm2, a, EachElement(3, SignOf(3)));
      a_.vpxor(xmm3, b, EachElement(3, SignOf(3)));
      a_.vpcmpgtq(xmm2, xmm2, xmm3);
    }
    greatest ? a_.vpblendvb(target, b, a, xmm2) : a_.vpblendvb(target, a, b, xmm2);
  };
  switch (what) {
    case VectorOperation::kMaximum:
      choose(true, true);
      return true;
    case VectorOperation::kMaximumLogical:
      choose(false, true);
      return true;
    case VectorOperation::kMinimum:
      choose(true, false);
      return true;
    case VectorOperation::kMinimumLogical:
      choose(false, false);
      return true;
    case VectorOperation::kHighLogical: {
      const Mem signs = EachElement(size, SignOf(size));
      a_.vpxor(xmm2, first(), signs);
      a_.vpxor(xmm3, second(), signs);
      a_.emit(Of(VectorOperation::kHigh, size), target, xmm2, xmm3);
      return true;
    }
    case VectorOperation::kEqualZero:
      a_.emit(Of(VectorOperation::kEqual, size), target, first(), EachByte(0));
      return true;
    case VectorOperation::kEqualToAny:
      // Both have all of their elements, which two registers say.
      Take(Gp::kIdAx);
      Take(Gp::kIdDx);
      a_.mov(eax, 16 >> size);
      a_.mov(edx, eax);
      {
        constexpr int kMaskOfElements = 0x40;
        const Xmm a = first();
        const Xmm b = second();
        a_.vpcmpestrm(b, a, kMaskOfElements | size);
        if (target.id() != xmm0.id()) a_.vmovdqa(target, xmm0);
      }
      return true;
    case VectorOperation::kComplement: {
      const Xmm a = first();
      a_.vpxor(xmm1, xmm1, xmm1);
      a_.emit(Of(VectorOperation::kSubtract, size), target, xmm1, a);
      return true;
    }
    case VectorOperation::kPositive: {
      constexpr Inst::Id kPositive[] = {Inst::kIdVpabsb, Inst::kIdVpabsw, Inst::kIdVpabsd};
      const Xmm a = first();
      if (size < 3) {
        a_.emit(kPositive[size], target, a);
        return true;
      }
      a_.vpxor(xmm1, xmm1, xmm1);
      a_.vpcmpgtq(xmm1, xmm1, a);
      a_.vpxor(xmm0, a, xmm1);
      a_.vpsubq(target, xmm0, xmm1);
      return true;
    }
    case VectorOperation::kAverage: {
      const Mem signs = EachElement(size, SignOf(size));
      a_.vpxor(xmm2, first(), signs);
      a_.vpxor(xmm3, second(), signs);
      a_.emit(Of(VectorOperation::kAverageLogical, size), xmm2, xmm2, xmm3);
      a_.vpxor(target, xmm2, signs);
      return true;
    }
    case VectorOperation::kPopulationCount: {
      // Of four bits, by the number that they are.
      const Xmm a = first();
      a_.vmovdqa(xmm3, Quadword(0x0302020102010100, 0x0403030203020201));
      a_.vpsrlw(xmm2, a, 4);
      a_.vpand(xmm1, a, EachByte(15));
      a_.vpand(xmm2, xmm2, EachByte(15));
      a_.vpshufb(xmm1, xmm3, xmm1);
      a_.vpshufb(xmm2, xmm3, xmm2);
      a_.vpaddb(target, xmm1, xmm2);
      return true;
    }
    case VectorOperation::kCarry:
    case VectorOperation::kNoBorrow: {
      // a + b has a carry unless its sum is at least a; a - b needs no borrow if a is at least b.
      const bool sum = what == VectorOperation::kCarry;
      const Xmm a = first();
      const Xmm b = second();
      Xmm left = a;
      Xmm right = b;
      if (sum) {
        a_.emit(Of(VectorOperation::kAdd, size), xmm4, a, b);
        left = xmm4;
        right = a;
      }
      // All ones where left is below right.
      const Mem signs = EachElement(size, SignOf(size));
      a_.vpxor(xmm2, left, signs);
      a_.vpxor(xmm3, right, signs);
      a_.emit(Of(VectorOperation::kHigh, size), xmm2, xmm3, xmm2);
      if (sum) {
        a_.vpxor(xmm3, xmm3, xmm3);
        a_.emit(Of(VectorOperation::kSubtract, size), target, xmm3, xmm2);
      } else {
        a_.emit(Of(VectorOperation::kAdd, size), target, xmm2, EachElement(size, 1));
      }
      return true;
    }
    default:
      return false;
  }
}

void BlockEmitter::EmitVectorProduct(const Operation& operation, const Xmm& target) {
  const auto what = static_cast<VectorOperation>(operation.immediates[0]);
  const auto size = static_cast<int>(operation.immediates[1]);
  const Xmm a = LoadVector(operation.arguments[0], xmm0);
  const Xmm b = LoadVector(operation.arguments[1], xmm1);
  const bool adds = operation.arguments.size() == 3;
  const Xmm product = adds ? xmm2 : target;
  int sum_size = size;
  const bool even =
      what == VectorOperation::kMultiplyEven || what == VectorOperation::kMultiplyLogicalEven;
  switch (what) {
    case VectorOperation::kMultiplyLow:
      if (size == 0) {
        a_.vpmullw(xmm3, a, b);
        a_.vpsrlw(xmm0, a, 8);
        a_.vpsrlw(xmm1, b, 8);
        a_.vpmullw(xmm0, xmm0, xmm1);
        a_.vpsllw(xmm0, xmm0, 8);
        a_.vpand(xmm3, xmm3, EachElement(1, 0xff));
        a_.vpor(product, xmm0, xmm3);
      } else {
        a_.emit(size == 1 ? Inst::kIdVpmullw : Inst::kIdVpmulld, product, a, b);
      }
      break;
    case VectorOperation::kMultiplyHigh:
    case VectorOperation::kMultiplyLogicalHigh: {
      const bool with_sign = what == VectorOperation::kMultiplyHigh;
      if (size == 1) {
        a_.emit(with_sign ? Inst::kIdVpmulhw : Inst::kIdVpmulhuw, product, a, b);
        break;
      }
      const Inst::Id whole = with_sign ? Inst::kIdVpmuldq : Inst::kIdVpmuludq;
      a_.vpsrlq(xmm3, a, 32);
      a_.vpsrlq(xmm4, b, 32);
      a_.emit(whole, xmm3, xmm3, xmm4);
      a_.emit(whole, xmm2, a, b);
      a_.vpsrlq(xmm2, xmm2, 32);
      a_.vpblendd(product, xmm2, xmm3, 0xa);
      break;
    }
    default: {
      // The left (even) or right (odd) of each two, at twice its width.
      sum_size = size + 1;
      const bool with_sign =
          what == VectorOperation::kMultiplyEven || what == VectorOperation::kMultiplyOdd;
      if (size == 2) {
        Xmm left = a;
        Xmm right = b;
        if (even) {
          a_.vpsrlq(xmm3, a, 32);
          a_.vpsrlq(xmm4, b, 32);
          left = xmm3;
          right = xmm4;
        }
        a_.emit(with_sign ? Inst::kIdVpmuldq : Inst::kIdVpmuludq, product, left, right);
        break;
      }
      const int bits = 8 << size;
      const Inst::Id left = size == 0 ? Inst::kIdVpsllw : Inst::kIdVpslld;
      const Inst::Id right = with_sign ? (size == 0 ? Inst::kIdVpsraw : Inst::kIdVpsrad)
                                       : (size == 0 ? Inst::kIdVpsrlw : Inst::kIdVpsrld);
      const auto widen = [&](const Xmm& to, const Xmm& from) {
        if (!even) a_.emit(left, to, from, imm(bits));
        a_.emit(right, to, even ? from : to, imm(bits));
      };
      widen(xmm3, a);
      widen(xmm4, b);
      a_.emit(size == 0 ? Inst::kIdVpmullw : Inst::kIdVpmulld, product, xmm3, xmm4);
      break;
    }
  }
  if (!adds) return;
  a_.emit(Of(VectorOperation::kAdd, sum_size), target, product,
          VectorOperand(operation.arguments[2], xmm3));
}

}  // namespace hypervisor::x86
