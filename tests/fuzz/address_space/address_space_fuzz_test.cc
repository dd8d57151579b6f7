// AddressSpace against a map of single segments.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>

#include "hypervisor/storage/address_space.h"

namespace {

using namespace hypervisor;

constexpr uint64_t kSegments = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  AddressSpace space;
  std::map<uint64_t, uint64_t> model;  // user segment by segment
  for (; size >= 4; data += 4, size -= 4) {
    // The first segments, or the last but one.
    const uint64_t origin = data[0] & 2 ? (uint64_t{1} << 44) - kSegments - 1 : 0;
    const uint64_t first = data[1] % kSegments;
    const uint64_t count = 1 + data[2] % (kSegments - first);
    const uint64_t user = 1 + data[3];
    const VcpuAddress start((origin + first) * kSegmentSize);
    const uint64_t generation = space.generation();
    if (data[0] & 1) {
      space.Unmap(start, count * kSegmentSize);
      for (uint64_t i = 0; i < count; ++i) model.erase(origin + first + i);
    } else {
      space.Map(UserAddress(user * kSegmentSize), start, count * kSegmentSize);
      for (uint64_t i = 0; i < count; ++i) model[origin + first + i] = user + i;
    }
    if (space.generation() == generation) std::abort();
    for (uint64_t segment = 0; segment < kSegments; ++segment) {
      const uint64_t number = origin + segment;
      const auto found = space.Resolve(VcpuAddress(number * kSegmentSize + 0x1234));
      const auto expected = model.find(number);
      if (found.has_value() != (expected != model.end())) std::abort();
      if (found && found->raw() != expected->second * kSegmentSize + 0x1234) std::abort();
    }
  }
  // Intervals are disjoint and in order.
  uint64_t next = 0;
  for (const auto& [start, mapping] : space.mappings()) {
    if (start != mapping.start || mapping.last < start || start.raw() < next) std::abort();
    next = mapping.last.raw() + 1;
  }
  return 0;
}
