#include "services/mapping_ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace services {

void MappingLedger::Map(uint64_t address, uint64_t length, std::shared_ptr<HostMemory> memory,
                        uint64_t offset) {
  Unmap(address, length);
  intervals_[address] = {length, std::move(memory), offset};
}

void MappingLedger::Unmap(uint64_t address, uint64_t length) {
  // The last address: the one behind it may be 2**64.
  const uint64_t last = address + (length - 1);
  while (true) {
    const auto behind = intervals_.upper_bound(last);
    if (behind == intervals_.begin()) return;
    const auto at = std::prev(behind);
    const uint64_t start = at->first;
    const Interval interval = at->second;
    const uint64_t end = start + (interval.length - 1);
    if (end < address) return;
    intervals_.erase(at);
    if (end > last) {
      intervals_[last + 1] = {end - last, interval.memory, interval.offset + (last + 1 - start)};
    }
    if (start < address) intervals_[start] = {address - start, interval.memory, interval.offset};
  }
}

bool MappingLedger::Uses(const std::string& memory) const {
  return std::any_of(intervals_.begin(), intervals_.end(),
                     [&](const auto& entry) { return entry.second.memory->name() == memory; });
}

std::vector<MappedRange> MappingLedger::List() const {
  std::vector<MappedRange> ranges;
  for (const auto& [address, interval] : intervals_) {
    MappedRange* last = ranges.empty() ? nullptr : &ranges.back();
    if (last && last->vcpu_address + last->length == address &&
        last->memory == interval.memory->name() &&
        last->memory_offset + last->length == interval.offset) {
      last->length += interval.length;
    } else {
      ranges.push_back({interval.memory->name(), interval.offset, address, interval.length});
    }
  }
  return ranges;
}

MappingLedger MappingLedger::Under(const MappingLedger& above) const {
  MappingLedger both = *this;
  for (const auto& [address, interval] : above.intervals_) {
    both.Map(address, interval.length, interval.memory, interval.offset);
  }
  return both;
}

}  // namespace services
