#include "ucontrol/memories.h"

#include <gtest/gtest.h>

#include <cstring>

namespace ucontrol {
namespace {

using hypervisor::kSegmentSize;

TEST(MemoriesTest, AMemoryIsZeroedAndAlignedToASegment) {
  Memories memories;
  ASSERT_TRUE(memories.Create("ram", {.size = 2 * kSegmentSize}).ok());
  const auto user = memories.Locate("ram", 0, 2 * kSegmentSize);
  ASSERT_TRUE(user.ok());
  EXPECT_TRUE(user->IsAligned(kSegmentSize));
  const auto* bytes = reinterpret_cast<const uint8_t*>(user->raw());
  for (uint64_t i = 0; i < 2 * kSegmentSize; i += 4096) ASSERT_EQ(bytes[i], 0);
}

TEST(MemoriesTest, SizesAreSegments) {
  Memories memories;
  EXPECT_EQ(memories.Create("a", {.size = 0}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(memories.Create("a", {.size = kSegmentSize + 1}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(memories.Create("a", {.size = uint64_t{1} << 60}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(memories.Create("", {.size = kSegmentSize}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(
      memories.Create("a", {.size = kSegmentSize, .huge_pages = true, .shared = false}).ok());
  EXPECT_EQ(memories.Create("a", {.size = kSegmentSize}).code(), absl::StatusCode::kAlreadyExists);
}

TEST(MemoriesTest, BothKindsBeginAsZerosOnASegment) {
  Memories memories;
  for (const bool shared : {false, true}) {
    const char* name = shared ? "file" : "anonymous";
    ASSERT_TRUE(
        memories.Create(name, {.size = 3 * kSegmentSize, .huge_pages = true, .shared = shared})
            .ok());
    const uint64_t start = memories.Locate(name, 0, 3 * kSegmentSize)->raw();
    EXPECT_EQ(start % kSegmentSize, 0u) << name;
    auto* bytes = reinterpret_cast<uint8_t*>(start);
    for (const uint64_t at : {uint64_t{0}, 3 * kSegmentSize - 1}) {
      EXPECT_EQ(bytes[at], 0) << name;
      bytes[at] = 1;
    }
  }
}

TEST(MemoriesTest, LocateChecksWithoutOverflow) {
  Memories memories;
  ASSERT_TRUE(memories.Create("ram", {.size = kSegmentSize}).ok());
  EXPECT_TRUE(memories.Locate("ram", kSegmentSize, 0).ok());
  EXPECT_EQ(memories.Locate("ram", 1, kSegmentSize).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(memories.Locate("ram", ~uint64_t{0}, 2).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(memories.Locate("rom", 0, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST(MemoriesTest, WhoStillPointsIntoADeletedMemoryReadsZeros) {
  Memories memories;
  ASSERT_TRUE(memories.Create("ram", {.size = kSegmentSize}).ok());
  auto* bytes = reinterpret_cast<uint8_t*>(memories.Locate("ram", 0, 1)->raw());
  bytes[17] = 1;
  ASSERT_TRUE(memories.Delete("ram").ok());
  EXPECT_EQ(bytes[17], 0);
  EXPECT_EQ(memories.Delete("ram").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(memories.List().empty());
}

}  // namespace
}  // namespace ucontrol
