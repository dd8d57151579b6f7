// virtio console with one port, which is a console of the machine.
#ifndef UCONTROL_VIRTIO_CONSOLE_DEVICE_H_
#define UCONTROL_VIRTIO_CONSOLE_DEVICE_H_

#include "ucontrol/console.h"
#include "ucontrol/virtio/served_device.h"

namespace ucontrol::virtio {

class ConsoleDevice final : public ServedDevice {
 public:
  // `console` outlives the device; its OnInput belongs to it.
  explicit ConsoleDevice(Console& console);
  ~ConsoleDevice() override;

  DeviceType type() const override { return DeviceType::kConsole; }
  uint64_t features() const override;
  std::vector<uint16_t> queue_sizes() const override { return {128, 128}; }
  std::vector<uint8_t> Configuration(ByteOrder order) const override;
  // The emergency-write register: a character without any queue.
  void WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes,
                          ByteOrder order) override;

 private:
  bool Serve(Driver& driver, size_t queue) override;
  void Receive(Driver& driver);

  Console& console_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_CONSOLE_DEVICE_H_
