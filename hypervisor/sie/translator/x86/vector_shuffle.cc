// Elements of vector registers that go elsewhere: merged, packed, unpacked, permuted, summed.
#include "hypervisor/sie/translator/x86/block_emitter.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::VectorOperation;

namespace {

// Of VPSHUFD: the doublewords change places, or each has words 0 and 1 of a register.
constexpr int kSwapDoublewords = 0x4e;

}  // namespace

void BlockEmitter::EmitShuffle(const Operation& operation, const Xmm& target,
                               const std::function<int(int)>& from) {
  constexpr uint8_t kZero = 0x80;
  // By the host's numbers of bytes, of either register.
  uint64_t masks[2][2] = {};
  bool of[2] = {};
  for (int host = 0; host < 16; ++host) {
    const int number = from(host ^ 7);
    for (int i = 0; i < 2; ++i) {
      const bool is_from = number >= 0 && number / 16 == i;
      of[i] = of[i] || is_from;
      const auto index = static_cast<uint64_t>(is_from ? (number & 15) ^ 7 : kZero);
      masks[i][host / 8] |= index << (host % 8 * 8);
    }
  }
  const auto shuffle = [&](const Xmm& to, size_t i, const Xmm& scratch) {
    a_.vpshufb(to, LoadVector(operation.arguments[i], scratch), Quadword(masks[i][0], masks[i][1]));
  };
  if (!of[0] || !of[1]) return shuffle(target, of[1] ? 1 : 0, xmm0);
  shuffle(xmm0, 0, xmm0);
  shuffle(xmm1, 1, xmm1);
  a_.vpor(target, xmm0, xmm1);
}

bool BlockEmitter::EmitVectorShuffle(const Operation& operation, const Xmm& target) {
  const auto what = static_cast<VectorOperation>(operation.immediates[0]);
  const auto size = static_cast<int>(operation.immediates[1]);
  const auto field = static_cast<int>(operation.immediates[2]);
  const int bytes = 1 << size;
  const auto first = [&] { return LoadVector(operation.arguments[0], xmm0); };
  const auto second = [&] { return LoadVector(operation.arguments[1], xmm1); };
  switch (what) {
    case VectorOperation::kMergeHigh:
    case VectorOperation::kMergeLow: {
      constexpr Inst::Id kOfLeft[] = {Inst::kIdVpunpcklbw, Inst::kIdVpunpcklwd, Inst::kIdVpunpckldq,
                                      Inst::kIdVpunpcklqdq};
      constexpr Inst::Id kOfRight[] = {Inst::kIdVpunpckhbw, Inst::kIdVpunpckhwd,
                                       Inst::kIdVpunpckhdq, Inst::kIdVpunpckhqdq};
      const Inst::Id merge = (what == VectorOperation::kMergeHigh ? kOfLeft : kOfRight)[size];
      const Xmm a = first();
      const Xmm b = second();
      if (size == 3) {
        a_.emit(merge, target, a, b);
      } else {
        a_.emit(merge, xmm0, b, a);
        a_.vpshufd(target, xmm0, kSwapDoublewords);
      }
      return true;
    }
    case VectorOperation::kPack:
      if (size == 3) {
        const Xmm a = first();
        a_.vshufps(target, a, second(), 0x22);
      } else {
        EmitShuffle(operation, target, [bytes](int i) {
          const int half = bytes / 2;
          return i / half * bytes + half + i % half;
        });
      }
      return true;
    case VectorOperation::kPackSigned:
    case VectorOperation::kPackLogical: {
      const bool with_sign = what == VectorOperation::kPackSigned;
      const bool is_halfword = size == 1;
      Xmm a = first();
      Xmm b = second();
      if (!with_sign) {
        // The host takes its operands for numbers with a sign.
        const Mem most = EachElement(size, is_halfword ? 0xff : 0xffff);
        const Inst::Id minimum = is_halfword ? Inst::kIdVpminuw : Inst::kIdVpminud;
        a_.emit(minimum, xmm2, a, most);
        a_.emit(minimum, xmm3, b, most);
        a = xmm2;
        b = xmm3;
      }
      a_.vpshufd(xmm2, a, kSwapDoublewords);
      a_.vpshufd(xmm3, b, kSwapDoublewords);
      a_.emit(with_sign ? (is_halfword ? Inst::kIdVpacksswb : Inst::kIdVpackssdw)
                        : (is_halfword ? Inst::kIdVpackuswb : Inst::kIdVpackusdw),
              target, xmm2, xmm3);
      return true;
    }
    case VectorOperation::kUnpackHigh:
    case VectorOperation::kUnpackLow: {
      // To the left of elements twice as long, then down with the sign.
      const int from = what == VectorOperation::kUnpackLow ? 8 : 0;
      if (size == 2) {
        a_.vpshufd(xmm1, first(), from == 0 ? 0x01 : 0x0b);
        a_.vpmovsxdq(target, xmm1);
        return true;
      }
      EmitShuffle(operation, xmm2, [bytes, from](int i) {
        return i % (2 * bytes) < bytes ? from + i / (2 * bytes) * bytes + i % bytes : -1;
      });
      size == 0 ? a_.vpsraw(target, xmm2, 8) : a_.vpsrad(target, xmm2, 16);
      return true;
    }
    case VectorOperation::kUnpackLogicalHigh:
    case VectorOperation::kUnpackLogicalLow: {
      const int from = what == VectorOperation::kUnpackLogicalLow ? 8 : 0;
      EmitShuffle(operation, target, [bytes, from](int i) {
        return i % (2 * bytes) >= bytes ? from + i / (2 * bytes) * bytes + i % bytes : -1;
      });
      return true;
    }
    case VectorOperation::kSignExtend: {
      constexpr Inst::Id kExtend[] = {Inst::kIdVpmovsxbq, Inst::kIdVpmovsxwq, Inst::kIdVpmovsxdq};
      // The rightmost of each doubleword side by side, where the host's are extended from.
      EmitShuffle(operation, xmm2, [bytes](int i) {
        const int host = i ^ 7;
        return host < 2 * bytes ? host / bytes * 8 + ((host % bytes) ^ 7) : -1;
      });
      a_.emit(kExtend[size], target, xmm2);
      return true;
    }
    case VectorOperation::kReplicate:
      EmitShuffle(operation, target, [bytes, field](int i) { return field * bytes + i % bytes; });
      return true;
    case VectorOperation::kShiftBytes:
      EmitShuffle(operation, target, [field](int i) { return i + field; });
      return true;
    case VectorOperation::kPermuteDoublewords: {
      const Xmm a = first();
      a_.vshufpd(target, a, second(), field);
      return true;
    }
    case VectorOperation::kPermute: {
      const Xmm a = first();
      const Xmm b = second();
      const Xmm numbers = LoadVector(operation.arguments[2], xmm2);
      a_.vpxor(xmm2, numbers, EachByte(7));
      a_.vpand(xmm3, xmm2, EachByte(15));
      if (a.id() == b.id()) {
        a_.vpshufb(target, a, xmm3);
        return true;
      }
      a_.vpshufb(xmm0, a, xmm3);
      a_.vpshufb(xmm1, b, xmm3);
      a_.vpsllw(xmm2, xmm2, 3);  // what chooses between the two becomes the leftmost bit
      a_.vpblendvb(target, xmm0, xmm1, xmm2);
      return true;
    }
    default:
      return false;
  }
}

// The bytes that come are those whose numbers VPSHUFB gets, or zeros where that has its leftmost
// bit.
void BlockEmitter::EmitShiftByBytes(const Operation& operation, const Xmm& target) {
  const bool left =
      static_cast<VectorOperation>(operation.immediates[0]) == VectorOperation::kShiftLeftByBytes;
  const Xmm a = LoadVector(operation.arguments[0], xmm0);
  const Xmm b = LoadVector(operation.arguments[1], xmm1);
  a_.vpsrlw(xmm2, b, 3);
  a_.vpbroadcastb(xmm2, xmm2);  // byte 7 is the host's first
  a_.vpand(xmm2, xmm2, EachByte(15));
  a_.vmovdqa(xmm3, Quadword(0x0001020304050607, 0x08090a0b0c0d0e0f));
  left ? a_.vpaddb(xmm3, xmm3, xmm2) : a_.vpsubb(xmm3, xmm3, xmm2);
  a_.vpxor(xmm3, xmm3, EachByte(7));
  if (left) a_.vpaddb(xmm3, xmm3, EachByte(0x70));
  a_.vpshufb(target, a, xmm3);
}

// Elements are made longer step by step: two side by side become one.
void BlockEmitter::EmitVectorSum(const Operation& operation, const Xmm& target) {
  const auto what = static_cast<VectorOperation>(operation.immediates[0]);
  const auto size = static_cast<int>(operation.immediates[1]);
  const int sum_size = what == VectorOperation::kSumWords ? 2 : 3;
  constexpr Inst::Id kAdd[] = {Inst::kIdNone, Inst::kIdVpaddw, Inst::kIdVpaddd, Inst::kIdVpaddq};
  constexpr Inst::Id kRight[] = {Inst::kIdNone, Inst::kIdVpsrlw, Inst::kIdVpsrld, Inst::kIdVpsrlq};
  const Xmm b = LoadVector(operation.arguments[1], xmm1);
  a_.vpand(xmm3, b, EachElement(sum_size, ~uint64_t{0} >> (64 - (8 << size))));
  Xmm sum = LoadVector(operation.arguments[0], xmm0);
  for (int from = size; from < sum_size; ++from) {
    const int bits = 8 << from;
    a_.emit(kRight[from + 1], xmm2, sum, imm(bits));
    a_.vpand(xmm0, sum, EachElement(from + 1, ~uint64_t{0} >> (64 - bits)));
    a_.emit(kAdd[from + 1], xmm0, xmm0, xmm2);
    sum = xmm0;
  }
  if (what != VectorOperation::kSumQuadword) {
    a_.emit(kAdd[sum_size], target, sum, xmm3);
    return;
  }
  // The right doubleword has the sum, which has no carry.
  a_.vpslldq(xmm2, sum, 8);
  a_.vpaddq(xmm0, sum, xmm2);
  a_.vpaddq(xmm0, xmm0, xmm3);
  a_.vpxor(xmm2, xmm2, xmm2);
  a_.vpblendd(target, xmm2, xmm0, 0xc);
}

}  // namespace hypervisor::x86
