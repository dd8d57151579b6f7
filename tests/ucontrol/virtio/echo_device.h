// A device with one queue that copies what it reads to what it writes.
#ifndef TESTS_UCONTROL_VIRTIO_ECHO_DEVICE_H_
#define TESTS_UCONTROL_VIRTIO_ECHO_DEVICE_H_

#include <algorithm>
#include <vector>

#include "ucontrol/virtio/served_device.h"

namespace ucontrol::virtio {

class EchoDevice : public ServedDevice {
 public:
  static constexpr int kFeature = 7;

  EchoDevice() : ServedDevice("virtio-echo") {}
  ~EchoDevice() override { Retire(); }

  DeviceType type() const override { return DeviceType::kEntropy; }
  uint64_t features() const override { return Feature(kFeature) | Feature(40); }
  std::vector<uint16_t> queue_sizes() const override { return {16}; }
  std::vector<uint8_t> Configuration(ByteOrder order) const override {
    std::vector<uint8_t> bytes(8);
    Store<uint32_t>(order, &bytes[0], 0x01020304);
    Store<uint32_t>(order, &bytes[4], written);
    return bytes;
  }
  void WriteConfiguration(uint32_t, std::span<const uint8_t> bytes, ByteOrder order) override {
    if (bytes.size() == 8) written = Load<uint32_t>(order, &bytes[4]);
  }

  uint32_t written = 0;

 private:
  bool Serve(Driver& driver, size_t queue) override {
    ServeChains(driver, queue, [](const Chain& chain) {
      std::vector<uint8_t> bytes(std::min(chain.readable.size(), chain.writable.size()));
      chain.readable.CopyTo(bytes.data(), 0, bytes.size());
      return static_cast<uint32_t>(chain.writable.CopyFrom(bytes.data(), 0, bytes.size()));
    });
    return true;
  }
};

}  // namespace ucontrol::virtio

#endif  // TESTS_UCONTROL_VIRTIO_ECHO_DEVICE_H_
