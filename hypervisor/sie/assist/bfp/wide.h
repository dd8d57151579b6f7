// 256-bit unsigned numbers, as far as exact intermediate results need them.
#ifndef HYPERVISOR_SIE_ASSIST_BFP_WIDE_H_
#define HYPERVISOR_SIE_ASSIST_BFP_WIDE_H_

#include <bit>
#include <compare>
#include <cstdint>

namespace hypervisor::bfp {

using U128 = unsigned __int128;

constexpr int CountLeadingZeros(U128 value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  return high ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<uint64_t>(value));
}

struct Wide {
  U128 high = 0;
  U128 low = 0;

  friend constexpr auto operator<=>(const Wide&, const Wide&) = default;

  constexpr bool IsZero() const { return high == 0 && low == 0; }

  constexpr Wide operator+(const Wide& b) const {
    const U128 sum = low + b.low;
    return {high + b.high + (sum < low ? 1 : 0), sum};
  }
  constexpr Wide operator-(const Wide& b) const {
    return {high - b.high - (low < b.low ? 1 : 0), low - b.low};
  }
  constexpr Wide operator<<(int by) const {
    if (by == 0) return *this;
    if (by >= 256) return {};
    if (by >= 128) return {low << (by - 128), 0};
    return {high << by | low >> (128 - by), low << by};
  }
  constexpr Wide operator>>(int by) const {
    if (by == 0) return *this;
    if (by >= 256) return {};
    if (by >= 128) return {0, high >> (by - 128)};
    return {high >> by, low >> by | high << (128 - by)};
  }
  // To the right; the rightmost bit becomes one if any one is lost.
  constexpr Wide ShiftRightSticky(int by) const {
    if (by == 0) return *this;
    if (by >= 256) return {0, IsZero() ? 0u : 1u};
    Wide shifted = *this >> by;
    if (!(*this << (256 - by)).IsZero()) shifted.low |= 1;
    return shifted;
  }
  constexpr int LeadingZeros() const {
    return high ? CountLeadingZeros(high) : 128 + CountLeadingZeros(low);
  }

  static constexpr Wide Product(U128 a, U128 b) {
    const U128 a1 = a >> 64, a0 = static_cast<uint64_t>(a);
    const U128 b1 = b >> 64, b0 = static_cast<uint64_t>(b);
    const Wide middle = Wide{0, a1 * b0} + Wide{0, a0 * b1};
    return Wide{a1 * b1, a0 * b0} + (middle << 64);
  }
};

}  // namespace hypervisor::bfp

#endif  // HYPERVISOR_SIE_ASSIST_BFP_WIDE_H_
