#include "hypervisor/storage/storage_key.h"

namespace hypervisor {

std::atomic<uint8_t>& StorageKeys::KeyOf(UserAddress user) {
  const std::lock_guard lock(mutex_);
  auto& segment = segments_[user.raw() / kSegmentSize];
  if (!segment) segment = std::make_unique<SegmentKeys>();
  return (*segment)[user.raw() % kSegmentSize / kPageSize];
}

}  // namespace hypervisor
