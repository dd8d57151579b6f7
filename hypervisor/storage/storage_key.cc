#include "hypervisor/storage/storage_key.h"

namespace hypervisor {

std::atomic<uint8_t>& StorageKeys::KeyOf(UserAddress user) {
  const std::lock_guard lock(mutex_);
  auto& segment = segments_[user.raw() / kSegmentSize];
  if (!segment) segment = std::make_unique<SegmentKeys>();
  return (*segment)[user.raw() % kSegmentSize / kPageSize];
}

void StorageKeys::SetReferenced(UserAddress first, UserAddress last) {
  std::atomic<uint8_t>* key = nullptr;
  for (uint64_t page = first.raw() / kPageSize; page <= last.raw() / kPageSize; ++page) {
    const UserAddress user(page * kPageSize);
    key = key && !user.IsAligned(kSegmentSize) ? key + 1 : &KeyOf(user);
    if ((key->load(std::memory_order_relaxed) & kKeyReference) == 0) key->fetch_or(kKeyReference);
  }
}

std::atomic<uint8_t>& StorageKeys::UsageOf(UserAddress user) {
  const std::lock_guard lock(mutex_);
  auto& segment = usages_[user.raw() / kSegmentSize];
  if (!segment) segment = std::make_unique<SegmentKeys>();
  return (*segment)[user.raw() % kSegmentSize / kPageSize];
}

uint8_t StorageKeys::Usage(UserAddress user) {
  const std::lock_guard lock(mutex_);
  const auto segment = usages_.find(user.raw() / kSegmentSize);
  return segment == usages_.end()
             ? kUsageStable
             : (*segment->second)[user.raw() % kSegmentSize / kPageSize].load();
}

void StorageKeys::ResetUsage(UserAddress first, UserAddress last) {
  const std::lock_guard lock(mutex_);
  for (auto& [number, segment] : usages_) {
    const uint64_t start = number * kSegmentSize;
    for (uint64_t i = 0; i < segment->size(); ++i) {
      const UserAddress page(start + i * kPageSize);
      if (page >= first && page <= last) (*segment)[i] = kUsageStable;
    }
  }
}

}  // namespace hypervisor
