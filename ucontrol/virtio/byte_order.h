// The byte order that a driver and its device use between them: little-endian since virtio 1.0,
// before that the guest's, which is big-endian here.
#ifndef UCONTROL_VIRTIO_BYTE_ORDER_H_
#define UCONTROL_VIRTIO_BYTE_ORDER_H_

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "ucontrol/big_endian.h"

namespace ucontrol::virtio {

enum class ByteOrder : uint8_t { kLittle, kBig };

// From the host's order to `order`, and back.
template <std::unsigned_integral T>
constexpr T Convert(ByteOrder order, T value) {
  const T big = FromBigEndian(value);
  if (order == ByteOrder::kBig) return big;
  if constexpr (std::endian::native == std::endian::little) return value;
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  return value;
}

template <std::unsigned_integral T>
T Load(ByteOrder order, const void* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return Convert(order, value);
}

template <std::unsigned_integral T>
void Store(ByteOrder order, void* bytes, T value) {
  value = Convert(order, value);
  std::memcpy(bytes, &value, sizeof(value));
}

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_BYTE_ORDER_H_
