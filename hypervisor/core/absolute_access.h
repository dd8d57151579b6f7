// Guest absolute storage as KVM's own requests (MEM_OP, STORE_STATUS, SKEYS) reach it: through the
// memory slots of a regular VM, or the identity slot of a UCONTROL VM.
#ifndef HYPERVISOR_CORE_ABSOLUTE_ACCESS_H_
#define HYPERVISOR_CORE_ABSOLUTE_ACCESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "hypervisor/arch/address.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {

// The size of an s390x process's address space, which is where the identity slot ends.
inline constexpr uint64_t kUserSpaceEnd = uint64_t{1} << 53;

// Our memory behind `address`; nothing if no slot has it.
std::optional<UserAddress> FindUserAddress(const Vm& vm, GuestAbsolute address);

enum class AbsoluteAccess {
  kDone,
  kNoSlot,   // an addressing exception for the guest
  kNoMemory  // EFAULT for the caller
};

// Page by page; what comes before the first bad page may have been copied.
AbsoluteAccess ReadAbsolute(const Vm& vm, GuestAbsolute address, void* to, size_t size);
AbsoluteAccess WriteAbsolute(const Vm& vm, GuestAbsolute address, const void* from, size_t size);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_ABSOLUTE_ACCESS_H_
