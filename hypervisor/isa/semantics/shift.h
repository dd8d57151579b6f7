// PoP: General Instructions: SHIFT and ROTATE. Amounts are 0 to 63.
#ifndef HYPERVISOR_ISA_SEMANTICS_SHIFT_H_
#define HYPERVISOR_ISA_SEMANTICS_SHIFT_H_

#include <limits>

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// SHIFT LEFT SINGLE, SHIFT LEFT DOUBLE: the sign stays. CC as ADD; overflow if a bit unlike the
// sign is shifted out.
template <typename T>
struct ShiftLeftSigned {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto by) {
    auto sign = cpu.template Constant<T>(std::numeric_limits<T>::min());
    auto shifted = a << by;
    auto overflow = (shifted >> by) != a;
    auto result = (shifted & ~sign) | (a & sign);
    cpu.SetCc(cpu.Select(overflow, 3, cpu.CompareWithZero(result)));
    cpu.FixedPointOverflowIf(overflow);
    return result;
  }
};

// SHIFT RIGHT SINGLE, SHIFT RIGHT DOUBLE. CC as LOAD AND TEST.
template <typename T>
struct ShiftRightSigned {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto by) {
    auto result = a >> by;
    cpu.SetCc(cpu.CompareWithZero(result));
    return result;
  }
};

template <typename T>
struct ShiftLeftLogical {
  using Type = T;
  static auto Of(auto&, auto a, auto by) { return a << by; }
};

template <typename T>
struct ShiftRightLogical {
  using Type = T;
  static auto Of(auto&, auto a, auto by) { return a >> by; }
};

template <typename T>
struct RotateLeft {
  using Type = T;
  static auto Of(auto& cpu, auto a, auto by) { return cpu.RotateLeft(a, by); }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_SHIFT_H_
