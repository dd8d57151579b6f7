#include "ucontrol/virtio/ccw_transport.h"

#include <gtest/gtest.h>

#include "tests/ucontrol/virtio/driver_side.h"
#include "tests/ucontrol/virtio/echo_device.h"

namespace ucontrol::virtio {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr uint8_t kGood = 0x0c;
constexpr uint8_t kUnitCheck = 0x02;
constexpr uint8_t kProgramCheck = 0x20;

class CcwTransportTest : public testing::Test {
 protected:
  DriverSide driver_{std::make_unique<EchoDevice>()};
};

TEST_F(CcwTransportTest, IsAVirtioControlUnitOfItsDevicesType) {
  driver_.Command(Ccw::kSenseId, 7);
  EXPECT_EQ(driver_.Text(DriverSide::kScratch, 4), "\xff\x38\x32\x04");
}

TEST_F(CcwTransportTest, SettlesOnARevisionOnce) {
  EXPECT_EQ(driver_.SetRevision(3).device_status, kUnitCheck);
  EXPECT_EQ(driver_.SetRevision(2).device_status, kGood);
  EXPECT_EQ(driver_.SetRevision(1).device_status, kUnitCheck);
  // Disabling the subchannel makes it forget.
  driver_.guest().Enable(driver_.number(), 0);
  driver_.guest().Enable(driver_.number());
  EXPECT_EQ(driver_.SetRevision(1).device_status, kGood);
}

TEST_F(CcwTransportTest, TakesAnyOtherFirstCommandForAnOldDrivers) {
  EXPECT_EQ(driver_.ReadFeatures(1), 0u);
  EXPECT_EQ(driver_.SetRevision(2).device_status, kUnitCheck);
  EXPECT_EQ(driver_.Command(0x72, 1).device_status, kUnitCheck);   // no READ STATUS
  EXPECT_EQ(driver_.Command(0x73, 25).device_status, kUnitCheck);  // no adapter indicators
  const auto configuration = driver_.ReadConfiguration(4);
  EXPECT_EQ(configuration, (std::vector<uint8_t>{1, 2, 3, 4}));
}

TEST_F(CcwTransportTest, ReadsAndWritesTheConfiguration) {
  driver_.SetRevision(2);
  EXPECT_EQ(driver_.ReadConfiguration(4), (std::vector<uint8_t>{4, 3, 2, 1}));
  EXPECT_EQ(driver_.WriteConfiguration({4, 3, 2, 1, 9, 0, 0, 0}).device_status, kGood);
  EXPECT_EQ(driver_.ReadConfiguration(8)[4], 9);
  EXPECT_EQ(driver_.Command(0x22, 9).subchannel_status, kProgramCheck);
  EXPECT_EQ(driver_.Command(0x22, 9, Ccw::kSuppressLength).count, 1);
}

TEST_F(CcwTransportTest, OffersFeaturesInWords) {
  driver_.SetRevision(1);
  EXPECT_EQ(driver_.ReadFeatures(0), 1u << 7 | 1u << 28 | 1u << 29);
  EXPECT_EQ(driver_.ReadFeatures(1), 1u << 0 | 1u << 8);
  EXPECT_EQ(driver_.ReadFeatures(2), 0u);
  EXPECT_EQ(driver_.WriteFeatures(2, 0).device_status, kGood);
  EXPECT_EQ(driver_.WriteFeatures(2, 1).device_status, kUnitCheck);
}

TEST_F(CcwTransportTest, AgreesOnlyToFeaturesThatItOffered) {
  driver_.SetRevision(2);
  driver_.WriteFeatures(0, 1 << 8);
  driver_.WriteFeatures(1, 1);
  EXPECT_EQ(driver_.WriteStatus(0x0b).device_status, kUnitCheck);
  EXPECT_EQ(driver_.ReadStatus() & 0x08, 0);
  driver_.WriteFeatures(0, 1 << 7);
  driver_.WriteFeatures(1, 0);  // not even VERSION_1
  EXPECT_EQ(driver_.WriteStatus(0x0b).device_status, kUnitCheck);
  driver_.WriteFeatures(1, 1);
  EXPECT_EQ(driver_.WriteStatus(0x0b).device_status, kGood);
  EXPECT_EQ(driver_.ReadStatus(), 0x0b);
  EXPECT_EQ(driver_.WriteFeatures(0, 0).device_status, kUnitCheck);
}

TEST_F(CcwTransportTest, IsntDrivenBeforeTheFeaturesAreSettled) {
  driver_.SetRevision(2);
  EXPECT_EQ(driver_.WriteStatus(0x07).device_status, kUnitCheck);
}

TEST_F(CcwTransportTest, TellsTheSizesOfItsQueues) {
  EXPECT_EQ(driver_.QueueSize(0), 16);
  EXPECT_EQ(driver_.QueueSize(1), 0);
}

TEST_F(CcwTransportTest, RefusesQueuesThatCantBe) {
  driver_.SetRevision(2);
  EXPECT_EQ(driver_.SetQueue(0, 16).device_status, kGood);
  EXPECT_EQ(driver_.SetQueue(0, 32).device_status, kUnitCheck);
  EXPECT_EQ(driver_.SetQueue(0, 12).device_status, kUnitCheck);
  EXPECT_EQ(driver_.SetQueue(1, 16).device_status, kUnitCheck);
  StoreBigEndian<uint64_t>(driver_.at(DriverSide::kScratch), 0x100008);
  StoreBigEndian<uint16_t>(driver_.at(DriverSide::kScratch + 12), 0);
  EXPECT_EQ(driver_.Command(0x13, 32).device_status, kUnitCheck);  // unaligned
  EXPECT_EQ(driver_.Command(0x13, 31).subchannel_status, kProgramCheck);
}

TEST_F(CcwTransportTest, RejectsCommandsThatItDoesntKnow) {
  EXPECT_EQ(driver_.Command(0x51, 1).device_status, kUnitCheck);
}

TEST_F(CcwTransportTest, EchoesWithAdapterInterruptions) {
  driver_.Bring(Feature(kEventIndex));
  driver_.PutText(DriverSide::kBuffers, "hello");
  driver_.Offer(0, {{DriverSide::kBuffers, 5}, {DriverSide::kBuffers + 0x100, 8, true}});
  EXPECT_EQ(driver_.Notify(0), 0);
  const auto used = driver_.Take(0);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->head, 0u);
  EXPECT_EQ(used->written, 5u);
  EXPECT_EQ(driver_.Text(DriverSide::kBuffers + 0x100, 5), "hello");

  const auto interruption = driver_.guest().interruptions().Take(10s);
  ASSERT_TRUE(interruption);
  EXPECT_EQ(interruption->subchannel_id, 0);
  EXPECT_EQ(interruption->word, 0x80000000u | 5u << 27);
  EXPECT_EQ(driver_.Shared(DriverSide::kSummary), 1);
  EXPECT_EQ(driver_.Shared(DriverSide::kAdapterBits), 0x80);

  // The summary is still set: one more indication, no more interruption.
  driver_.SetShared(DriverSide::kAdapterBits, 0);
  driver_.Offer(0, {{DriverSide::kBuffers, 5}, {DriverSide::kBuffers + 0x100, 8, true}});
  driver_.Notify(0);
  ASSERT_TRUE(driver_.Take(0));
  EXPECT_EQ(driver_.guest().interruptions().Take(20ms), std::nullopt);
  EXPECT_EQ(driver_.Shared(DriverSide::kAdapterBits), 0x80);
}

TEST_F(CcwTransportTest, EchoesForAnOldDriverWithClassicInterruptions) {
  driver_.WriteStatus(0x03);
  driver_.WriteFeatures(0, 0);
  ASSERT_EQ(driver_.SetQueue(0, 8).device_status, kGood);
  ASSERT_EQ(driver_.SetClassicIndicators().device_status, kGood);
  driver_.WriteStatus(0x07);
  driver_.PutText(DriverSide::kBuffers, "old");
  driver_.Offer(0, {{DriverSide::kBuffers, 3}, {DriverSide::kBuffers + 0x100, 3, true}}, 4);
  driver_.Notify(0);
  const auto used = driver_.Take(0);
  ASSERT_TRUE(used);
  EXPECT_EQ(used->head, 4u);
  EXPECT_EQ(driver_.Text(DriverSide::kBuffers + 0x100, 3), "old");
  const auto interruption = driver_.guest().interruptions().Take(10s);
  ASSERT_TRUE(interruption);
  EXPECT_EQ(interruption->subchannel_id, 0x0001);
  EXPECT_EQ(driver_.Shared(DriverSide::kIndicators + 7), 1);
  const Scsw scsw = driver_.guest().Test(driver_.number());
  EXPECT_EQ(scsw.control, Scsw::kAlert | Scsw::kPending);
}

TEST_F(CcwTransportTest, KeepsOneKindOfIndicators) {
  driver_.SetRevision(2);
  EXPECT_EQ(driver_.SetClassicIndicators().device_status, kGood);
  EXPECT_EQ(driver_.SetAdapterIndicators().device_status, kUnitCheck);
  StoreBigEndian<uint64_t>(driver_.at(DriverSide::kScratch), 0);
  EXPECT_EQ(driver_.Command(0x43, 8).device_status, kGood);
  EXPECT_EQ(driver_.SetAdapterIndicators().device_status, kGood);
}

TEST_F(CcwTransportTest, IndicatesFromTheBitThatTheDriverNames) {
  driver_.Bring(Feature(kEventIndex));
  EXPECT_EQ(driver_.SetAdapterIndicators(/*first_bit=*/13, /*isc=*/2).device_status, kGood);
  driver_.Offer(0, {{DriverSide::kBuffers, 5}});
  driver_.Notify(0);
  ASSERT_EQ(driver_.guest().interruptions().Take(10s)->word, 0x80000000u | 2u << 27);
  EXPECT_EQ(driver_.Shared(DriverSide::kAdapterBits + 1), 0x04);
}

TEST_F(CcwTransportTest, AsksToBeResetAfterABadChainAndWorksAfterThat) {
  driver_.Bring();
  driver_.Offer(0, {{0x7f00000000, 5}});
  driver_.Notify(0);
  EXPECT_TRUE(driver_.NeedsReset());
  EXPECT_EQ(driver_.Shared(DriverSide::kConfigurationIndicators + 7), 1);
  EXPECT_EQ(driver_.Command(0x33, 0).device_status, kGood);
  EXPECT_EQ(driver_.ReadStatus(), 0);

  driver_.guest().Enable(driver_.number(), 0);
  driver_.guest().Enable(driver_.number());
  driver_.Bring();
  driver_.Offer(0, {{DriverSide::kBuffers, 5}, {DriverSide::kBuffers + 0x100, 5, true}});
  driver_.Notify(0);
  EXPECT_TRUE(driver_.Take(0));
}

TEST_F(CcwTransportTest, KeepsQueuesWhileTheDeviceRuns) {
  driver_.Bring();
  EXPECT_EQ(driver_.SetQueue(0, 8).device_status, kUnitCheck);
}

TEST_F(CcwTransportTest, SurvivesIndicatorsThatAreNowhere) {
  driver_.Bring(Feature(kEventIndex));
  StoreBigEndian<uint64_t>(driver_.at(DriverSide::kScratch), ~uint64_t{0});
  StoreBigEndian<uint64_t>(driver_.at(DriverSide::kScratch + 8), ~uint64_t{0});
  StoreBigEndian<uint64_t>(driver_.at(DriverSide::kScratch + 16), ~uint64_t{0});
  driver_.Command(0x73, 25);
  driver_.Offer(0, {{DriverSide::kBuffers, 5}});
  driver_.Notify(0);
  EXPECT_TRUE(driver_.Take(0));
  EXPECT_EQ(driver_.guest().interruptions().Take(20ms), std::nullopt);
}

TEST_F(CcwTransportTest, SubsystemResetForgetsTheDriver) {
  driver_.Bring();
  driver_.guest().subsystem().Reset();
  driver_.guest().Enable(driver_.number());
  EXPECT_EQ(driver_.SetRevision(2).device_status, kGood);
  EXPECT_EQ(driver_.ReadStatus(), 0);
}

}  // namespace
}  // namespace ucontrol::virtio
