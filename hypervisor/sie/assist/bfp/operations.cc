#include "hypervisor/sie/assist/bfp/operations.h"

#include <cmath>
#include <functional>

#include "hypervisor/sie/assist/bfp/host_arithmetic.h"
#include "hypervisor/sie/assist/bfp/instruction.h"

namespace hypervisor::assist {
namespace {

using bfp::Environment;
using bfp::Number;
using bfp::U128;

// `operation` on the operands as numbers with the CPU's environment, or `host_operation` on the
// host's own.
template <typename Bits, typename Operation, typename HostOperation, typename... Operands>
Bits Calculate(GuestCpu& cpu, Operation operation, HostOperation host_operation,
               Operands... operands) {
  using F = FormatOf<Bits>;
  Bits result;
  if (bfp::HostMayCalculate(cpu.state().fpc) &&
      bfp::HostResult<F>(host_operation, result, operands...))
    return result;
  Environment environment = EnvironmentOf(cpu);
  result = operation(bfp::Unpack<F>(operands)..., environment);
  Finish(cpu, environment);
  return result;
}

// That of CONVERT FROM FIXED and LOAD ROUNDED: before the floating-point-extension facility they
// had no modifiers.
bool OptionallyModifiedEnvironment(GuestCpu& cpu, int m3, int m4, Environment& environment) {
  if (cpu.facilities().Has(Facility::kFloatingPointExtension))
    return ModifiedEnvironment(cpu, m3, m4, environment);
  environment = EnvironmentOf(cpu);
  return true;
}

}  // namespace

template <typename Bits>
Bits AddBfp(GuestCpu& cpu, Bits a, Bits b) {
  return Calculate<Bits>(cpu, bfp::Add<FormatOf<Bits>>, std::plus<>(), a, b);
}
template <typename Bits>
Bits SubtractBfp(GuestCpu& cpu, Bits a, Bits b) {
  return Calculate<Bits>(cpu, bfp::Subtract<FormatOf<Bits>>, std::minus<>(), a, b);
}
template <typename Bits>
Bits MultiplyBfp(GuestCpu& cpu, Bits a, Bits b) {
  return Calculate<Bits>(cpu, bfp::Multiply<FormatOf<Bits>>, std::multiplies<>(), a, b);
}
template <typename Bits>
Bits DivideBfp(GuestCpu& cpu, Bits a, Bits b) {
  return Calculate<Bits>(cpu, bfp::Divide<FormatOf<Bits>>, std::divides<>(), a, b);
}
template <typename Bits>
Bits SquareRootBfp(GuestCpu& cpu, Bits a) {
  using F = FormatOf<Bits>;
  // The host's root of a negative number is a NaN, which HostResult refuses.
  return Calculate<Bits>(
      cpu, bfp::SquareRoot<F>, [](auto x) { return std::sqrt(x); }, a);
}
template <typename Bits>
Bits MultiplyAndAddBfp(GuestCpu& cpu, Bits addend, Bits b, Bits c) {
  return Calculate<Bits>(
      cpu, bfp::MultiplyAndAdd<FormatOf<Bits>>,
      [](auto x, auto y, auto z) { return std::fma(y, z, x); }, addend, b, c);
}
template <typename Bits>
Bits MultiplyAndSubtractBfp(GuestCpu& cpu, Bits subtrahend, Bits b, Bits c) {
  return Calculate<Bits>(
      cpu, bfp::MultiplyAndSubtract<FormatOf<Bits>>,
      [](auto x, auto y, auto z) { return std::fma(y, z, -x); }, subtrahend, b, c);
}

template <typename Bits>
uint8_t CompareBfp(GuestCpu& cpu, Bits a, Bits b, bool signal) {
  using F = FormatOf<Bits>;
  Environment environment = EnvironmentOf(cpu);
  const uint8_t cc = bfp::Compare(bfp::Unpack<F>(a), bfp::Unpack<F>(b), signal, environment);
  Finish(cpu, environment);
  return cc;
}

template <typename Bits>
Bits QuietBfp(GuestCpu& cpu, Bits a) {
  using F = FormatOf<Bits>;
  const Number number = bfp::Unpack<F>(a);
  if (!number.IsNan()) return a;
  Environment environment = EnvironmentOf(cpu);
  const Bits result = bfp::NanResult<F>({&number}, environment);
  Finish(cpu, environment);
  return result;
}

template <typename To, typename From>
To LengthenBfp(GuestCpu& cpu, From a) {
  Environment environment = EnvironmentOf(cpu);
  const To result = bfp::Lengthen<FormatOf<To>>(bfp::Unpack<FormatOf<From>>(a), environment);
  Finish(cpu, environment);
  return result;
}

template <typename Bits>
Bits IntegralBfp(GuestCpu& cpu, Bits a, int m3, int m4) {
  using F = FormatOf<Bits>;
  Environment environment;
  if (!ModifiedEnvironment(cpu, m3, m4, environment)) return {};
  const Bits result = bfp::RoundToIntegral<F>(bfp::Unpack<F>(a), environment);
  Finish(cpu, environment);
  return result;
}

template <typename Bits, typename Integer>
Bits BfpFromInteger(GuestCpu& cpu, Integer a, int m3, int m4) {
  Environment environment;
  if (!OptionallyModifiedEnvironment(cpu, m3, m4, environment)) return {};
  const bool negative = a < 0;
  const auto magnitude = static_cast<uint64_t>(a);
  const Bits result =
      bfp::FromInteger<FormatOf<Bits>>(negative, negative ? -magnitude : magnitude, environment);
  Finish(cpu, environment);
  return result;
}

template <typename Integer, typename Bits>
bfp::IntegerResult<Integer> BfpToInteger(GuestCpu& cpu, Bits a, int m3, int m4) {
  Environment environment;
  if (!ModifiedEnvironment(cpu, m3, m4, environment)) return {};
  const auto result = bfp::ToInteger<Integer>(bfp::Unpack<FormatOf<Bits>>(a), environment);
  Finish(cpu, environment);
  return result;
}

template <typename To, typename From>
bfp::RoundedResult<FormatOf<To>, FormatOf<From>> RoundedBfp(GuestCpu& cpu, From a, int m3, int m4) {
  using F = FormatOf<To>;
  using G = FormatOf<From>;
  Environment environment;
  if (!OptionallyModifiedEnvironment(cpu, m3, m4, environment)) return {};
  const auto result = bfp::LoadRounded<F, G>(bfp::Unpack<G>(a), environment);
  Finish(cpu, environment);
  return result;
}

#define ARITHMETIC(Bits)                                    \
  template Bits AddBfp(GuestCpu&, Bits, Bits);              \
  template Bits SubtractBfp(GuestCpu&, Bits, Bits);         \
  template Bits MultiplyBfp(GuestCpu&, Bits, Bits);         \
  template Bits DivideBfp(GuestCpu&, Bits, Bits);           \
  template Bits SquareRootBfp(GuestCpu&, Bits);             \
  template uint8_t CompareBfp(GuestCpu&, Bits, Bits, bool); \
  template Bits QuietBfp(GuestCpu&, Bits);                  \
  template Bits IntegralBfp(GuestCpu&, Bits, int, int);
ARITHMETIC(uint32_t)
ARITHMETIC(uint64_t)
ARITHMETIC(U128)
#undef ARITHMETIC

#define FUSED(Bits)                                             \
  template Bits MultiplyAndAddBfp(GuestCpu&, Bits, Bits, Bits); \
  template Bits MultiplyAndSubtractBfp(GuestCpu&, Bits, Bits, Bits);
FUSED(uint32_t)
FUSED(uint64_t)
#undef FUSED

#define INTEGER(Bits, Integer)                                               \
  template Bits BfpFromInteger<Bits, Integer>(GuestCpu&, Integer, int, int); \
  template bfp::IntegerResult<Integer> BfpToInteger<Integer, Bits>(GuestCpu&, Bits, int, int);
#define INTEGERS(Bits)    \
  INTEGER(Bits, int32_t)  \
  INTEGER(Bits, int64_t)  \
  INTEGER(Bits, uint32_t) \
  INTEGER(Bits, uint64_t)
INTEGERS(uint32_t)
INTEGERS(uint64_t)
INTEGERS(U128)
#undef INTEGERS
#undef INTEGER

#define OTHER_FORMAT(Short, Long)                                                       \
  template Long LengthenBfp<Long, Short>(GuestCpu&, Short);                             \
  template bfp::RoundedResult<FormatOf<Short>, FormatOf<Long>> RoundedBfp<Short, Long>( \
      GuestCpu&, Long, int, int);
OTHER_FORMAT(uint32_t, uint64_t)
OTHER_FORMAT(uint32_t, U128)
OTHER_FORMAT(uint64_t, U128)
#undef OTHER_FORMAT

}  // namespace hypervisor::assist
