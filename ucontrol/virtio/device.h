// A virtio device, whatever transport stands before it.
#ifndef UCONTROL_VIRTIO_DEVICE_H_
#define UCONTROL_VIRTIO_DEVICE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "ucontrol/virtio/byte_order.h"
#include "ucontrol/virtio/virtqueue.h"

namespace ucontrol::virtio {

enum class DeviceType : uint8_t {
  kNet = 1,
  kBlock = 2,
  kConsole = 3,
  kEntropy = 4,
  kBalloon = 5,
};

// Feature bits that are no device's own.
inline constexpr int kIndirectDescriptors = 28;
inline constexpr int kEventIndex = 29;
inline constexpr int kVersion1 = 32;

constexpr uint64_t Feature(int bit) {
  return uint64_t{1} << bit;
}

// The driver as its device sees it, from Device::Start to the end of Device::Stop. Any thread of
// the device's.
class Driver {
 public:
  virtual ~Driver() = default;

  // What device and driver agreed on.
  virtual bool Has(int feature) const = 0;
  virtual ByteOrder order() const = 0;

  virtual size_t queue_count() const = 0;
  virtual Virtqueue& queue(size_t index) = 0;

  // Interrupts, if the driver wants that for what was returned to the queue.
  virtual void Interrupt(size_t queue) = 0;

  // The device's configuration isn't what it was.
  virtual void ConfigurationChanged() = 0;

  // The driver broke the rules: nothing works until it resets the device.
  virtual void NeedsReset() = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual DeviceType type() const = 0;
  // The device's own feature bits.
  virtual uint64_t features() const = 0;
  // The greatest size of each queue.
  virtual std::vector<uint16_t> queue_sizes() const = 0;

  // The configuration space as the driver reads it. Any thread.
  virtual std::vector<uint8_t> Configuration(ByteOrder order) const = 0;
  virtual void WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes,
                                  ByteOrder order) = 0;

  // The driver is ready; `driver` lives until Stop has returned.
  virtual void Start(Driver& driver) = 0;
  // Returns when nothing of the device touches the driver, its queues or its buffers any more.
  virtual void Stop() = 0;
  // The driver has put chains into a queue. Any thread, at any time; returns at once.
  virtual void Notify(size_t queue) = 0;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_DEVICE_H_
