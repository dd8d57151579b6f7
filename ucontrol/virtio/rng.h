// virtio entropy device: fills buffers with the host kernel's random bytes.
#ifndef UCONTROL_VIRTIO_RNG_H_
#define UCONTROL_VIRTIO_RNG_H_

#include "ucontrol/virtio/served_device.h"

namespace ucontrol::virtio {

class Rng final : public ServedDevice {
 public:
  Rng() : ServedDevice("virtio-rng") {}
  ~Rng() override { Retire(); }

  DeviceType type() const override { return DeviceType::kEntropy; }
  uint64_t features() const override { return 0; }
  std::vector<uint16_t> queue_sizes() const override { return {64}; }
  std::vector<uint8_t> Configuration(ByteOrder) const override { return {}; }
  void WriteConfiguration(uint32_t, std::span<const uint8_t>, ByteOrder) override {}

 private:
  bool Serve(Driver& driver, size_t queue) override;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_RNG_H_
