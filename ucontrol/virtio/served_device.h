// A device whose own thread serves its queues one after the other: what all but disks and networks
// need.
#ifndef UCONTROL_VIRTIO_SERVED_DEVICE_H_
#define UCONTROL_VIRTIO_SERVED_DEVICE_H_

#include "ucontrol/virtio/device.h"
#include "ucontrol/virtio/worker.h"

namespace ucontrol::virtio {

class ServedDevice : public Device {
 public:
  void Start(Driver& driver) override;
  void Stop() override;
  void Notify(size_t) override { worker_.Kick(); }

 protected:
  explicit ServedDevice(const char* thread_name)
      : worker_(thread_name, [this] { ServeUntilStopped(); }) {}

  // On the device's thread: carries out the chains of a queue, as far as that can be done now.
  // False if the driver broke the rules.
  virtual bool Serve(Driver& driver, size_t queue) = 0;

  // Takes chains of a queue while `serve(chain)` says how much it wrote, then interrupts.
  template <typename ServeChain>
  void ServeChains(Driver& driver, size_t queue, ServeChain serve) {
    Virtqueue& ring = driver.queue(queue);
    Chain chain;
    do {
      ring.SuppressNotifications();
      while (!stopping() && ring.Take(chain)) ring.Return(chain, serve(chain));
      driver.Interrupt(queue);
    } while (ring.ExpectNotifications() && !stopping());
  }

  // Serve returns soon once this is true.
  bool stopping() const { return worker_.stopping(); }

  // Has Serve called for all queues: something else than the driver needs it. Any thread.
  void Wake() { worker_.Kick(); }

  // Ends the thread's work. To be called by the destructor of the class that defines Serve.
  void Retire() { worker_.Stop(); }

 private:
  void ServeUntilStopped();

  Driver* driver_ = nullptr;
  Worker worker_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_SERVED_DEVICE_H_
