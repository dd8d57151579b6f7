#include "hypervisor/storage/address_space.h"

#include <optional>

#include "gtest/gtest.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr UserAddress kMemory(0x7000'0000'0000);

TEST(AddressSpaceTest, ResolvesAnAddressInsideAMappingOnly) {
  AddressSpace space;
  space.Map(kMemory, VcpuAddress(kMiB), 2 * kMiB);

  EXPECT_EQ(space.Resolve(VcpuAddress(kMiB - 1)), std::nullopt);
  EXPECT_EQ(space.Resolve(VcpuAddress(kMiB + 0x18)), kMemory + 0x18);
  EXPECT_EQ(space.Resolve(VcpuAddress(2 * kMiB)), kMemory + kMiB);
  EXPECT_EQ(space.Resolve(VcpuAddress(3 * kMiB)), std::nullopt);
}

TEST(AddressSpaceTest, UnmappingTheMiddleLeavesBothEnds) {
  AddressSpace space;
  space.Map(kMemory, VcpuAddress(0), 3 * kMiB);

  space.Unmap(VcpuAddress(kMiB), kMiB);

  EXPECT_EQ(space.Resolve(VcpuAddress(kMiB - 1)), kMemory + (kMiB - 1));
  EXPECT_EQ(space.Resolve(VcpuAddress(kMiB)), std::nullopt);
  EXPECT_EQ(space.Resolve(VcpuAddress(2 * kMiB)), kMemory + 2 * kMiB);
}

TEST(AddressSpaceTest, MapsTheLastSegmentOf64Bits) {
  AddressSpace space;
  space.Map(kMemory, VcpuAddress(-kMiB), kMiB);

  EXPECT_EQ(space.Resolve(VcpuAddress(~uint64_t{0})), kMemory + (kMiB - 1));
  EXPECT_EQ(space.Resolve(VcpuAddress(0)), std::nullopt);
}

TEST(AddressSpaceTest, EveryChangeHasAGenerationOfItsOwn) {
  AddressSpace space;
  const uint64_t empty = space.generation();
  space.Map(kMemory, VcpuAddress(0), kMiB);
  const uint64_t mapped = space.generation();
  space.Unmap(VcpuAddress(0), kMiB);

  EXPECT_NE(empty, mapped);
  EXPECT_NE(mapped, space.generation());
}

}  // namespace
}  // namespace hypervisor
