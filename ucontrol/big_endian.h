// The guest's byte order.
#ifndef UCONTROL_BIG_ENDIAN_H_
#define UCONTROL_BIG_ENDIAN_H_

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace ucontrol {

template <std::unsigned_integral T>
constexpr T FromBigEndian(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

template <std::unsigned_integral T>
T LoadBigEndian(const void* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return FromBigEndian(value);
}

template <std::unsigned_integral T>
void StoreBigEndian(void* bytes, T value) {
  value = FromBigEndian(value);
  std::memcpy(bytes, &value, sizeof(value));
}

}  // namespace ucontrol

#endif  // UCONTROL_BIG_ENDIAN_H_
