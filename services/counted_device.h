// A virtio device whose traffic is counted, for the metrics.
#ifndef SERVICES_COUNTED_DEVICE_H_
#define SERVICES_COUNTED_DEVICE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "ucontrol/virtio/device.h"

namespace services {

// Any thread.
struct DeviceCounts {
  std::atomic<int64_t> notifications = 0;  // the guest put requests into a queue
  std::atomic<int64_t> completions = 0;  // the device gave requests back, one or several at a time
};

// `device`, which counts from now on.
std::unique_ptr<ucontrol::virtio::Device> Counted(std::unique_ptr<ucontrol::virtio::Device> device,
                                                  std::shared_ptr<DeviceCounts> counts);

}  // namespace services

#endif  // SERVICES_COUNTED_DEVICE_H_
