#include "ucontrol/virtio/served_device.h"

namespace ucontrol::virtio {

void ServedDevice::Start(Driver& driver) {
  driver_ = &driver;
  worker_.Start();
  worker_.Kick();
}

void ServedDevice::Stop() {
  worker_.Stop();
  driver_ = nullptr;
}

void ServedDevice::ServeUntilStopped() {
  while (!worker_.stopping()) {
    worker_.AwaitKick();
    for (size_t queue = 0; queue < driver_->queue_count() && !worker_.stopping(); ++queue) {
      if (!driver_->queue(queue).in_use()) continue;
      if (!Serve(*driver_, queue) || driver_->queue(queue).broken()) {
        driver_->NeedsReset();
        return;
      }
    }
  }
}

}  // namespace ucontrol::virtio
