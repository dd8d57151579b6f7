// The operators of recorded values: each appends its operation. Part of recording_cpu.h.
#ifndef HYPERVISOR_SIE_TRANSLATOR_RECORDED_OPERATORS_H_
#define HYPERVISOR_SIE_TRANSLATOR_RECORDED_OPERATORS_H_

#include "hypervisor/sie/translator/recording_cpu.h"

namespace hypervisor {

template <typename T>
Recorded<T> Recorded<T>::operator~() const {
  return cpu->Not(*this);
}

#define RECORDED_OPERATOR(symbol, opcode)                                \
  template <typename T>                                                  \
  Recorded<T> operator symbol(Recorded<T> a, Recorded<T> b) {            \
    return a.cpu->template Binary<T, T>(ir::Opcode::opcode, a.id, b.id); \
  }
RECORDED_OPERATOR(+, kAdd)
RECORDED_OPERATOR(-, kSubtract)
RECORDED_OPERATOR(*, kMultiply)
RECORDED_OPERATOR(&, kAnd)
RECORDED_OPERATOR(|, kOr)
RECORDED_OPERATOR(^, kExclusiveOr)
#undef RECORDED_OPERATOR

#define RECORDED_SHIFT(symbol, opcode)                                             \
  template <typename T, typename A>                                                \
  Recorded<T> operator symbol(Recorded<T> a, Recorded<A> by) {                     \
    return a.cpu->template Binary<T, T>(ir::Opcode::opcode, a.id, by.id);          \
  }                                                                                \
  template <typename T>                                                            \
  Recorded<T> operator symbol(Recorded<T> a, int by) {                             \
    return a symbol a.cpu->template Constant<uint32_t>(static_cast<uint32_t>(by)); \
  }
RECORDED_SHIFT(<<, kShiftLeft)
RECORDED_SHIFT(>>, kShiftRight)
#undef RECORDED_SHIFT

template <typename T>
Recorded<bool> operator==(Recorded<T> a, Recorded<T> b) {
  return a.cpu->template Binary<bool, T>(ir::Opcode::kEqual, a.id, b.id);
}
template <typename T>
Recorded<bool> operator<(Recorded<T> a, Recorded<T> b) {
  return a.cpu->template Binary<bool, T>(ir::Opcode::kLess, a.id, b.id);
}
template <typename T>
Recorded<bool> operator!=(Recorded<T> a, Recorded<T> b) {
  return ~(a == b);
}
template <typename T>
Recorded<bool> operator>(Recorded<T> a, Recorded<T> b) {
  return b < a;
}
template <typename T>
Recorded<bool> operator<=(Recorded<T> a, Recorded<T> b) {
  return ~(b < a);
}
template <typename T>
Recorded<bool> operator>=(Recorded<T> a, Recorded<T> b) {
  return ~(a < b);
}

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_RECORDED_OPERATORS_H_
