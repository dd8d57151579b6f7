#include "ucontrol/virtio/user_network.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "tests/ucontrol/virtio/host_socket.h"
#include "tests/ucontrol/virtio/net_driver.h"

namespace ucontrol::virtio {
namespace {

class UserNetworkTest : public testing::Test {
 protected:
  void Plug(UserNetwork::Options options) {
    auto network = UserNetwork::Create(options);
    ASSERT_TRUE(network.ok()) << network.status();
    network_ = network->get();
    driver_ = std::make_unique<NetDriver>(std::move(*network));
    driver_->Bring();
    driver_->OfferReceiveBuffers(16, 2048);
  }
  // The address that DHCP gives.
  uint32_t Lease() {
    driver_->Transmit(Dhcp(1), 6);
    const auto offer = driver_->ReceiveFrom(kUdp, 67);
    if (!offer || offer->size() < 62) return 0;
    const uint32_t address = Word(*offer, 42 + 16);
    driver_->Transmit(Dhcp(3, address), 6);
    return driver_->ReceiveFrom(kUdp, 67) ? address : 0;
  }

  UserNetwork* network_ = nullptr;
  std::unique_ptr<NetDriver> driver_;
};

TEST_F(UserNetworkTest, GivesTheGuestItsAddressByDhcp) {
  Plug({});
  EXPECT_EQ(Lease(), kGuestIp);
}

TEST_F(UserNetworkTest, CarriesDatagramsToTheHostAndBack) {
  UserNetwork::Options options;
  options.reaches_host_loopback = true;
  Plug(options);
  Lease();
  HostSocket host(SOCK_DGRAM);
  driver_->Transmit(Udp(kGuestIp, 5000, kHostIp, host.port(), {'p', 'i', 'n', 'g'}), 6);
  char text[16] = {};
  sockaddr_in from;
  socklen_t length = sizeof(from);
  ASSERT_EQ(recvfrom(host.fd(), text, sizeof(text), 0, reinterpret_cast<sockaddr*>(&from), &length),
            4);
  EXPECT_STREQ(text, "ping");
  sendto(host.fd(), "pong!", 5, 0, reinterpret_cast<sockaddr*>(&from), length);
  const auto frame = driver_->ReceiveFrom(kUdp, host.port());
  ASSERT_TRUE(frame);
  EXPECT_EQ(std::string(frame->begin() + 42, frame->begin() + 47), "pong!");
}

TEST_F(UserNetworkTest, ConnectsToTheHostByTcp) {
  UserNetwork::Options options;
  options.reaches_host_loopback = true;
  Plug(options);
  Lease();
  HostSocket host(SOCK_STREAM);
  listen(host.fd(), 1);
  TcpSegment segment{6000, host.port(), 1000, 0, TcpSegment::kSyn, ""};
  driver_->Transmit(Tcp(kGuestIp, kHostIp, segment), 16);
  auto frame = driver_->ReceiveFrom(kTcp, host.port());
  ASSERT_TRUE(frame);
  const TcpSegment answer = ParseTcp(*frame);
  EXPECT_EQ(answer.flags, TcpSegment::kSyn | TcpSegment::kAck);
  EXPECT_EQ(answer.acknowledged, 1001u);
  const int connection = accept(host.fd(), nullptr, nullptr);
  ASSERT_GE(connection, 0);
  segment.sequence = 1001;
  segment.acknowledged = answer.sequence + 1;
  segment.flags = TcpSegment::kAck;
  segment.payload = "GET /";
  driver_->Transmit(Tcp(kGuestIp, kHostIp, segment), 16);
  char text[16] = {};
  EXPECT_EQ(read(connection, text, sizeof(text)), 5);
  EXPECT_STREQ(text, "GET /");
  EXPECT_EQ(write(connection, "200 OK", 6), 6);
  std::string received;
  while (received.empty()) {
    frame = driver_->ReceiveFrom(kTcp, host.port());
    ASSERT_TRUE(frame);
    received = ParseTcp(*frame).payload;
  }
  EXPECT_EQ(received, "200 OK");
  close(connection);
}

TEST_F(UserNetworkTest, KeepsTheGuestFromTheHostsLoopback) {
  Plug({});
  Lease();
  HostSocket host(SOCK_STREAM);
  listen(host.fd(), 1);
  driver_->Transmit(Tcp(kGuestIp, kHostIp, {6000, host.port(), 1000, 0, TcpSegment::kSyn, ""}), 16);
  const auto unreachable = driver_->Receive([](const Bytes& frame) {
    return frame.size() > 34 && Halfword(frame, 12) == 0x0800 && frame[23] == kIcmp;
  });
  ASSERT_TRUE(unreachable);
  EXPECT_EQ((*unreachable)[34], 3);
  const timeval now{0, 1000};
  setsockopt(host.fd(), SOL_SOCKET, SO_RCVTIMEO, &now, sizeof(now));
  EXPECT_LT(accept(host.fd(), nullptr, nullptr), 0);
}

TEST_F(UserNetworkTest, ForwardsAPortOfTheHostToTheGuest) {
  Plug({});
  Lease();
  uint16_t port;
  {
    HostSocket free(SOCK_STREAM);
    port = free.port();
  }
  UserNetwork::Forward forward;
  forward.host_port = port;
  forward.guest_port = 22;
  ASSERT_TRUE(network_->AddForward(forward).ok());
  EXPECT_FALSE(network_->AddForward(forward).ok());
  std::thread client([&] {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = HostSocket::Loopback(port);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    close(fd);
  });
  const auto frame = driver_->Receive([](const Bytes& each) {
    return each.size() > 48 && each[23] == kTcp && Halfword(each, 36) == 22;
  });
  client.join();
  ASSERT_TRUE(frame);
  EXPECT_EQ(ParseTcp(*frame).flags, TcpSegment::kSyn);
  EXPECT_EQ(Word(*frame, 30), kGuestIp);
  EXPECT_TRUE(network_->RemoveForward(forward).ok());
  EXPECT_EQ(network_->RemoveForward(forward).code(), absl::StatusCode::kNotFound);
  forward.host_address = "not an address";
  EXPECT_EQ(network_->AddForward(forward).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(UserNetworkTest, SurvivesFramesThatMeanNothing) {
  Plug({});
  driver_->Transmit({});
  driver_->Transmit(Bytes(13, 0));
  driver_->Transmit(Bytes(14, 0xff));
  driver_->Transmit(Bytes(1514, 0x08));
  driver_->Transmit(Bytes(4000, 0x08));
  EXPECT_EQ(Lease(), kGuestIp);
}

TEST(UserNetworkOptionsTest, RefusesAnMtuThatCantBe) {
  UserNetwork::Options options;
  options.mtu = 100;
  EXPECT_FALSE(UserNetwork::Create(options).ok());
}

}  // namespace
}  // namespace ucontrol::virtio
