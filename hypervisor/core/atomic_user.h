// Compare-and-swap on an address that a caller named: atomic towards guests, EFAULT towards
// callers.
#ifndef HYPERVISOR_CORE_ATOMIC_USER_H_
#define HYPERVISOR_CORE_ATOMIC_USER_H_

#include <cstddef>
#include <cstdint>

#include "hypervisor/arch/address.h"

namespace hypervisor {

enum class UserSwap { kSwapped, kUnequal, kNoMemory };

// `size` is 1, 2, 4, 8 or 16, and `user` a multiple of it. Bytes are in storage order. If unequal,
// `expected` gets what was there.
UserSwap CompareAndSwapUser(UserAddress user, size_t size, const uint8_t* desired,
                            uint8_t* expected);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_ATOMIC_USER_H_
