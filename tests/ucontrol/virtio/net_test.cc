#include "ucontrol/virtio/net.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/ucontrol/virtio/net_driver.h"
#include "ucontrol/virtio/tap_network.h"

namespace ucontrol::virtio {
namespace {

// A card whose tap is a socket of ours: what one side writes as a frame the other reads.
class NetTest : public testing::Test {
 protected:
  explicit NetTest(uint16_t mtu = 1500) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    wire_ = ends[0];
    const timeval patience{10, 0};
    setsockopt(wire_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    driver_ = std::make_unique<NetDriver>(std::make_unique<TapNetwork>(ends[1], mtu));
  }
  ~NetTest() override {
    driver_.reset();
    close(wire_);
  }

  Bytes FromWire() {
    Bytes frame(70000);
    const ssize_t length = read(wire_, frame.data(), frame.size());
    frame.resize(length < 0 ? 0 : static_cast<size_t>(length));
    return frame;
  }
  void ToWire(const Bytes& frame) {
    EXPECT_EQ(write(wire_, frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  }
  static bool Any(const Bytes&) { return true; }

  int wire_;
  std::unique_ptr<NetDriver> driver_;
};

TEST_F(NetTest, TellsItsAddressItsLinkAndItsMtu) {
  driver_->SetRevision(2);
  const auto configuration = driver_->ReadConfiguration(12);
  EXPECT_TRUE(std::equal(kGuestMac.begin(), kGuestMac.end(), configuration.begin()));
  EXPECT_EQ(Load<uint16_t>(ByteOrder::kLittle, &configuration[6]), 1);
  EXPECT_EQ(Load<uint16_t>(ByteOrder::kLittle, &configuration[10]), 1500);
}

TEST_F(NetTest, SendsFrames) {
  driver_->Bring();
  const Bytes frame(60, 0x5a);
  driver_->Transmit(frame);
  EXPECT_EQ(FromWire(), frame);
}

TEST_F(NetTest, CompletesChecksumsThatTheGuestLeavesToIt) {
  driver_->Bring();
  driver_->Transmit(Udp(kGuestIp, 1000, kHostIp, 2000, {1, 2, 3}), 6);
  Bytes frame = FromWire();
  ASSERT_EQ(frame.size(), 45u);
  // A sum over pseudo header and content, checksum included, is all ones.
  const uint16_t checksum = Halfword(frame, 40);
  PutPseudoHeaderSum(frame, 6);
  Bytes summed(frame.begin() + 34, frame.end());
  summed.resize(summed.size() + 1 + 2);  // pads the odd byte
  StoreBigEndian<uint16_t>(&summed[12], checksum);
  EXPECT_EQ(OnesComplementSum(summed), 0xffff);
}

TEST_F(NetTest, DropsWhatItCantSend) {
  driver_->Bring();
  // Segmentation wasn't agreed on; a checksum belongs behind the end; then one that is good.
  std::fill_n(driver_->at(NetDriver::kTransmitBuffer), 100, uint8_t{0});
  *driver_->at(NetDriver::kTransmitBuffer + 1) = 1;
  driver_->Offer(1, {{NetDriver::kTransmitBuffer, 72}});
  driver_->Notify(1);
  ASSERT_TRUE(driver_->Take(1));
  *driver_->at(NetDriver::kTransmitBuffer + 1) = 0;
  *driver_->at(NetDriver::kTransmitBuffer) = 1;
  Store<uint16_t>(ByteOrder::kLittle, driver_->at(NetDriver::kTransmitBuffer + 6), 0xffff);
  Store<uint16_t>(ByteOrder::kLittle, driver_->at(NetDriver::kTransmitBuffer + 8), 0xffff);
  driver_->Offer(1, {{NetDriver::kTransmitBuffer, 72}});
  driver_->Notify(1);
  ASSERT_TRUE(driver_->Take(1));
  driver_->Transmit(Bytes(64, 1));
  EXPECT_EQ(FromWire(), Bytes(64, 1));
}

TEST_F(NetTest, ReceivesFramesAndTheirOrder) {
  driver_->Bring();
  driver_->OfferReceiveBuffers(8, 2048);
  for (uint8_t i = 1; i <= 50; ++i) ToWire(Bytes(60 + i, i));
  for (uint8_t i = 1; i <= 50; ++i) EXPECT_EQ(driver_->Receive(Any), Bytes(60 + i, i));
  EXPECT_TRUE(driver_->guest().interruptions().Take(std::chrono::seconds(10)));
}

TEST_F(NetTest, SpreadsAFrameOverMergeableBuffers) {
  driver_->Bring();
  driver_->OfferReceiveBuffers(2, 100);
  Bytes frame(350);
  for (size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<uint8_t>(i);
  ToWire(frame);
  // Two of the four buffers that it takes: none is given back.
  EXPECT_FALSE(driver_->Take(0, std::chrono::milliseconds(30)));
  driver_->Offer(0, {{NetDriver::kReceiveBuffers + 2 * 0x1000, 100, true}}, 2);
  driver_->Offer(0, {{NetDriver::kReceiveBuffers + 3 * 0x1000, 100, true}}, 3);
  driver_->Notify(0);
  EXPECT_EQ(driver_->Receive(Any), frame);
  EXPECT_EQ(driver_->buffers_of_last_frame, 4);
}

TEST_F(NetTest, LosesAFrameThatNoBufferHoldsAndKeepsTheBuffer) {
  driver_->Bring(Feature(15));
  driver_->OfferReceiveBuffers(1, 100);
  ToWire(Bytes(200, 1));
  ToWire(Bytes(70, 2));
  EXPECT_EQ(driver_->Receive(Any), Bytes(70, 2));
}

TEST_F(NetTest, AsksToBeResetWhenBuffersHaveNoRoomForAHeader) {
  driver_->Bring();
  driver_->OfferReceiveBuffers(1, 11);
  ToWire(Bytes(60, 1));
  EXPECT_TRUE(driver_->NeedsReset());
  driver_->Command(0x33, 0);
  driver_->guest().Enable(driver_->number(), 0);
  driver_->guest().Enable(driver_->number());
  driver_->Bring();
  driver_->Offer(1, {{NetDriver::kTransmitBuffer, 11}});
  driver_->Notify(1);
  EXPECT_TRUE(driver_->NeedsReset());
}

TEST(ChecksumTest, SumsHalfwordsWhateverTheLength) {
  EXPECT_EQ(OnesComplementSum(Bytes{}), 0);
  EXPECT_EQ(OnesComplementSum(Bytes{0x12}), 0x1200);
  EXPECT_EQ(OnesComplementSum(Bytes{0x12, 0x34}), 0x1234);
  EXPECT_EQ(OnesComplementSum(Bytes{0xff, 0xff, 0, 2}), 2);
  EXPECT_EQ(OnesComplementSum(Bytes{0, 1, 0, 2, 0, 3, 4}), 0x0406);
}

}  // namespace
}  // namespace ucontrol::virtio
