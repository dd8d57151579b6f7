// The host's own arithmetic, where its result and flags are certain to be those of the oracle in
// arithmetic.h: rounding to nearest, the inexact flag already on and without a trap, so that
// nothing depends on exactness; operands that are normal numbers; a result that is one too and lies
// above the least, so that it is neither tiny nor an overflow. All hosts round such results as IEEE
// 754 says.
#ifndef HYPERVISOR_SIE_ASSIST_BFP_HOST_ARITHMETIC_H_
#define HYPERVISOR_SIE_ASSIST_BFP_HOST_ARITHMETIC_H_

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "hypervisor/sie/assist/bfp/format.h"

namespace hypervisor::bfp {

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<float>::is_iec559);

// Whether the floating-point-control register permits it: mask and flag of inexact results, and the
// rounding mode.
constexpr bool HostMayCalculate(uint32_t fpc) {
  return (fpc & 0x08080007) == 0x00080000;
}

template <typename F>
constexpr bool IsNormal(typename F::Bits bits) {
  const auto exponent = bits & F::kInfinity;
  return exponent != 0 && exponent != F::kInfinity;
}

// Calculates operation(operands ...) on the host's float or double; false if the result is not
// certain.
template <typename F, typename Operation, typename... Operands>
bool HostResult(Operation operation, typename F::Bits& result, Operands... operands) {
  if constexpr (std::is_same_v<F, Extended>) {
    return false;
  } else {
    using Host = std::conditional_t<std::is_same_v<F, Short>, float, double>;
    if (!(IsNormal<F>(operands) && ...)) return false;
    const Host value = operation(std::bit_cast<Host>(operands)...);
    result = std::bit_cast<typename F::Bits>(value);
    const auto exponent = result & F::kInfinity;
    return exponent > (typename F::Bits{1} << F::kFractionBits) && exponent != F::kInfinity;
  }
}

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_HOST_ARITHMETIC_H_
