// Which of our memory stands behind which absolute addresses: intervals of 1 MiB segments.
//
// Plain data; whoever holds it decides who may touch it.
#ifndef UCONTROL_MAPPINGS_H_
#define UCONTROL_MAPPINGS_H_

#include <cstdint>
#include <map>
#include <optional>

#include "absl/status/status.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/uapi/kvm.h"

namespace ucontrol {

class Mappings {
 public:
  struct Interval {
    hypervisor::GuestAbsolute start;
    hypervisor::GuestAbsolute last;  // inclusive
    hypervisor::UserAddress user;
  };

  // INVALID_ARGUMENT unless all three are multiples of 1 MiB and the length isn't 0; OUT_OF_RANGE
  // if a range wraps. What UCAS_MAP and UCAS_UNMAP ask for, said in words.
  static absl::Status Check(const hypervisor::uapi::UcasMapping& mapping);

  // Replaces what was mapped. `mapping` has passed Check.
  void Map(const hypervisor::uapi::UcasMapping& mapping);
  void Unmap(hypervisor::GuestAbsolute start, uint64_t length);

  std::optional<Interval> Find(hypervisor::GuestAbsolute address) const;
  std::optional<hypervisor::UserAddress> Resolve(hypervisor::GuestAbsolute address) const;

  // True if our memory in [user, user + length) stands behind any address.
  bool Uses(hypervisor::UserAddress user, uint64_t length) const;

  // One more than the highest address; 0 if nothing is mapped.
  uint64_t end() const;
  const std::map<hypervisor::GuestAbsolute, Interval>& intervals() const { return intervals_; }

 private:
  std::map<hypervisor::GuestAbsolute, Interval> intervals_;  // by start
};

}  // namespace ucontrol

#endif  // UCONTROL_MAPPINGS_H_
