// A value that is there: the first of the two meanings of Cpu::Value<T>.
//
// A T whose operators stay in T: no promotion to int, signed arithmetic wraps.
#ifndef HYPERVISOR_ISA_SEMANTICS_COMPUTED_H_
#define HYPERVISOR_ISA_SEMANTICS_COMPUTED_H_

#include <cstdint>
#include <type_traits>

namespace hypervisor {

template <typename T>
struct WrappingType {
  using type = std::make_unsigned_t<T>;
};
template <>
struct WrappingType<bool> {
  using type = bool;
};
template <>
struct WrappingType<unsigned __int128> {
  using type = unsigned __int128;
};
template <>
struct WrappingType<__int128> {
  using type = unsigned __int128;
};

template <typename T>
struct Computed {
  using Type = T;
  using Wrapping = typename WrappingType<T>::type;

  T value;

  friend constexpr Computed operator+(Computed a, Computed b) {
    return {static_cast<T>(static_cast<Wrapping>(a.value) + static_cast<Wrapping>(b.value))};
  }
  friend constexpr Computed operator-(Computed a, Computed b) {
    return {static_cast<T>(static_cast<Wrapping>(a.value) - static_cast<Wrapping>(b.value))};
  }
  friend constexpr Computed operator*(Computed a, Computed b) {
    // Through 64 bits at least: two 16-bit factors would promote to int and could overflow.
    using Wide = std::conditional_t<(sizeof(T) < 8), uint64_t, Wrapping>;
    return {static_cast<T>(static_cast<Wide>(a.value) * static_cast<Wide>(b.value))};
  }
  friend constexpr Computed operator&(Computed a, Computed b) {
    return {static_cast<T>(a.value & b.value)};
  }
  friend constexpr Computed operator|(Computed a, Computed b) {
    return {static_cast<T>(a.value | b.value)};
  }
  friend constexpr Computed operator^(Computed a, Computed b) {
    return {static_cast<T>(a.value ^ b.value)};
  }
  constexpr Computed operator~() const {
    if constexpr (std::is_same_v<T, bool>)
      return {!value};
    else
      return {static_cast<T>(~value)};
  }
  // Shift amounts of the width or more give zeros, or copies of the sign.
  template <typename A>
  friend constexpr Computed operator<<(Computed a, Computed<A> by) {
    if (by.value >= sizeof(T) * 8) return {T{0}};
    return {static_cast<T>(static_cast<Wrapping>(a.value) << by.value)};
  }
  template <typename A>
  friend constexpr Computed operator>>(Computed a, Computed<A> by) {
    if (by.value >= sizeof(T) * 8) return {static_cast<T>(a.value < 0 ? -1 : 0)};
    return {static_cast<T>(a.value >> by.value)};
  }
  friend constexpr Computed operator<<(Computed a, int by) {
    return a << Computed<uint32_t>{static_cast<uint32_t>(by)};
  }
  friend constexpr Computed operator>>(Computed a, int by) {
    return a >> Computed<uint32_t>{static_cast<uint32_t>(by)};
  }

  friend constexpr Computed<bool> operator==(Computed a, Computed b) {
    return {a.value == b.value};
  }
  friend constexpr Computed<bool> operator!=(Computed a, Computed b) {
    return {a.value != b.value};
  }
  friend constexpr Computed<bool> operator<(Computed a, Computed b) { return {a.value < b.value}; }
  friend constexpr Computed<bool> operator>(Computed a, Computed b) { return {a.value > b.value}; }
  friend constexpr Computed<bool> operator<=(Computed a, Computed b) {
    return {a.value <= b.value};
  }
  friend constexpr Computed<bool> operator>=(Computed a, Computed b) {
    return {a.value >= b.value};
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_COMPUTED_H_
