// 16 bytes of storage at once, on their boundary.
#ifndef HYPERVISOR_STORAGE_QUADWORD_H_
#define HYPERVISOR_STORAGE_QUADWORD_H_

#include <cstdint>

#include "hypervisor/storage/byte_order.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace hypervisor {

struct Quadword {
  uint64_t high = 0;
  uint64_t low = 0;

  constexpr unsigned __int128 joined() const {
    return static_cast<unsigned __int128>(high) << 64 | low;
  }
  static constexpr Quadword Of(unsigned __int128 value) {
    return {static_cast<uint64_t>(value >> 64), static_cast<uint64_t>(value)};
  }
};

inline Quadword LoadQuadword(const void* at) {
  unsigned __int128 value;
#if defined(__x86_64__)
  // One access on every processor that has AVX. COMPARE AND SWAP could not read what our host lets
  // us only read.
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&value),
                   _mm_load_si128(static_cast<const __m128i*>(at)));
#else
  value = __atomic_load_n(static_cast<const unsigned __int128*>(at), __ATOMIC_SEQ_CST);
#endif
  return Quadword::Of(StorageOrder(value));
}

// Replaces `expected` by `replacement`; yields what was there.
inline Quadword CompareAndSwapQuadword(void* at, Quadword expected, Quadword replacement) {
  auto* place = static_cast<unsigned __int128*>(at);
  unsigned __int128 found = StorageOrder(expected.joined());
  const unsigned __int128 wanted = StorageOrder(replacement.joined());
#if defined(__x86_64__)
  found = __sync_val_compare_and_swap(place, found, wanted);  // CMPXCHG16B, without a library
#else
  __atomic_compare_exchange_n(place, &found, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
#endif
  return Quadword::Of(StorageOrder(found));
}

inline void StoreQuadword(void* at, Quadword value) {
  Quadword seen = LoadQuadword(at);
  for (;;) {
    const Quadword old = CompareAndSwapQuadword(at, seen, value);
    if (old.joined() == seen.joined()) return;
    seen = old;
  }
}

}  // namespace hypervisor

#endif  // HYPERVISOR_STORAGE_QUADWORD_H_
