// Guest storage is big-endian: the only place where that meets the host's order.
#ifndef HYPERVISOR_STORAGE_BYTE_ORDER_H_
#define HYPERVISOR_STORAGE_BYTE_ORDER_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace hypervisor {

// Turns an integer between host order and storage order.
template <typename T>
constexpr T StorageOrder(T value) {
  static_assert(std::is_integral_v<T> || std::is_same_v<T, unsigned __int128>);
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(value)));
  } else if constexpr (sizeof(T) == 8) {
    return static_cast<T>(__builtin_bswap64(static_cast<uint64_t>(value)));
  } else {
    // Clang 14 has no __builtin_bswap128.
    const auto wide = static_cast<unsigned __int128>(value);
    return static_cast<T>(static_cast<unsigned __int128>(__builtin_bswap64(wide)) << 64 |
                          __builtin_bswap64(wide >> 64));
  }
}

// An aligned load or store is one access, as block concurrency demands.
template <typename T>
T LoadStorage(const void* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return StorageOrder(value);
}

template <typename T>
void StoreStorage(void* at, T value) {
  value = StorageOrder(value);
  std::memcpy(at, &value, sizeof(T));
}

}  // namespace hypervisor

#endif  // HYPERVISOR_STORAGE_BYTE_ORDER_H_
