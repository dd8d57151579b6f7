#include "ucontrol/virtio/virtqueue.h"

#include <gtest/gtest.h>

#include "tests/ucontrol/virtio/driver_side.h"
#include "tests/ucontrol/virtio/echo_device.h"

namespace ucontrol::virtio {
namespace {

using hypervisor::GuestAbsolute;

// A queue of eight with nothing around it.
class VirtqueueTest : public testing::Test {
 protected:
  static constexpr uint64_t kDescriptors = 0x1000, kAvailable = 0x2000, kUsed = 0x3000;
  static constexpr uint16_t kNext = 1, kWrite = 2, kIndirect = 4;

  VirtqueueTest() { Start({ByteOrder::kLittle, true, true}); }

  void Start(const Virtqueue::Rules& rules) {
    queue_.SetLayout(
        {8, GuestAbsolute(kDescriptors), GuestAbsolute(kAvailable), GuestAbsolute(kUsed)});
    queue_.Start(rules);
  }
  void Describe(uint16_t index, uint64_t address, uint32_t length, uint16_t flags,
                uint16_t next = 0, uint64_t table = kDescriptors) {
    uint8_t* to = storage_.at(table + 16 * index);
    Store<uint64_t>(ByteOrder::kLittle, to, address);
    Store<uint32_t>(ByteOrder::kLittle, to + 8, length);
    Store<uint16_t>(ByteOrder::kLittle, to + 12, flags);
    Store<uint16_t>(ByteOrder::kLittle, to + 14, next);
  }
  void Offer(uint16_t head) {
    Store<uint16_t>(ByteOrder::kLittle, storage_.at(kAvailable + 4 + 2 * (offered_ % 8)), head);
    Store<uint16_t>(ByteOrder::kLittle, storage_.at(kAvailable + 2), ++offered_);
  }
  uint16_t Halfword(uint64_t address) {
    return Load<uint16_t>(ByteOrder::kLittle, storage_.at(address));
  }
  void ExpectBroken() {
    EXPECT_FALSE(queue_.Take(chain_));
    EXPECT_TRUE(queue_.broken());
  }

  StorageOfBytes storage_{4 * 1024 * 1024};
  Virtqueue queue_{storage_};
  Chain chain_;
  uint16_t offered_ = 0;
};

TEST_F(VirtqueueTest, TakesChainsInOrderAndReturnsThemInAny) {
  Describe(0, 0x8000, 16, kNext, 1);
  Describe(1, 0x9000, 32, kWrite);
  Describe(5, 0xa000, 4, 0);
  EXPECT_FALSE(queue_.Take(chain_));
  Offer(0);
  Offer(5);
  ASSERT_TRUE(queue_.Take(chain_));
  EXPECT_EQ(chain_.readable.size(), 16u);
  EXPECT_EQ(chain_.writable.size(), 32u);
  EXPECT_EQ(chain_.writable.pieces()[0].iov_base, storage_.at(0x9000));
  Chain second;
  ASSERT_TRUE(queue_.Take(second));
  EXPECT_FALSE(queue_.Take(second) || queue_.broken());
  queue_.Return(second, 0);
  queue_.Return(chain_, 7);
  EXPECT_EQ(Halfword(kUsed + 2), 2);
  EXPECT_EQ(Halfword(kUsed + 4), 5);
  EXPECT_EQ(Halfword(kUsed + 12), 0);
  EXPECT_EQ(Halfword(kUsed + 16), 7);
}

TEST_F(VirtqueueTest, FollowsAnIndirectTableBehindOrdinaryDescriptors) {
  Describe(0, 0x8000, 16, kNext, 1);
  Describe(1, 0x20000, 32, kIndirect);
  Describe(0, 0x9000, 8, kNext, 1, 0x20000);
  Describe(1, 0xa000, 4, kWrite, 0, 0x20000);
  Offer(0);
  ASSERT_TRUE(queue_.Take(chain_));
  EXPECT_EQ(chain_.readable.size(), 24u);
  EXPECT_EQ(chain_.writable.size(), 4u);
}

TEST_F(VirtqueueTest, BreaksOnIndirectionThatBreaksTheRules) {
  const auto expect_broken = [&](uint32_t length, uint16_t flags, uint64_t address = 0x20000) {
    Start({ByteOrder::kLittle, true, true});
    offered_ = 0;
    Describe(0, address, length, flags, 1);
    Describe(0, 0x9000, 8, 0, 0, 0x20000);
    Offer(0);
    ExpectBroken();
  };
  expect_broken(0, kIndirect);
  expect_broken(15, kIndirect);
  expect_broken(16, kIndirect | kNext);
  expect_broken(16, kIndirect, ~uint64_t{0} - 15);
  expect_broken(16, kIndirect, 0x10000000);
}

TEST_F(VirtqueueTest, BreaksOnNestedOrUnwantedIndirection) {
  Describe(0, 0x20000, 16, kIndirect);
  Describe(0, 0x20000, 16, kIndirect, 0, 0x20000);
  Offer(0);
  ExpectBroken();
  offered_ = 0;
  Start({ByteOrder::kLittle, false, true});
  Describe(0, 0x9000, 8, 0, 0, 0x20000);
  Offer(0);
  ExpectBroken();
}

TEST_F(VirtqueueTest, BreaksOnALoop) {
  Describe(0, 0x8000, 16, kNext, 1);
  Describe(1, 0x8000, 16, kNext, 0);
  Offer(0);
  ExpectBroken();
}

TEST_F(VirtqueueTest, BreaksOnDescriptorsThatArentThere) {
  Offer(8);
  ExpectBroken();
  Start({});
  offered_ = 0;
  Describe(0, 0x8000, 16, kNext, 8);
  Offer(0);
  ExpectBroken();
}

TEST_F(VirtqueueTest, BreaksOnBuffersThatAreNoStorage) {
  for (const auto& [address, length] : std::vector<std::pair<uint64_t, uint32_t>>{
           {4 * 1024 * 1024 - 1, 2}, {~uint64_t{0}, 1}, {~uint64_t{0}, 2}, {0, 0xffffffff}}) {
    Start({});
    offered_ = 0;
    Describe(0, address, length, 0);
    Offer(0);
    ExpectBroken();
  }
}

TEST_F(VirtqueueTest, BreaksOnReadableAfterWritable) {
  Describe(0, 0x8000, 16, kNext | kWrite, 1);
  Describe(1, 0x8000, 16, 0);
  Offer(0);
  ExpectBroken();
}

TEST_F(VirtqueueTest, BreaksOnMoreThanTheRingHolds) {
  Store<uint16_t>(ByteOrder::kLittle, storage_.at(kAvailable + 2), 9);
  ExpectBroken();
}

TEST_F(VirtqueueTest, BreaksOnRingsThatAreNowhere) {
  queue_.SetLayout(
      {8, GuestAbsolute(kDescriptors), GuestAbsolute(0x400000 - 2), GuestAbsolute(kUsed)});
  ExpectBroken();
}

TEST_F(VirtqueueTest, BreaksOnAChainOfMoreThanItCounts) {
  queue_.Start({ByteOrder::kLittle, true, false});
  Describe(0, 0x200000, 16 * 2000, kIndirect);
  for (uint16_t i = 0; i < 2000; ++i) Describe(i, 0x8000, 1, kNext, i + 1, 0x200000);
  Offer(0);
  ExpectBroken();
}

TEST_F(VirtqueueTest, CrossesTheEndOfItsIndices) {
  Describe(3, 0x8000, 1, 0);
  for (int i = 0; i < 70000; ++i) {
    Offer(3);
    ASSERT_TRUE(queue_.Take(chain_));
    queue_.Return(chain_, 0);
  }
  EXPECT_EQ(Halfword(kUsed + 2), 70000 % 65536);
}

TEST_F(VirtqueueTest, InterruptsAtTheEventThatTheDriverNames) {
  Describe(0, 0x8000, 1, 0);
  const auto turn = [&] {
    Offer(0);
    EXPECT_TRUE(queue_.Take(chain_));
    queue_.Return(chain_, 0);
  };
  Store<uint16_t>(ByteOrder::kLittle, storage_.at(kAvailable + 4 + 16), 2);
  EXPECT_FALSE(queue_.WantsInterruption());
  turn();
  EXPECT_FALSE(queue_.WantsInterruption());
  turn();
  EXPECT_FALSE(queue_.WantsInterruption());
  turn();  // entry 2
  EXPECT_TRUE(queue_.WantsInterruption());
  turn();
  EXPECT_FALSE(queue_.WantsInterruption());
}

TEST_F(VirtqueueTest, InterruptsUnlessTheDriverSaysNo) {
  Start({ByteOrder::kLittle, true, false});
  Describe(0, 0x8000, 1, 0);
  Offer(0);
  queue_.Take(chain_);
  queue_.Return(chain_, 0);
  EXPECT_TRUE(queue_.WantsInterruption());
  EXPECT_FALSE(queue_.WantsInterruption());
  Store<uint16_t>(ByteOrder::kLittle, storage_.at(kAvailable), 1);
  Offer(0);
  queue_.Take(chain_);
  queue_.Return(chain_, 0);
  EXPECT_FALSE(queue_.WantsInterruption());
}

TEST_F(VirtqueueTest, SaysWhenItNeedsNotifications) {
  Start({ByteOrder::kLittle, true, false});
  queue_.SuppressNotifications();
  EXPECT_EQ(Halfword(kUsed), 1);
  EXPECT_FALSE(queue_.ExpectNotifications());
  EXPECT_EQ(Halfword(kUsed), 0);

  Start({ByteOrder::kLittle, true, true});
  Describe(0, 0x8000, 1, 0);
  Offer(0);
  EXPECT_TRUE(queue_.ExpectNotifications());
  queue_.Take(chain_);
  EXPECT_FALSE(queue_.ExpectNotifications());
  EXPECT_EQ(Halfword(kUsed + 4 + 64), 1);
}

TEST(VirtqueueLayoutTest, PlacesTheRingsOfAnOldDriver) {
  const auto layout = Virtqueue::Layout::Legacy(GuestAbsolute(0x10000), 4096, 128);
  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->available, GuestAbsolute(0x10800));
  EXPECT_EQ(layout->used, GuestAbsolute(0x11000));
  EXPECT_TRUE(layout->IsValid());
  EXPECT_FALSE(Virtqueue::Layout::Legacy(GuestAbsolute(0x10000), 0, 128));
  EXPECT_FALSE(Virtqueue::Layout::Legacy(GuestAbsolute(0x10000), 4095, 128));
  EXPECT_FALSE(Virtqueue::Layout::Legacy(GuestAbsolute(~uint64_t{0}), 4096, 128));
}

}  // namespace
}  // namespace ucontrol::virtio
