// Arithmetic, comparisons and conversions of binary-floating-point numbers (PoP:
// Binary-Floating-Point Instructions). Of<U32> is of short numbers, Of<U64> of long ones.
//
// What rounds, its exceptions and what becomes of NaNs is the Cpu's to know: an operation that
// traps either stops the instruction or, if its result counts all the same, interrupts after it.
#ifndef HYPERVISOR_ISA_SEMANTICS_BINARY_FLOATING_POINT_H_
#define HYPERVISOR_ISA_SEMANTICS_BINARY_FLOATING_POINT_H_

#include <limits>

#include "hypervisor/isa/semantics/floating_point.h"

namespace hypervisor {

// All of them need the AFP-register control, whichever registers they name.
template <typename T>
struct Bfp {
  using Type = T;
  static void Check(auto& cpu, const Insn&) {
    if (!cpu.AfpOn()) cpu.DataExceptionIf(cpu.template Constant<bool>(true), kDxcBfpInstruction);
  }
};

// ADD, SUBTRACT. CC 0 zero, 1 less than zero, 2 greater than zero, 3 NaN.
#define BFP_SUM(name)                                     \
  template <typename T>                                   \
  struct name : Bfp<T> {                                  \
    static auto Of(auto& cpu, auto a, auto b) {           \
      auto result = cpu.name(a, b);                       \
      if (!cpu.Stopped()) cpu.SetCc(cpu.SignBfp(result)); \
      return result;                                      \
    }                                                     \
  };
BFP_SUM(AddBfp)
BFP_SUM(SubtractBfp)
#undef BFP_SUM

template <typename T>
struct MultiplyBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a, auto b) { return cpu.MultiplyBfp(a, b); }
};
template <typename T>
struct DivideBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a, auto b) { return cpu.DivideBfp(a, b); }
};
template <typename T>
struct SquareRootBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a) { return cpu.SquareRootBfp(a); }
};
// MULTIPLY AND ADD, MULTIPLY AND SUBTRACT: the third operand times the second, rounded once.
template <typename T>
struct MultiplyAndAddBfp : Bfp<T> {
  static auto Of(auto& cpu, auto first, auto third, auto second) {
    return cpu.MultiplyAndAddBfp(first, second, third);
  }
};
template <typename T>
struct MultiplyAndSubtractBfp : Bfp<T> {
  static auto Of(auto& cpu, auto first, auto third, auto second) {
    return cpu.MultiplyAndSubtractBfp(first, second, third);
  }
};

// COMPARE, COMPARE AND SIGNAL. CC 0 equal, 1 first operand low, 2 first operand high, 3 unordered.
template <typename T, bool kSignal>
struct CompareBfp : Bfp<T> {
  static void Of(auto& cpu, auto a, auto b) {
    auto cc = cpu.CompareBfp(a, b, kSignal);
    if (!cpu.Stopped()) cpu.SetCc(cc);
  }
};

// LOAD AND TEST. CC as of ADD.
template <typename T>
struct LoadAndTestBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a) {
    auto result = cpu.QuietBfp(a);
    if (!cpu.Stopped()) cpu.SetCc(cpu.SignBfp(result));
    return result;
  }
};

// LOAD COMPLEMENT, LOAD NEGATIVE, LOAD POSITIVE: only the sign changes, even a NaN's.
template <typename T>
inline constexpr T kSignOf = T{1} << (8 * sizeof(T) - 1);

template <typename T>
struct LoadComplementBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a) {
    auto result = a ^ cpu.template Constant<T>(kSignOf<T>);
    cpu.SetCc(cpu.SignBfp(result));
    return result;
  }
};
template <typename T>
struct LoadNegativeBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a) {
    auto result = a | cpu.template Constant<T>(kSignOf<T>);
    cpu.SetCc(cpu.SignBfp(result));
    return result;
  }
};
template <typename T>
struct LoadPositiveBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a) {
    auto result = a & cpu.template Constant<T>(T(~kSignOf<T>));
    cpu.SetCc(cpu.SignBfp(result));
    return result;
  }
};

// LOAD LENGTHENED, from short to long.
struct LengthenBfp : Bfp<U32> {
  static auto Of(auto& cpu, auto a) { return cpu.LengthenBfp(a); }
};
// LOAD ROUNDED, from long to short: what an overflow or underflow that traps leaves is long.
struct RoundBfp : Bfp<U64> {
  static void Of(auto& cpu, int r1, auto a, int m3, int m4) { cpu.SetRoundedBfp(r1, a, m3, m4); }
};
// LOAD FP INTEGER.
template <typename T>
struct IntegralBfp : Bfp<T> {
  static auto Of(auto& cpu, auto a, int m3, int m4) { return cpu.IntegralBfp(a, m3, m4); }
};

// CONVERT FROM FIXED, CONVERT FROM LOGICAL of 32 bits: T from an Integer.
template <typename T, typename Integer>
struct BfpFromInteger : Bfp<Integer> {
  static auto Of(auto& cpu, auto a, int m3, int m4) {
    return cpu.template BfpFromInteger<T>(a, m3, m4);
  }
};
// CONVERT TO FIXED. CC 0 zero, 1 less than zero, 2 greater than zero: the source; 3 it has no such
// integer.
template <typename Integer>
struct BfpToInteger : Bfp<Integer> {
  static auto Of(auto& cpu, auto a, int m3, int m4) {
    auto [result, invalid] = cpu.template BfpToInteger<Integer>(a, m3, m4);
    if (!cpu.Stopped()) cpu.SetCc(cpu.Select(invalid, 3, cpu.SignBfp(a)));
    return result;
  }
};

// TEST DATA CLASS: whether the operand is of one of the classes that the address names, from zero
// to signaling NaN, positive and negative in turn.
template <typename T>
struct TestDataClassBfp : Bfp<T> {
  static constexpr int kFraction = sizeof(T) == 4 ? 23 : 52;
  static constexpr T kInfinity = static_cast<T>(T(~kSignOf<T>) >> kFraction << kFraction);
  static constexpr T kQuietNan = kInfinity | T{1} << (kFraction - 1);
  static void Of(auto& cpu, auto a, auto classes) {
    const auto number = [&cpu](T value) { return cpu.template Constant<T>(value); };
    const auto classed = [&cpu](U32 value) { return cpu.template Constant<U32>(value); };
    auto magnitude = a & number(T(~kSignOf<T>));
    auto positive = cpu.Select(magnitude < number(kQuietNan), classed(0x002), classed(0x008));
    positive = cpu.Select(magnitude == number(kInfinity), classed(0x020), positive);
    positive = cpu.Select(magnitude < number(kInfinity), classed(0x200), positive);
    positive = cpu.Select(magnitude < number(T{1} << kFraction), classed(0x080), positive);
    positive = cpu.Select(magnitude == number(0), classed(0x800), positive);
    auto sign = cpu.template Convert<U32>(a >> static_cast<int>(8 * sizeof(T) - 1));
    auto own = positive >> sign;
    auto named = own & cpu.template Convert<U32>(classes);
    cpu.SetCc(cpu.template Convert<U8>(named != classed(0)));
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_BINARY_FLOATING_POINT_H_
