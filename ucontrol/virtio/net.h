// virtio network card.
#ifndef UCONTROL_VIRTIO_NET_H_
#define UCONTROL_VIRTIO_NET_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "ucontrol/virtio/device.h"
#include "ucontrol/virtio/network.h"
#include "ucontrol/virtio/worker.h"

namespace ucontrol::virtio {

// Its thread waits for the network and for the driver, and moves frames between them.
class Net final : public Device {
 public:
  using MacAddress = std::array<uint8_t, 6>;

  Net(std::unique_ptr<Network> network, const MacAddress& address);
  ~Net() override;

  DeviceType type() const override { return DeviceType::kNet; }
  uint64_t features() const override;
  std::vector<uint16_t> queue_sizes() const override { return {256, 256}; }
  std::vector<uint8_t> Configuration(ByteOrder order) const override;
  void WriteConfiguration(uint32_t, std::span<const uint8_t>, ByteOrder) override {}
  void Start(Driver& driver) override;
  void Stop() override;
  void Notify(size_t) override { worker_.Kick(); }

 private:
  enum class Delivery { kDone, kNoBuffers, kBroken };

  void Serve();
  void Wait(bool idle);
  // True if there is more than was sent at once. Sets broken_.
  bool Transmit();
  void TransmitFrame(const Buffers& buffers);
  void DeliverFrames();
  Delivery Deliver(const std::vector<uint8_t>& frame);
  size_t HeaderSize() const;

  const std::unique_ptr<Network> network_;
  const MacAddress address_;

  // The thread's own.
  Driver* driver_ = nullptr;
  bool broken_ = false;
  std::vector<pollfd> polls_;
  std::vector<uint8_t> frame_;                 // on its way out
  std::deque<std::vector<uint8_t>> received_;  // on their way in
  size_t received_bytes_ = 0;
  Chain transmitted_;
  // Receive buffers that were taken and not yet given back: the first `taken_` of these, with room
  // for that many bytes.
  std::vector<Chain> buffers_;
  uint16_t taken_ = 0;
  uint64_t room_ = 0;

  Worker worker_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_NET_H_
