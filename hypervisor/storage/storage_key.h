// Storage keys, and what guests say of the use of their pages (ESSA). Both belong to the page of
// our memory, as PGSTEs do, so vCPUs that map the same page share them (PoP: Storage, "Storage
// Key").
#ifndef HYPERVISOR_STORAGE_STORAGE_KEY_H_
#define HYPERVISOR_STORAGE_STORAGE_KEY_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "hypervisor/arch/address.h"

namespace hypervisor {

// A key byte: access-control bits 0-3, fetch protection 4, reference 5, change 6.
inline constexpr uint8_t kKeyAccessControl = 0xf0;
inline constexpr uint8_t kKeyFetchProtection = 0x08;
inline constexpr uint8_t kKeyReference = 0x04;
inline constexpr uint8_t kKeyChange = 0x02;

// Usage states, as KVM_S390_GET_CMMA_BITS gives them.
inline constexpr uint8_t kUsageStable = 0;
inline constexpr uint8_t kUsageUnused = 1;
inline constexpr uint8_t kUsagePotentiallyVolatile = 2;
inline constexpr uint8_t kUsageVolatile = 3;

// The keys of all pages a device's machines use; a page that was never asked for has key 0. Any
// thread.
class StorageKeys {
 public:
  using SegmentKeys = std::array<std::atomic<uint8_t>, kSegmentSize / kPageSize>;

  // The key of the page at `user`. Allocates its segment's keys; the reference stays good for ever.
  std::atomic<uint8_t>& KeyOf(UserAddress user);

  // All pages in [first, last] are referenced.
  void SetReferenced(UserAddress first, UserAddress last);

  // Its usage state, kUsageStable at first; likewise.
  std::atomic<uint8_t>& UsageOf(UserAddress user);
  // The same, but 0 without an allocation if nobody has asked for it.
  uint8_t Usage(UserAddress user);
  // All in [first, last] are stable again.
  void ResetUsage(UserAddress first, UserAddress last);

  // True once any key was asked for by a key instruction (KVM_S390_GET_SKEYS answers 1 before).
  bool used() const { return used_.load(std::memory_order_relaxed); }
  void set_used() { used_.store(true, std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::unordered_map<uint64_t, std::unique_ptr<SegmentKeys>> segments_;
  std::unordered_map<uint64_t, std::unique_ptr<SegmentKeys>> usages_;
  std::atomic<bool> used_ = false;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_STORAGE_STORAGE_KEY_H_
