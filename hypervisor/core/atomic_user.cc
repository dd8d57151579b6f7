#include "hypervisor/core/atomic_user.h"

#include <cstring>

#include "hypervisor/core/user_copy.h"
#include "hypervisor/sie/host_fault_guard.h"

namespace hypervisor {
namespace {

template <typename Word>
bool Swap(uint64_t user, const uint8_t* desired, uint8_t* expected) {
  Word wanted;
  Word before;
  std::memcpy(&wanted, desired, sizeof(wanted));
  std::memcpy(&before, expected, sizeof(before));
  auto* place = reinterpret_cast<Word*>(static_cast<uintptr_t>(user));
  const Word found = __sync_val_compare_and_swap(place, before, wanted);
  std::memcpy(expected, &found, sizeof(found));
  return found == before;
}

bool SwapOfSize(uint64_t user, size_t size, const uint8_t* desired, uint8_t* expected) {
  switch (size) {
    case 1:
      return Swap<uint8_t>(user, desired, expected);
    case 2:
      return Swap<uint16_t>(user, desired, expected);
    case 4:
      return Swap<uint32_t>(user, desired, expected);
    case 8:
      return Swap<uint64_t>(user, desired, expected);
    default:
      return Swap<unsigned __int128>(user, desired, expected);
  }
}

}  // namespace

UserSwap CompareAndSwapUser(UserAddress user, size_t size, const uint8_t* desired,
                            uint8_t* expected) {
  // Weeds out what is no address at all; the memory may still vanish before the swap.
  if (!IsReadable(user.raw())) return UserSwap::kNoMemory;
  AddressSpace around;
  around.Map(UserAddress(user.raw() / kSegmentSize * kSegmentSize), VcpuAddress(0), kSegmentSize);
  HostFaultGuard guard(around);
  if (sigsetjmp(guard.escape, 0)) return UserSwap::kNoMemory;
  return SwapOfSize(user.raw(), size, desired, expected) ? UserSwap::kSwapped : UserSwap::kUnequal;
}

}  // namespace hypervisor
