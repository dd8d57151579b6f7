#include "hypervisor/core/absolute_access.h"

#include <algorithm>

#include "hypervisor/core/user_copy.h"

namespace hypervisor {
namespace {

template <typename Copy>
AbsoluteAccess ForEachPage(const Vm& vm, GuestAbsolute address, size_t size, Copy copy) {
  size_t done = 0;
  while (done < size) {
    const GuestAbsolute at = address + done;
    const size_t step =
        std::min<size_t>(size - done, static_cast<size_t>(kPageSize - at.byte_in_page()));
    const auto user = FindUserAddress(vm, at);
    if (!user) return AbsoluteAccess::kNoSlot;
    if (!copy(user->raw(), done, step)) return AbsoluteAccess::kNoMemory;
    done += step;
  }
  return AbsoluteAccess::kDone;
}

}  // namespace

std::optional<UserAddress> FindUserAddress(const Vm& vm, GuestAbsolute address) {
  if (!vm.ucontrol) return vm.slots.Resolve(address);
  if (address.raw() >= kUserSpaceEnd) return std::nullopt;
  return UserAddress(address.raw());
}

AbsoluteAccess ReadAbsolute(const Vm& vm, GuestAbsolute address, void* to, size_t size) {
  return ForEachPage(vm, address, size, [to](uint64_t user, size_t offset, size_t step) {
    return CopyFromUser(static_cast<uint8_t*>(to) + offset, user, step);
  });
}

AbsoluteAccess WriteAbsolute(const Vm& vm, GuestAbsolute address, const void* from, size_t size) {
  return ForEachPage(vm, address, size, [from](uint64_t user, size_t offset, size_t step) {
    return CopyToUser(user, static_cast<const uint8_t*>(from) + offset, step);
  });
}

}  // namespace hypervisor
