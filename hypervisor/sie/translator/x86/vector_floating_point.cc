// Binary-floating-point numbers as elements of vector registers: as x86/floating_point.cc has it of
// one, the host calculates, and leaves to the handler what it can't do alike.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::VectorOperation;

namespace {

// Of VCMPPD.
constexpr int kEqual = 0;
constexpr int kUnordered = 3;
constexpr int kEqualOrUnordered = 8;
constexpr int kHighOrEqualQuietly = 0x1d;
constexpr int kHighQuietly = 0x1e;

}  // namespace

bool CanEmitVectorBfp(const ir::Operation& operation) {
  const int64_t third = operation.immediates[2];
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kIntegralBfp:
      return RoundingOf(third & 15) >= 0;
    case VectorOperation::kFromFixedBfp:
    case VectorOperation::kRoundBfp:
      return third >> 4 == 0;  // by the FPC
    case VectorOperation::kToFixedBfp:
      return RoundingOf(third >> 4) >= 0;
    default:
      return true;
  }
}

void BlockEmitter::EmitVectorBfp(const Operation& operation) {
  const auto what = static_cast<VectorOperation>(operation.immediates[0]);
  const auto size = static_cast<int>(operation.immediates[1]);
  const bool is_long = size == 3;
  if (what >= VectorOperation::kFromFixedBfp && what <= VectorOperation::kRoundBfp)
    return EmitBfpConversion(operation);
  const Xmm a = LoadVector(operation.arguments[0], xmm0);
  const Xmm b = operation.arguments.size() > 1 ? LoadVector(operation.arguments[1], xmm1) : a;
  const auto emit = [&](Inst::Id of_long, Inst::Id of_short, auto... operands) {
    a_.emit(is_long ? of_long : of_short, operands...);
  };
  const auto compare = [&](const Xmm& to, const Xmm& left, const Operand& right, int how) {
    emit(Inst::kIdVcmppd, Inst::kIdVcmpps, to, left, right, imm(how));
  };
  Label slow = a_.newLabel();
  HandlerAt(slow);
  const auto leave_if_any = [&](const Xmm& is) {
    a_.vptest(is, is);
    a_.jnz(slow);
  };
  bool may_be_tiny = false;
  switch (what) {
    case VectorOperation::kEqualBfp:
    case VectorOperation::kHighBfp:
    case VectorOperation::kHighOrEqualBfp: {
      const int how = what == VectorOperation::kEqualBfp  ? kEqual
                      : what == VectorOperation::kHighBfp ? kHighQuietly
                                                          : kHighOrEqualQuietly;
      if (operation.immediates[2]) {
        a_.vucomisd(a, b);
        a_.jp(slow);
        a_.vcmpsd(xmm0, a, b, how);
        const Xmm target = VectorTarget(operation);
        a_.vmovq(target, xmm0);
        return IsVectorResult(operation, target);
      }
      compare(xmm2, a, b, kUnordered);
      leave_if_any(xmm2);
      const Xmm target = VectorTarget(operation);
      compare(target, a, b, how);
      return IsVectorResult(operation, target);
    }
    case VectorOperation::kAddBfp:
      emit(Inst::kIdVaddpd, Inst::kIdVaddps, xmm0, a, b);
      break;
    case VectorOperation::kSubtractBfp:
      emit(Inst::kIdVsubpd, Inst::kIdVsubps, xmm0, a, b);
      break;
    case VectorOperation::kMultiplyBfp:
      emit(Inst::kIdVmulpd, Inst::kIdVmulps, xmm0, a, b);
      may_be_tiny = true;
      break;
    case VectorOperation::kDivideBfp:
      emit(Inst::kIdVdivpd, Inst::kIdVdivps, xmm0, a, b);
      may_be_tiny = true;
      break;
    case VectorOperation::kSquareRootBfp:
      emit(Inst::kIdVsqrtpd, Inst::kIdVsqrtps, xmm0, a);
      break;
    case VectorOperation::kIntegralBfp:
      emit(Inst::kIdVroundpd, Inst::kIdVroundps, xmm0, a,
           imm(RoundingOf(operation.immediates[2] & 15) |
               (operation.immediates[2] & ir::kNeverInexact ? kSuppressInexact : 0)));
      break;
    default: {  // fused
      const bool subtracts = what == VectorOperation::kMultiplyAndSubtractBfp;
      const Xmm c = LoadVector(operation.arguments[2], xmm3);
      if (c.id() != xmm3.id()) a_.vmovaps(xmm3, c);
      subtracts ? emit(Inst::kIdVfmsub231pd, Inst::kIdVfmsub231ps, xmm3, a, b)
                : emit(Inst::kIdVfmadd231pd, Inst::kIdVfmadd231ps, xmm3, a, b);
      a_.vmovaps(xmm0, xmm3);
      may_be_tiny = true;
      break;
    }
  }
  if (may_be_tiny) {
    const uint64_t sign = is_long ? uint64_t{1} << 63 : uint64_t{1} << 31;
    const uint64_t least_normal = is_long ? uint64_t{1} << 52 : uint64_t{1} << 23;
    a_.vandps(xmm2, xmm0, EachElement(size, ~sign & (is_long ? ~uint64_t{0} : 0xffffffff)));
    compare(xmm2, xmm2, EachElement(size, least_normal), kEqualOrUnordered);
  } else {
    compare(xmm2, xmm0, xmm0, kUnordered);
  }
  leave_if_any(xmm2);
  const Xmm target = VectorTarget(operation);
  if (target.id() != xmm0.id()) a_.vmovaps(target, xmm0);
  IsVectorResult(operation, target);
}

// Where the right doubleword doesn't matter it is taken for zeros, which become zeros.
void BlockEmitter::EmitBfpConversion(const Operation& operation) {
  const int64_t third = operation.immediates[2];
  const bool single = (third & 1) != 0;
  Label slow = a_.newLabel();
  HandlerAt(slow);
  Xmm from = LoadVector(operation.arguments[0], xmm0);
  if (single) {
    a_.vmovq(xmm0, from);
    from = xmm0;
  }
  int index;
  const Gp gp = Scratch(index).r64();
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kFromFixedBfp: {
      const Xmm target = VectorTarget(operation);
      a_.vpxor(xmm3, xmm3, xmm3);
      a_.vmovq(gp, from);
      a_.vcvtsi2sd(xmm1, xmm3, gp);
      a_.vpextrq(gp, from, 1);
      a_.vcvtsi2sd(xmm2, xmm3, gp);
      a_.vunpcklpd(target, xmm1, xmm2);
      return IsVectorResult(operation, target);
    }
    case VectorOperation::kToFixedBfp: {
      // What has no such integer gives the lowest.
      const int how = RoundingOf(third >> 4);
      if (how != kByControl) {
        a_.vroundpd(xmm1, from, how);
        from = xmm1;
      }
      a_.vcvtsd2si(gp, from);
      a_.cmp(gp, 1);
      a_.jo(slow);
      a_.vmovq(xmm4, gp);
      a_.vunpckhpd(xmm3, from, from);
      a_.vcvtsd2si(gp, xmm3);
      a_.cmp(gp, 1);
      a_.jo(slow);
      const Xmm target = VectorTarget(operation);
      a_.vpinsrq(target, xmm4, gp, 1);
      return IsVectorResult(operation, target);
    }
    case VectorOperation::kLengthenBfp: {
      a_.vpshufd(xmm1, from, 0x0d);
      a_.vcvtps2pd(xmm1, xmm1);
      a_.vcmppd(xmm2, xmm1, xmm1, kUnordered);
      a_.vptest(xmm2, xmm2);
      a_.jnz(slow);
      const Xmm target = VectorTarget(operation);
      a_.vmovaps(target, xmm1);
      return IsVectorResult(operation, target);
    }
    default: {  // kRoundBfp
      a_.vcvtpd2ps(xmm1, from);
      a_.vandps(xmm2, xmm1, EachElement(2, 0x7fffffff));
      a_.vcmpps(xmm2, xmm2, EachElement(2, 0x00800000), kEqualOrUnordered);
      a_.vptest(xmm2, xmm2);
      a_.jnz(slow);
      a_.vpmovzxdq(xmm1, xmm1);
      const Xmm target = VectorTarget(operation);
      a_.vpsllq(target, xmm1, 32);
      return IsVectorResult(operation, target);
    }
  }
}

}  // namespace hypervisor::x86
