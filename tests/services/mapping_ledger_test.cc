#include "services/mapping_ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

namespace services {
namespace {

constexpr uint64_t kSegment = hypervisor::kSegmentSize;

std::shared_ptr<HostMemory> Memory(const std::string& name) {
  return *HostMemory::Create(name, 16 * kSegment);
}

TEST(MappingLedgerTest, NeighboursThatContinueEachOtherAreOne) {
  MappingLedger ledger;
  const auto memory = Memory("a");
  ledger.Map(0, kSegment, memory, 0);
  ledger.Map(kSegment, kSegment, memory, kSegment);
  ledger.Map(2 * kSegment, kSegment, memory, 0);
  const std::vector<MappedRange> ranges = ledger.List();
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].length, 2 * kSegment);
  EXPECT_EQ(ranges[1].memory_offset, 0u);
}

TEST(MappingLedgerTest, UnmappingTheMiddleLeavesBothEnds) {
  MappingLedger ledger;
  ledger.Map(0, 8 * kSegment, Memory("a"), 4 * kSegment);
  ledger.Unmap(2 * kSegment, 3 * kSegment);
  const std::vector<MappedRange> ranges = ledger.List();
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].length, 2 * kSegment);
  EXPECT_EQ(ranges[1].vcpu_address, 5 * kSegment);
  EXPECT_EQ(ranges[1].memory_offset, 9 * kSegment);
}

TEST(MappingLedgerTest, TheLastSegmentOfTheAddressSpaceIsOne) {
  MappingLedger ledger;
  const uint64_t last = ~uint64_t{0} - (kSegment - 1);
  ledger.Map(last, kSegment, Memory("a"), 0);
  EXPECT_EQ(ledger.List().size(), 1u);
  ledger.Unmap(last, kSegment);
  EXPECT_TRUE(ledger.List().empty());
}

TEST(MappingLedgerTest, HoldsOnToWhatItNames) {
  MappingLedger ledger;
  std::weak_ptr<HostMemory> watched;
  {
    const auto memory = Memory("a");
    watched = memory;
    ledger.Map(0, kSegment, memory, 0);
  }
  EXPECT_FALSE(watched.expired());
  EXPECT_TRUE(ledger.Uses("a"));
  ledger.Unmap(0, kSegment);
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(ledger.Uses("a"));
}

TEST(MappingLedgerTest, AgreesWithASegmentByItself) {
  std::mt19937 random(1);
  MappingLedger ledger;
  std::map<uint64_t, std::pair<std::string, uint64_t>> model;
  const std::shared_ptr<HostMemory> memories[] = {Memory("a"), Memory("b")};
  for (int step = 0; step < 2000; ++step) {
    const uint64_t address = random() % 24;
    const uint64_t length = 1 + random() % 8;
    const auto& memory = memories[random() % 2];
    const uint64_t offset = random() % 8;
    const bool map = random() % 3 != 0;
    if (map) {
      ledger.Map(address * kSegment, length * kSegment, memory, offset * kSegment);
    } else {
      ledger.Unmap(address * kSegment, length * kSegment);
    }
    for (uint64_t i = 0; i < length; ++i) {
      model.erase(address + i);
      if (map) model[address + i] = {memory->name(), offset + i};
    }
    std::map<uint64_t, std::pair<std::string, uint64_t>> found;
    for (const MappedRange& range : ledger.List()) {
      for (uint64_t i = 0; i < range.length / kSegment; ++i) {
        found[range.vcpu_address / kSegment + i] = {range.memory,
                                                    range.memory_offset / kSegment + i};
      }
    }
    ASSERT_EQ(found, model) << "step " << step;
  }
}

}  // namespace
}  // namespace services
