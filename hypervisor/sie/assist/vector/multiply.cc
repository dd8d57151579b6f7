// VECTOR MULTIPLY, VECTOR MULTIPLY AND ADD, VECTOR GALOIS FIELD MULTIPLY SUM.
#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

// An element as a number of twice its width.
template <bool kWithSign, typename T>
auto Widened(T a) {
  if constexpr (kWithSign) {
    return Signed<Wider<T>>{static_cast<Signed<T>>(a)};
  } else {
    return Wider<T>{a};
  }
}

enum class Part { kLow, kHigh };

// A half of each product of V2 and V3, with V4 added if `adds`.
template <bool kWithSign>
void MultiplyHalf(GuestCpu& cpu, const Insn& insn, Part part, bool adds) {
  WithSize<0, 2>(cpu, adds ? insn.m5 : insn.m4, [&](auto element) {
    using T = decltype(element);
    auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    const auto c = adds ? ReadVector<T>(cpu, insn.r4) : Elements<T>{};
    for (size_t i = 0; i < a.size(); ++i) {
      const auto product = Widened<kWithSign>(a[i]) * Widened<kWithSign>(b[i]);
      const auto sum = product + Widened<kWithSign>(c[i]);
      // By way of the product's own sign: when it vectorizes a shift whose result is unsigned, g++
      // 12 takes the factors for unsigned ones.
      using Half = std::conditional_t<kWithSign, Signed<T>, T>;
      a[i] = static_cast<T>(static_cast<Half>(part == Part::kHigh ? sum >> kBits<T> : sum));
    }
    WriteVector<T>(cpu, insn.r1, a);
  });
}

// The whole products of even (0) or odd (1) elements, with V4 added if `adds`.
template <bool kWithSign>
void MultiplyWhole(GuestCpu& cpu, const Insn& insn, size_t odd, bool adds) {
  WithSize<0, 2>(cpu, adds ? insn.m5 : insn.m4, [&](auto element) {
    using T = decltype(element);
    using W = Wider<T>;
    const auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    auto products = adds ? ReadVector<W>(cpu, insn.r4) : Elements<W>{};
    for (size_t i = 0; i < products.size(); ++i) {
      const auto product = Widened<kWithSign>(a[2 * i + odd]) * Widened<kWithSign>(b[2 * i + odd]);
      products[i] = static_cast<W>(products[i] + static_cast<W>(product));
    }
    WriteVector<W>(cpu, insn.r1, products);
  });
}

// The product of polynomials whose coefficients are bits.
template <typename T>
Wider<T> GaloisProduct(T a, T b) {
  Wider<T> product = 0;
  for (int i = 0; i < kBits<T>; ++i) {
    if (b >> i & 1) product = static_cast<Wider<T>>(product ^ Wider<T>{a} << i);
  }
  return product;
}

void GaloisMultiplySum(GuestCpu& cpu, const Insn& insn, bool adds) {
  WithSize<0, 3>(cpu, adds ? insn.m5 : insn.m4, [&](auto element) {
    using T = decltype(element);
    using W = Wider<T>;
    const auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    auto sums = adds ? ReadVector<W>(cpu, insn.r4) : Elements<W>{};
    for (size_t i = 0; i < a.size(); ++i)
      sums[i / 2] = static_cast<W>(sums[i / 2] ^ GaloisProduct(a[i], b[i]));
    WriteVector<W>(cpu, insn.r1, sums);
  });
}

}  // namespace

#define MULTIPLY(name, function, sign, part, adds) \
  void name(GuestCpu& cpu, const Insn& insn) {     \
    function<sign>(cpu, insn, part, adds);         \
  }
MULTIPLY(VectorMultiplyLow, MultiplyHalf, false, Part::kLow, false)
MULTIPLY(VectorMultiplyHigh, MultiplyHalf, true, Part::kHigh, false)
MULTIPLY(VectorMultiplyLogicalHigh, MultiplyHalf, false, Part::kHigh, false)
MULTIPLY(VectorMultiplyEven, MultiplyWhole, true, 0, false)
MULTIPLY(VectorMultiplyLogicalEven, MultiplyWhole, false, 0, false)
MULTIPLY(VectorMultiplyOdd, MultiplyWhole, true, 1, false)
MULTIPLY(VectorMultiplyLogicalOdd, MultiplyWhole, false, 1, false)
MULTIPLY(VectorMultiplyAndAddLow, MultiplyHalf, false, Part::kLow, true)
MULTIPLY(VectorMultiplyAndAddHigh, MultiplyHalf, true, Part::kHigh, true)
MULTIPLY(VectorMultiplyAndAddLogicalHigh, MultiplyHalf, false, Part::kHigh, true)
MULTIPLY(VectorMultiplyAndAddEven, MultiplyWhole, true, 0, true)
MULTIPLY(VectorMultiplyAndAddLogicalEven, MultiplyWhole, false, 0, true)
MULTIPLY(VectorMultiplyAndAddOdd, MultiplyWhole, true, 1, true)
MULTIPLY(VectorMultiplyAndAddLogicalOdd, MultiplyWhole, false, 1, true)
#undef MULTIPLY

void VectorGaloisFieldMultiplySum(GuestCpu& cpu, const Insn& insn) {
  GaloisMultiplySum(cpu, insn, false);
}
void VectorGaloisFieldMultiplySumAndAccumulate(GuestCpu& cpu, const Insn& insn) {
  GaloisMultiplySum(cpu, insn, true);
}

// The products of even and odd doublewords, either doubled if M6 says so, and V4.
void VectorMultiplySumLogical(GuestCpu& cpu, const Insn& insn) {
  constexpr int kDoubleEven = 8;
  constexpr int kDoubleOdd = 4;
  WithSize<3, 3>(cpu, insn.m5, [&](auto) {
    const VectorRegister& a = cpu.state().vr[insn.r2];
    const VectorRegister& b = cpu.state().vr[insn.r3];
    const U128 even = U128{a.high} * b.high;
    const U128 odd = U128{a.low} * b.low;
    const U128 sum = (insn.m6 & kDoubleEven ? even << 1 : even) +
                     (insn.m6 & kDoubleOdd ? odd << 1 : odd) + ReadVector<U128>(cpu, insn.r4)[0];
    WriteVector<U128>(cpu, insn.r1, {sum});
  });
}

}  // namespace hypervisor::assist
