#include "hypervisor/storage/address_space.h"

#include <iterator>

namespace hypervisor {

void AddressSpace::Map(UserAddress user, VcpuAddress start, uint64_t length) {
  const VcpuAddress last = start + (length - 1);
  Remove(start, last);
  mappings_[start] = Mapping{start, last, user};
  ++generation_;
}

void AddressSpace::Unmap(VcpuAddress start, uint64_t length) {
  Remove(start, start + (length - 1));
  ++generation_;
}

std::optional<AddressSpace::Mapping> AddressSpace::Find(VcpuAddress address) const {
  auto next = mappings_.upper_bound(address);
  if (next == mappings_.begin()) return std::nullopt;
  const Mapping& mapping = std::prev(next)->second;
  if (mapping.last < address) return std::nullopt;
  return mapping;
}

void AddressSpace::Remove(VcpuAddress start, VcpuAddress last) {
  auto it = mappings_.upper_bound(start);
  if (it != mappings_.begin()) --it;
  while (it != mappings_.end() && it->second.start <= last) {
    const Mapping old = it->second;
    if (old.last < start) {
      ++it;
      continue;
    }
    it = mappings_.erase(it);
    if (old.start < start)
      mappings_[old.start] = Mapping{old.start, VcpuAddress(start.raw() - 1), old.user};
    if (old.last > last) {
      const VcpuAddress rest = last + 1;
      mappings_[rest] = Mapping{rest, old.last, old.user + (rest - old.start)};
    }
  }
}

}  // namespace hypervisor
