// The memory slots of a regular VM: KVM_SET_USER_MEMORY_REGION and KVM_GET_DIRTY_LOG.
#ifndef HYPERVISOR_CORE_MEMORY_SLOTS_H_
#define HYPERVISOR_CORE_MEMORY_SLOTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "hypervisor/arch/address.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

// Any thread.
class MemorySlots {
 public:
  // What the VM itself adds to the rules: one past the guest's last address; and where a UCONTROL
  // VM's own slot ends, which starts at 0 and takes part in the search for overlaps.
  struct Bounds {
    uint64_t limit;
    uint64_t reserved_end;
  };

  // 0 or -errno.
  int64_t Set(const uapi::UserMemoryRegion& region, const Bounds& bounds);

  // Writes the slot's dirty bitmap and forgets it. Nothing in this core dirties a slot but the
  // caller's own requests, which the kernel does not log either, so the bitmap is empty.
  int64_t DirtyLog(const uapi::DirtyLog& log) const;

  std::optional<UserAddress> Resolve(GuestAbsolute address) const;
  std::vector<uapi::UserMemoryRegion> All() const;

  bool empty() const;
  bool AllLogDirtyPages() const;
  bool ReachesBeyond(uint64_t limit) const;

 private:
  mutable std::shared_mutex mutex_;
  std::map<uint32_t, uapi::UserMemoryRegion> slots_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_MEMORY_SLOTS_H_
