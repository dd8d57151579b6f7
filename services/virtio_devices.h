// Plans of devices become virtio devices of a machine.
#ifndef SERVICES_VIRTIO_DEVICES_H_
#define SERVICES_VIRTIO_DEVICES_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "services/counted_device.h"
#include "services/host_memory.h"
#include "services/machine_host.h"
#include "ucontrol/machine.h"

namespace services {

// `backing` is a disk's memory, if it has one. `next_number` is the device number of a device that
// names none, and becomes the next one. What goes through it is counted. FAILED_PRECONDITION or
// NOT_FOUND for a file that is no disk.
absl::Status AttachDevice(ucontrol::Machine& machine, const MachinePlan& plan,
                          const DevicePlan& device, const HostMemory* backing,
                          std::shared_ptr<DeviceCounts> counts, uint16_t& next_number);

}  // namespace services

#endif  // SERVICES_VIRTIO_DEVICES_H_
