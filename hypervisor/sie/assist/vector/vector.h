// Vector registers as elements, and what every vector instruction does around its operation (PoP:
// Vector Overview and Support Instructions).
#ifndef HYPERVISOR_SIE_ASSIST_VECTOR_VECTOR_H_
#define HYPERVISOR_SIE_ASSIST_VECTOR_VECTOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {

using U128 = unsigned __int128;
using S128 = __int128;

// The types of an element, from 1 byte to 16: as a modifier names them by the logarithm.
template <size_t kBytes>
struct ElementOf;
#define ELEMENT(bytes, u, s) \
  template <>                \
  struct ElementOf<bytes> {  \
    using Unsigned = u;      \
    using Signed = s;        \
  };
ELEMENT(1, uint8_t, int8_t)
ELEMENT(2, uint16_t, int16_t)
ELEMENT(4, uint32_t, int32_t)
ELEMENT(8, uint64_t, int64_t)
ELEMENT(16, U128, S128)
#undef ELEMENT

template <typename T>
using Signed = typename ElementOf<sizeof(T)>::Signed;
template <typename T>
using Wider = typename ElementOf<2 * sizeof(T)>::Unsigned;
template <typename T>
using Narrower = typename ElementOf<sizeof(T) / 2>::Unsigned;
template <typename T>
inline constexpr int kBits = 8 * sizeof(T);
template <typename T>
inline constexpr T kAllOnes = static_cast<T>(~T{0});

// A vector's elements from left to right.
template <typename T>
using Elements = std::array<T, 16 / sizeof(T)>;

template <typename T>
Elements<T> ReadVector(const GuestCpu& cpu, int r) {
  const VectorRegister& vr = cpu.state().vr[r];
  Elements<T> elements;
  if constexpr (sizeof(T) == 16) {
    elements[0] = static_cast<T>(U128{vr.high} << 64 | vr.low);
  } else {
    constexpr size_t kHalf = 8 / sizeof(T);
    for (size_t i = 0; i < kHalf; ++i) {
      const size_t shift = (kHalf - 1 - i) * kBits<T>;
      elements[i] = static_cast<T>(vr.high >> shift);
      elements[kHalf + i] = static_cast<T>(vr.low >> shift);
    }
  }
  return elements;
}

template <typename T>
void WriteVector(GuestCpu& cpu, int r, const Elements<T>& elements) {
  VectorRegister vr;
  if constexpr (sizeof(T) == 16) {
    vr = {static_cast<uint64_t>(elements[0] >> 64), static_cast<uint64_t>(elements[0])};
  } else {
    constexpr size_t kHalf = 8 / sizeof(T);
    for (size_t i = 0; i < kHalf; ++i) {
      const size_t shift = (kHalf - 1 - i) * kBits<T>;
      vr.high |= uint64_t{elements[i]} << shift;
      vr.low |= uint64_t{elements[kHalf + i]} << shift;
    }
  }
  cpu.state().vr[r] = vr;
}

// True if vector instructions may be used.
inline bool AllowVector(GuestCpu& cpu) {
  constexpr uint64_t kBoth = cr0::kAfpRegister | cr0::kVector;
  if ((cpu.state().cr[0] & kBoth) == kBoth) [[likely]]
    return true;
  cpu.InterruptData(kDxcVectorInstruction);
  return false;
}

// Calls f with an unsigned element of the size that a modifier names; others are specification
// exceptions.
template <int kFirst, int kLast, typename F>
void WithSize(GuestCpu& cpu, int size, F f) {
  if (!AllowVector(cpu)) return;
  if (size < kFirst || size > kLast) return cpu.Interrupt(PgmCode::kSpecification);
  if constexpr (kFirst <= 0) {
    if (size == 0) return f(uint8_t{});
  }
  if constexpr (kFirst <= 1 && kLast >= 1) {
    if (size == 1) return f(uint16_t{});
  }
  if constexpr (kFirst <= 2 && kLast >= 2) {
    if (size == 2) return f(uint32_t{});
  }
  if constexpr (kFirst <= 3 && kLast >= 3) {
    if (size == 3) return f(uint64_t{});
  }
  if constexpr (kLast >= 4) f(U128{});
}

// V1's elements become f of those of V2, or of V2 and V3.
template <int kFirst, int kLast, typename F>
void EachElement(GuestCpu& cpu, const Insn& insn, F f) {
  WithSize<kFirst, kLast>(cpu, insn.m3, [&](auto element) {
    using T = decltype(element);
    auto a = ReadVector<T>(cpu, insn.r2);
    for (T& e : a) e = f(e);
    WriteVector<T>(cpu, insn.r1, a);
  });
}
template <int kFirst, int kLast, typename F>
void EachPair(GuestCpu& cpu, const Insn& insn, F f) {
  WithSize<kFirst, kLast>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    for (size_t i = 0; i < a.size(); ++i) a[i] = f(a[i], b[i]);
    WriteVector<T>(cpu, insn.r1, a);
  });
}

// An instruction by an expression of its elements a and b, of the unsigned type T; S is signed.
#define VECTOR_ELEMENTS(name, first, last, expression) \
  void name(GuestCpu& cpu, const Insn& insn) {         \
    EachElement<first, last>(cpu, insn, [](auto a) {   \
      using T = decltype(a);                           \
      using S [[maybe_unused]] = Signed<T>;            \
      return static_cast<T>(expression);               \
    });                                                \
  }
#define VECTOR_PAIRS(name, first, last, expression)       \
  void name(GuestCpu& cpu, const Insn& insn) {            \
    EachPair<first, last>(cpu, insn, [](auto a, auto b) { \
      using T = decltype(a);                              \
      using S [[maybe_unused]] = Signed<T>;               \
      return static_cast<T>(expression);                  \
    });                                                   \
  }

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_VECTOR_VECTOR_H_
