// The driver of a virtio network card, for tests.
#ifndef TESTS_UCONTROL_VIRTIO_NET_DRIVER_H_
#define TESTS_UCONTROL_VIRTIO_NET_DRIVER_H_

#include <functional>
#include <memory>
#include <optional>

#include "tests/ucontrol/virtio/driver_side.h"
#include "tests/ucontrol/virtio/frames.h"
#include "ucontrol/virtio/net.h"

namespace ucontrol::virtio {

class NetDriver : public DriverSide {
 public:
  static constexpr size_t kHeader = 12;
  static constexpr uint64_t kReceiveBuffers = kBuffers;
  static constexpr uint64_t kTransmitBuffer = kBuffers + 0x200000;

  explicit NetDriver(std::unique_ptr<Network> network)
      : DriverSide(std::make_unique<Net>(std::move(network), kGuestMac)) {}

  void OfferReceiveBuffers(uint16_t count, uint32_t length) {
    buffer_length_ = length;
    for (uint16_t i = 0; i < count; ++i) OfferReceiveBuffer(i);
    Notify(0);
  }

  // Sends with a checksum for the card to complete, if `checksum_offset` says where it belongs.
  void Transmit(Bytes frame, std::optional<uint16_t> checksum_offset = std::nullopt) {
    std::fill_n(at(kTransmitBuffer), kHeader, uint8_t{0});
    if (checksum_offset) {
      PutPseudoHeaderSum(frame, *checksum_offset);
      *at(kTransmitBuffer) = 1;
      Store<uint16_t>(order(), at(kTransmitBuffer + 6), 34);
      Store<uint16_t>(order(), at(kTransmitBuffer + 8), *checksum_offset);
    }
    std::copy(frame.begin(), frame.end(), at(kTransmitBuffer + kHeader));
    Offer(1, {{kTransmitBuffer, static_cast<uint32_t>(kHeader + frame.size())}});
    Notify(1);
    EXPECT_TRUE(Take(1));
  }

  // The next frame that `wanted` is true for, its buffers offered again.
  std::optional<Bytes> Receive(const std::function<bool(const Bytes&)>& wanted) {
    while (true) {
      auto used = Take(0);
      if (!used) return std::nullopt;
      const uint16_t count = Load<uint16_t>(order(), BufferOf(*used) + 10);
      buffers_of_last_frame = count;
      Bytes frame(BufferOf(*used) + kHeader, BufferOf(*used) + used->written);
      OfferReceiveBuffer(static_cast<uint16_t>(used->head));
      for (uint16_t i = 1; i < count; ++i) {
        used = Take(0, {});  // all at once, or it is no frame
        EXPECT_TRUE(used);
        frame.insert(frame.end(), BufferOf(*used), BufferOf(*used) + used->written);
        OfferReceiveBuffer(static_cast<uint16_t>(used->head));
      }
      Notify(0);
      if (wanted(frame)) return frame;
    }
  }
  std::optional<Bytes> ReceiveFrom(uint8_t protocol, uint16_t port) {
    return Receive([&](const Bytes& frame) {
      return frame.size() > 38 && frame[23] == protocol && Halfword(frame, 12) == 0x0800 &&
             Halfword(frame, 34) == port;
    });
  }

  int buffers_of_last_frame = 0;

 private:
  void OfferReceiveBuffer(uint16_t head) {
    Offer(0, {{kReceiveBuffers + head * 0x1000u, buffer_length_, true}}, head);
  }
  uint8_t* BufferOf(const Used& used) { return at(kReceiveBuffers + used.head * 0x1000u); }

  uint32_t buffer_length_ = 0;
};

}  // namespace ucontrol::virtio

#endif  // TESTS_UCONTROL_VIRTIO_NET_DRIVER_H_
