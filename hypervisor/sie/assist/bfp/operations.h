// Operations on binary-floating-point numbers under a CPU's floating-point-control register: what
// the instruction table's semantics mean by them. Flags go to the register. A trap stops the
// instruction if it leaves results unchanged; otherwise it is latched, and the result counts.
#ifndef HYPERVISOR_SIE_ASSIST_BFP_OPERATIONS_H_
#define HYPERVISOR_SIE_ASSIST_BFP_OPERATIONS_H_

#include <cstdint>
#include <type_traits>

#include "hypervisor/sie/assist/bfp/conversion.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

template <typename Bits>
using FormatOf =
    std::conditional_t<sizeof(Bits) == 4, bfp::Short,
                       std::conditional_t<sizeof(Bits) == 8, bfp::Long, bfp::Extended>>;

// Bits is uint32_t, uint64_t or bfp::U128: short, long or extended.
template <typename Bits>
Bits AddBfp(GuestCpu& cpu, Bits a, Bits b);
template <typename Bits>
Bits SubtractBfp(GuestCpu& cpu, Bits a, Bits b);
template <typename Bits>
Bits MultiplyBfp(GuestCpu& cpu, Bits a, Bits b);
template <typename Bits>
Bits DivideBfp(GuestCpu& cpu, Bits a, Bits b);
template <typename Bits>
Bits SquareRootBfp(GuestCpu& cpu, Bits a);
// b * c plus or minus the first; short and long only.
template <typename Bits>
Bits MultiplyAndAddBfp(GuestCpu& cpu, Bits addend, Bits b, Bits c);
template <typename Bits>
Bits MultiplyAndSubtractBfp(GuestCpu& cpu, Bits subtrahend, Bits b, Bits c);
// Condition code.
template <typename Bits>
uint8_t CompareBfp(GuestCpu& cpu, Bits a, Bits b, bool signal);
// The number itself, a NaN quiet.
template <typename Bits>
Bits QuietBfp(GuestCpu& cpu, Bits a);
template <typename To, typename From>
To LengthenBfp(GuestCpu& cpu, From a);

// Under the fields M3 and M4 of an instruction: a rounding mode, 0 for the register's, and whether
// an inexact result is no exception. Modifiers without a meaning stop with a specification
// exception.
template <typename Bits>
Bits IntegralBfp(GuestCpu& cpu, Bits a, int m3, int m4);
template <typename Bits, typename Integer>
Bits BfpFromInteger(GuestCpu& cpu, Integer a, int m3, int m4);
template <typename Integer, typename Bits>
bfp::IntegerResult<Integer> BfpToInteger(GuestCpu& cpu, Bits a, int m3, int m4);
// The result stands in the format G if a trap has scaled it.
template <typename To, typename From>
bfp::RoundedResult<FormatOf<To>, FormatOf<From>> RoundedBfp(GuestCpu& cpu, From a, int m3, int m4);

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_BFP_OPERATIONS_H_
