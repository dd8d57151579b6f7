#include "hypervisor/core/atomic_user.h"

#include <cstring>

#include "hypervisor/core/user_copy.h"
#include "hypervisor/sie/host_fault_guard.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/storage/quadword.h"

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

bool SwapQuadword(uint64_t user, const uint8_t* desired, uint8_t* expected) {
  const auto load = [](const uint8_t* bytes) {
    return Quadword{LoadStorage<uint64_t>(bytes), LoadStorage<uint64_t>(bytes + 8)};
  };
  const Quadword before = load(expected);
  const Quadword found = CompareAndSwapQuadword(
      reinterpret_cast<void*>(static_cast<uintptr_t>(user)), before, load(desired));
  StoreStorage(expected, found.high);
  StoreStorage(expected + 8, found.low);
  return found.joined() == before.joined();
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
      return SwapQuadword(user, desired, expected);
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
