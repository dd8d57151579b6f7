#include "ucontrol/mappings.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::kSegmentSize;
using hypervisor::UserAddress;

TEST(MappingsTest, RefusesWhatUcasMapRefuses) {
  EXPECT_EQ(Mappings::Check({1, 0, kSegmentSize}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mappings::Check({0, 4096, kSegmentSize}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mappings::Check({0, 0, 1}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Mappings::Check({0, 0, 0}).code(), absl::StatusCode::kInvalidArgument);
  const uint64_t top = ~uint64_t{0} - kSegmentSize + 1;
  EXPECT_EQ(Mappings::Check({0, top, 2 * kSegmentSize}).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(Mappings::Check({0, top, kSegmentSize}).ok());
}

TEST(MappingsTest, ResolvesInsideAMappingOnly) {
  Mappings mappings;
  mappings.Map({0x7f0000000000, 2 * kSegmentSize, kSegmentSize});
  EXPECT_EQ(mappings.Resolve(GuestAbsolute(2 * kSegmentSize + 0x18)), UserAddress(0x7f0000000018));
  EXPECT_EQ(mappings.Resolve(GuestAbsolute(3 * kSegmentSize)), std::nullopt);
  EXPECT_EQ(mappings.Resolve(GuestAbsolute(0)), std::nullopt);
  EXPECT_EQ(mappings.end(), 3 * kSegmentSize);
}

TEST(MappingsTest, NeighboursBecomeOneInterval) {
  Mappings mappings;
  mappings.Map({0x7f0000000000, 0, kSegmentSize});
  mappings.Map({0x7f0000000000 + 2 * kSegmentSize, 2 * kSegmentSize, kSegmentSize});
  EXPECT_EQ(mappings.intervals().size(), 2u);
  mappings.Map({0x7f0000000000 + kSegmentSize, kSegmentSize, kSegmentSize});
  ASSERT_EQ(mappings.intervals().size(), 1u);
  EXPECT_EQ(mappings.Find(GuestAbsolute(0))->last.raw(), 3 * kSegmentSize - 1);
}

// Against a table of segments.
TEST(MappingsTest, AgreesWithATableOfSegments) {
  std::mt19937_64 random(1);
  Mappings mappings;
  std::map<uint64_t, uint64_t> table;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t first = random() % 40;
    const uint64_t count = random() % 8 + 1;
    const uint64_t user = random() % 100 + 1;
    if (random() % 3) {
      mappings.Map({user * kSegmentSize, first * kSegmentSize, count * kSegmentSize});
      for (uint64_t s = 0; s < count; ++s) table[first + s] = user + s;
    } else {
      mappings.Unmap(GuestAbsolute(first * kSegmentSize), count * kSegmentSize);
      for (uint64_t s = 0; s < count; ++s) table.erase(first + s);
    }
    for (uint64_t s = 0; s < 50; ++s) {
      const auto resolved = mappings.Resolve(GuestAbsolute(s * kSegmentSize + 5));
      ASSERT_EQ(resolved.has_value(), table.count(s) == 1) << i << " " << s;
      if (resolved) {
        ASSERT_EQ(resolved->raw(), table[s] * kSegmentSize + 5);
      }
    }
  }
}

}  // namespace
}  // namespace ucontrol
