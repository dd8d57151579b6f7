// PoP: Vector Integer Instructions: sums, comparisons, counts, logical operations.
#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

constexpr auto kAnyButQuadword = 3;

// Three operands of 16 bytes, which M5 must say.
template <typename F>
void OfThreeQuadwords(GuestCpu& cpu, const Insn& insn, F f) {
  WithSize<4, 4>(cpu, insn.m5, [&](auto) {
    const U128 a = ReadVector<U128>(cpu, insn.r2)[0];
    const U128 b = ReadVector<U128>(cpu, insn.r3)[0];
    const U128 carry = ReadVector<U128>(cpu, insn.r4)[0] & 1;
    WriteVector<U128>(cpu, insn.r1, {f(a, b, carry)});
  });
}
U128 CarryOf(U128 a, U128 b, U128 carry) {
  const U128 sum = a + b;
  return U128{sum < a} | U128{sum + carry < sum};
}

// The elements of V2 within each T, and the rightmost one of V3 within it.
template <typename T, int kFirst, int kLast>
void SumAcross(GuestCpu& cpu, const Insn& insn) {
  WithSize<kFirst, kLast>(cpu, insn.m4, [&](auto element) {
    using E = decltype(element);
    const auto a = ReadVector<E>(cpu, insn.r2);
    const auto b = ReadVector<E>(cpu, insn.r3);
    constexpr size_t kWithin = sizeof(T) / sizeof(E);
    Elements<T> sums{};
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] = b[(i + 1) * kWithin - 1];
      for (size_t j = 0; j < kWithin; ++j) sums[i] += a[i * kWithin + j];
    }
    WriteVector<T>(cpu, insn.r1, sums);
  });
}

// V1 gets all ones where the comparison holds; the condition code, if asked for, says how often.
template <typename F>
void CompareElements(GuestCpu& cpu, const Insn& insn, F holds) {
  WithSize<0, kAnyButQuadword>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    size_t count = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      const bool is_so = holds(a[i], b[i]);
      count += is_so;
      a[i] = is_so ? kAllOnes<T> : T{0};
    }
    WriteVector<T>(cpu, insn.r1, a);
    if (insn.m5 & 1) cpu.set_cc(count == a.size() ? 0 : count == 0 ? 3 : 1);
  });
}

template <typename F>
void ElementCompare(GuestCpu& cpu, const Insn& insn, F value) {
  WithSize<0, kAnyButQuadword>(cpu, insn.m3, [&](auto element) {
    using T = decltype(element);
    constexpr size_t kMiddle = Elements<T>().size() / 2 - 1;
    const auto a = value(ReadVector<T>(cpu, insn.r1)[kMiddle]);
    const auto b = value(ReadVector<T>(cpu, insn.r2)[kMiddle]);
    cpu.set_cc(a == b ? 0 : a < b ? 1 : 2);
  });
}

template <typename F>
void OfBothHalves(GuestCpu& cpu, const Insn& insn, F f) {
  if (!AllowVector(cpu)) return;
  const VectorRegister a = cpu.state().vr[insn.r2];
  const VectorRegister b = cpu.state().vr[insn.r3];
  cpu.state().vr[insn.r1] = {f(a.high, b.high), f(a.low, b.low)};
}

template <typename T>
int LeadingZeros(T a) {
  return a == 0 ? kBits<T> : __builtin_clzll(a) - (64 - kBits<T>);
}
template <typename T>
int TrailingZeros(T a) {
  return a == 0 ? kBits<T> : __builtin_ctzll(a);
}

}  // namespace

VECTOR_PAIRS(VectorAdd, 0, 4, a + b)
VECTOR_PAIRS(VectorAddComputeCarry, 0, 4, static_cast<T>(a + b) < a)
VECTOR_PAIRS(VectorSubtract, 0, 4, a - b)
VECTOR_PAIRS(VectorSubtractComputeBorrow, 0, 4, a >= b)
VECTOR_PAIRS(VectorAverage, 0, 3,
             (static_cast<S128>(static_cast<S>(a)) + static_cast<S>(b) + 1) >> 1)
VECTOR_PAIRS(VectorAverageLogical, 0, 3, (U128{a} + b + 1) >> 1)
VECTOR_PAIRS(VectorMaximum, 0, 3, static_cast<S>(a) > static_cast<S>(b) ? a : b)
VECTOR_PAIRS(VectorMaximumLogical, 0, 3, a > b ? a : b)
VECTOR_PAIRS(VectorMinimum, 0, 3, static_cast<S>(a) < static_cast<S>(b) ? a : b)
VECTOR_PAIRS(VectorMinimumLogical, 0, 3, a < b ? a : b)
VECTOR_ELEMENTS(VectorLoadComplement, 0, 3, T{0} - a)
VECTOR_ELEMENTS(VectorLoadPositive, 0, 3, static_cast<S>(a) < 0 ? T{0} - a : a)
VECTOR_ELEMENTS(VectorCountLeadingZeros, 0, 3, LeadingZeros(a))
VECTOR_ELEMENTS(VectorCountTrailingZeros, 0, 3, TrailingZeros(a))

// Elements longer than a byte came with vector enhancements 1.
void VectorPopulationCount(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu) && insn.m3 != 0 && !cpu.facilities().Has(Facility::kVectorEnhancements1))
    return cpu.Interrupt(PgmCode::kSpecification);
  EachElement<0, 3>(cpu, insn,
                    [](auto a) { return static_cast<decltype(a)>(__builtin_popcountll(a)); });
}

void VectorAddWithCarry(GuestCpu& cpu, const Insn& insn) {
  OfThreeQuadwords(cpu, insn, [](U128 a, U128 b, U128 carry) { return a + b + carry; });
}
void VectorAddWithCarryComputeCarry(GuestCpu& cpu, const Insn& insn) {
  OfThreeQuadwords(cpu, insn, CarryOf);
}
void VectorSubtractWithBorrow(GuestCpu& cpu, const Insn& insn) {
  OfThreeQuadwords(cpu, insn, [](U128 a, U128 b, U128 carry) { return a + ~b + carry; });
}
void VectorSubtractWithBorrowComputeBorrow(GuestCpu& cpu, const Insn& insn) {
  OfThreeQuadwords(cpu, insn, [](U128 a, U128 b, U128 carry) { return CarryOf(a, ~b, carry); });
}

void VectorSumAcrossWord(GuestCpu& cpu, const Insn& insn) {
  SumAcross<uint32_t, 0, 1>(cpu, insn);
}
void VectorSumAcrossDoubleword(GuestCpu& cpu, const Insn& insn) {
  SumAcross<uint64_t, 1, 2>(cpu, insn);
}
void VectorSumAcrossQuadword(GuestCpu& cpu, const Insn& insn) {
  SumAcross<U128, 2, 3>(cpu, insn);
}

// V2's words and word 1 of V3, with carries added on the right.
void VectorChecksum(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  uint64_t sum = ReadVector<uint32_t>(cpu, insn.r3)[1];
  for (const uint32_t word : ReadVector<uint32_t>(cpu, insn.r2)) sum += word;
  while (sum >> 32) sum = (sum & 0xffffffff) + (sum >> 32);
  cpu.state().vr[insn.r1] = {sum, 0};
}

void VectorElementCompare(GuestCpu& cpu, const Insn& insn) {
  ElementCompare(cpu, insn, [](auto a) { return static_cast<Signed<decltype(a)>>(a); });
}
void VectorElementCompareLogical(GuestCpu& cpu, const Insn& insn) {
  ElementCompare(cpu, insn, [](auto a) { return a; });
}
void VectorCompareEqual(GuestCpu& cpu, const Insn& insn) {
  CompareElements(cpu, insn, [](auto a, auto b) { return a == b; });
}
void VectorCompareHigh(GuestCpu& cpu, const Insn& insn) {
  CompareElements(cpu, insn, [](auto a, auto b) {
    using S = Signed<decltype(a)>;
    return static_cast<S>(a) > static_cast<S>(b);
  });
}
void VectorCompareHighLogical(GuestCpu& cpu, const Insn& insn) {
  CompareElements(cpu, insn, [](auto a, auto b) { return a > b; });
}

#define OF_BOTH_HALVES(name, expression)                                        \
  void name(GuestCpu& cpu, const Insn& insn) {                                  \
    OfBothHalves(cpu, insn, [](uint64_t a, uint64_t b) { return expression; }); \
  }
OF_BOTH_HALVES(VectorAnd, a& b)
OF_BOTH_HALVES(VectorAndWithComplement, a & ~b)
OF_BOTH_HALVES(VectorOr, a | b)
OF_BOTH_HALVES(VectorNor, ~(a | b))
OF_BOTH_HALVES(VectorExclusiveOr, a ^ b)
OF_BOTH_HALVES(VectorNand, ~(a& b))
OF_BOTH_HALVES(VectorNotExclusiveOr, ~(a ^ b))
OF_BOTH_HALVES(VectorOrWithComplement, a | ~b)
#undef OF_BOTH_HALVES

void VectorTestUnderMask(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const VectorRegister a = cpu.state().vr[insn.r1];
  const VectorRegister mask = cpu.state().vr[insn.r2];
  const bool any_one = (a.high & mask.high) != 0 || (a.low & mask.low) != 0;
  const bool any_zero = (~a.high & mask.high) != 0 || (~a.low & mask.low) != 0;
  cpu.set_cc(!any_one ? 0 : any_zero ? 1 : 3);
}

}  // namespace hypervisor::assist
