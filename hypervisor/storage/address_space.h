// The storage that one vCPU sees: 1 MiB segments, each mapped onto our own memory or absent.
//
// What KVM_S390_UCAS_MAP builds. Kept as intervals, so that a mapping of any length costs the same.
// Only the thread that holds the vCPU may call anything here.
#ifndef HYPERVISOR_STORAGE_ADDRESS_SPACE_H_
#define HYPERVISOR_STORAGE_ADDRESS_SPACE_H_

#include <cstdint>
#include <map>
#include <optional>

#include "hypervisor/arch/address.h"

namespace hypervisor {

class AddressSpace {
 public:
  // An interval that Resolve found: [start, end) of the vCPU is [user, ...) of ours. `last` is
  // inclusive, since a space ends at 2^64.
  struct Mapping {
    VcpuAddress start;
    VcpuAddress last;
    UserAddress user;
  };

  // Replaces what was mapped, segment by segment. All three are multiples of 1 MiB, the length is
  // not 0, and neither range wraps: the caller has answered EINVAL otherwise.
  void Map(UserAddress user, VcpuAddress start, uint64_t length);

  // Unmapping an absent segment is no error.
  void Unmap(VcpuAddress start, uint64_t length);

  // The interval around `address`. Nothing means: the guest must leave SIE with a segment fault.
  std::optional<Mapping> Find(VcpuAddress address) const;

  std::optional<UserAddress> Resolve(VcpuAddress address) const {
    const auto mapping = Find(address);
    if (!mapping) return std::nullopt;
    return mapping->user + (address - mapping->start);
  }

  // Changes whenever a mapping does; translations that were formed under another one are void.
  uint64_t generation() const { return generation_; }

  const std::map<VcpuAddress, Mapping>& mappings() const { return mappings_; }

 private:
  void Remove(VcpuAddress start, VcpuAddress last);

  std::map<VcpuAddress, Mapping> mappings_;  // by start
  uint64_t generation_ = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_STORAGE_ADDRESS_SPACE_H_
