#include "hypervisor/core/memory_slots.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <vector>

#include "hypervisor/core/capabilities.h"
#include "hypervisor/core/user_copy.h"

namespace hypervisor {
namespace {

constexpr uint32_t kLogDirtyPages = 1;  // KVM_MEM_LOG_DIRTY_PAGES
constexpr uint64_t kMaxPages = (uint64_t{1} << 31) - 1;

uint64_t LastByte(const uapi::UserMemoryRegion& region) {
  return region.guest_phys_addr + region.memory_size - 1;
}

bool Overlap(const uapi::UserMemoryRegion& a, const uapi::UserMemoryRegion& b) {
  return a.guest_phys_addr <= LastByte(b) && b.guest_phys_addr <= LastByte(a);
}

}  // namespace

int64_t MemorySlots::Set(const uapi::UserMemoryRegion& region, const Bounds& bounds) {
  const std::unique_lock lock(mutex_);
  if ((region.slot & 0xffff) >= kMemorySlots) return -EINVAL;
  if (region.flags & ~kLogDirtyPages) return -EINVAL;
  if ((region.memory_size | region.guest_phys_addr | region.userspace_addr) & kPageMask)
    return -EINVAL;
  if (region.slot >> 16 != 0) return -EINVAL;
  if (region.guest_phys_addr + region.memory_size < region.guest_phys_addr) return -EINVAL;
  if (region.memory_size / kPageSize > kMaxPages) return -EINVAL;
  const auto old = slots_.find(region.slot);
  if (region.memory_size == 0) {
    if (old == slots_.end()) return -EINVAL;
    slots_.erase(old);
    return 0;
  }
  if (old != slots_.end() && (old->second.memory_size != region.memory_size ||
                              old->second.userspace_addr != region.userspace_addr))
    return -EINVAL;
  for (const auto& [number, other] : slots_) {
    if (number != region.slot && Overlap(region, other)) return -EEXIST;
  }
  if (region.guest_phys_addr < bounds.reserved_end) return -EEXIST;
  if (bounds.reserved_end != 0) return -EINVAL;
  if (region.guest_phys_addr + region.memory_size > bounds.limit) return -EINVAL;
  slots_[region.slot] = region;
  return 0;
}

int64_t MemorySlots::DirtyLog(const uapi::DirtyLog& log) const {
  const std::shared_lock lock(mutex_);
  if ((log.slot & 0xffff) >= kMemorySlots || log.slot >> 16 != 0) return -EINVAL;
  const auto slot = slots_.find(log.slot);
  if (slot == slots_.end() || !(slot->second.flags & kLogDirtyPages)) return -ENOENT;
  // One bit a page, in whole doublewords.
  const uint64_t bytes = (slot->second.memory_size / kPageSize + 63) / 64 * 8;
  const std::vector<uint8_t> zeros(65536);
  for (uint64_t done = 0; done < bytes; done += zeros.size()) {
    const uint64_t step = std::min<uint64_t>(bytes - done, zeros.size());
    if (!CopyToUser(log.dirty_bitmap + done, zeros.data(), step)) return -EFAULT;
  }
  return 0;
}

std::optional<UserAddress> MemorySlots::Resolve(GuestAbsolute address) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [number, region] : slots_) {
    if (address.raw() >= region.guest_phys_addr && address.raw() <= LastByte(region))
      return UserAddress(region.userspace_addr + (address.raw() - region.guest_phys_addr));
  }
  return std::nullopt;
}

std::vector<uapi::UserMemoryRegion> MemorySlots::All() const {
  const std::shared_lock lock(mutex_);
  std::vector<uapi::UserMemoryRegion> all;
  for (const auto& [number, region] : slots_) all.push_back(region);
  return all;
}

bool MemorySlots::empty() const {
  const std::shared_lock lock(mutex_);
  return slots_.empty();
}

bool MemorySlots::AllLogDirtyPages() const {
  const std::shared_lock lock(mutex_);
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return (slot.second.flags & kLogDirtyPages) != 0; });
}

bool MemorySlots::ReachesBeyond(uint64_t limit) const {
  const std::shared_lock lock(mutex_);
  return std::any_of(slots_.begin(), slots_.end(),
                     [limit](const auto& slot) { return LastByte(slot.second) >= limit; });
}

}  // namespace hypervisor
