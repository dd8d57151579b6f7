#include "ucontrol/mappings.h"

#include <iterator>

#include "absl/strings/str_format.h"

namespace ucontrol {

using hypervisor::GuestAbsolute;
using hypervisor::kSegmentSize;
using hypervisor::UserAddress;

absl::Status Mappings::Check(const hypervisor::uapi::UcasMapping& mapping) {
  for (const uint64_t value : {mapping.user_addr, mapping.vcpu_addr, mapping.length}) {
    if (value % kSegmentSize) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "0x%x isn't a multiple of 0x%x; addresses and length must be", value, kSegmentSize));
    }
  }
  if (!mapping.length) return absl::InvalidArgumentError("length 0x0: nothing to map");
  for (const uint64_t start : {mapping.user_addr, mapping.vcpu_addr}) {
    if (start + (mapping.length - 1) < start) {
      return absl::OutOfRangeError(absl::StrFormat(
          "0x%x + 0x%x passes the end of the address space", start, mapping.length));
    }
  }
  return absl::OkStatus();
}

void Mappings::Map(const hypervisor::uapi::UcasMapping& mapping) {
  const GuestAbsolute start(mapping.vcpu_addr);
  Unmap(start, mapping.length);
  Interval joined{start, start + (mapping.length - 1), UserAddress(mapping.user_addr)};
  // Neighbours that continue in our memory as well become one interval.
  const auto next = intervals_.upper_bound(start);
  if (next != intervals_.end() && next->second.start == joined.last + 1 &&
      next->second.user == joined.user + mapping.length) {
    joined.last = next->second.last;
    intervals_.erase(next);
  }
  if (const auto before = Find(GuestAbsolute(start.raw() - 1));
      start.raw() && before && before->user + (start - before->start) == joined.user) {
    joined.start = before->start;
    joined.user = before->user;
  }
  intervals_[joined.start] = joined;
}

void Mappings::Unmap(GuestAbsolute start, uint64_t length) {
  const GuestAbsolute last = start + (length - 1);
  auto next = intervals_.upper_bound(start);
  if (next != intervals_.begin()) next = std::prev(next);
  while (next != intervals_.end() && next->second.start <= last) {
    const Interval old = next->second;
    if (old.last < start) {
      ++next;
      continue;
    }
    next = intervals_.erase(next);
    if (old.start < start)
      intervals_[old.start] = {old.start, GuestAbsolute(start.raw() - 1), old.user};
    if (last < old.last) {
      const GuestAbsolute rest = last + 1;
      intervals_[rest] = {rest, old.last, old.user + (rest - old.start)};
      break;
    }
  }
}

std::optional<Mappings::Interval> Mappings::Find(GuestAbsolute address) const {
  auto next = intervals_.upper_bound(address);
  if (next == intervals_.begin()) return std::nullopt;
  const Interval& interval = std::prev(next)->second;
  if (interval.last < address) return std::nullopt;
  return interval;
}

std::optional<UserAddress> Mappings::Resolve(GuestAbsolute address) const {
  const auto interval = Find(address);
  if (!interval) return std::nullopt;
  return interval->user + (address - interval->start);
}

bool Mappings::Uses(UserAddress user, uint64_t length) const {
  for (const auto& [start, interval] : intervals_) {
    const UserAddress last = interval.user + (interval.last - interval.start);
    if (interval.user <= user + (length - 1) && user <= last) return true;
  }
  return false;
}

uint64_t Mappings::end() const {
  return intervals_.empty() ? 0 : intervals_.rbegin()->second.last.raw() + 1;
}

}  // namespace ucontrol
