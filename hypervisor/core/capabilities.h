// KVM_CHECK_EXTENSION: what the device and its VMs can do, by number.
#ifndef HYPERVISOR_CORE_CAPABILITIES_H_
#define HYPERVISOR_CORE_CAPABILITIES_H_

#include <cstdint>

#include "hypervisor/core/machine.h"

namespace hypervisor {

inline constexpr int kMaxVcpus = 255;            // KVM_MAX_VCPUS, and one above the highest id
inline constexpr uint32_t kMemorySlots = 32766;  // KVM_USER_MEM_SLOTS
inline constexpr uint32_t kMemOpLimit = 65536;
inline constexpr uint32_t kIrqRoutes = 4096;  // KVM_MAX_IRQ_ROUTES

// Control bits of KVM_SET_GUEST_DEBUG that are valid.
inline constexpr uint32_t kGuestDebugEnable = 0x1;
inline constexpr uint32_t kGuestDebugSingleStep = 0x2;
inline constexpr uint32_t kGuestDebugUseHwBreakpoints = 0x10000;
inline constexpr uint32_t kGuestDebugValid =
    kGuestDebugEnable | kGuestDebugSingleStep | kGuestDebugUseHwBreakpoints;

// 0 for every number that isn't known. The same on the device and on every VM: the only two that
// look at the VM are those for huge pages, which are never offered.
int64_t ExtensionValue(const Machine& machine, uint64_t capability);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_CAPABILITIES_H_
