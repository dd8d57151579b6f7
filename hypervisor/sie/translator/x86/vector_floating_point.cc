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
  return static_cast<VectorOperation>(operation.immediates[0]) != VectorOperation::kIntegralBfp ||
         RoundingOf(operation.immediates[2] & 15) >= 0;
}

void BlockEmitter::EmitVectorBfp(const Operation& operation) {
  const auto what = static_cast<VectorOperation>(operation.immediates[0]);
  const auto size = static_cast<int>(operation.immediates[1]);
  const bool is_long = size == 3;
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

}  // namespace hypervisor::x86
