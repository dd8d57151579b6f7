// Any request to any device: it is answered, or the device asks to be reset.
//
// Input: which device, features, then storage: a queue of 16 each 0x1000 bytes (descriptors at 0,
// available ring at 0x400, used ring at 0x800), four of them, then whatever the chains point to.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/console.h"
#include "ucontrol/virtio/balloon.h"
#include "ucontrol/virtio/block.h"
#include "ucontrol/virtio/console_device.h"
#include "ucontrol/virtio/net.h"
#include "ucontrol/virtio/rng.h"

namespace ucontrol::virtio {
namespace {

using hypervisor::GuestAbsolute;

constexpr uint64_t kStorage = 0x10000;
constexpr uint16_t kQueueSize = 16;

// Gives every frame back to its sender.
class Mirror : public Network {
 public:
  uint16_t mtu() const override { return 1500; }
  bool checksums_are_good() const override { return true; }
  void Send(Frame frame) override { Receive(frame); }
  void AddPolls(std::vector<pollfd>&, int&) override {}
  void Serve(std::span<const pollfd>) override {}
};

class BareDriver : public Driver {
 public:
  BareDriver(AbsoluteStorage& storage, size_t queues, uint64_t features)
      : queues_(queues, Virtqueue(storage)), features_(features) {
    for (size_t i = 0; i < queues; ++i) {
      const GuestAbsolute start(i * 0x1000);
      queues_[i].SetLayout({kQueueSize, start, start + 0x400, start + 0x800});
      queues_[i].Start({ByteOrder::kLittle, Has(kIndirectDescriptors), Has(kEventIndex)});
    }
  }
  bool Has(int feature) const override { return features_ >> feature & 1; }
  ByteOrder order() const override { return ByteOrder::kLittle; }
  size_t queue_count() const override { return queues_.size(); }
  Virtqueue& queue(size_t index) override { return queues_[index]; }
  void Interrupt(size_t queue) override { queues_[queue].WantsInterruption(); }
  void ConfigurationChanged() override {}
  void NeedsReset() override { needs_reset = true; }

  std::atomic<bool> needs_reset = false;

 private:
  std::vector<Virtqueue> queues_;
  const uint64_t features_;
};

std::unique_ptr<Device> Make(uint8_t which, StorageOfBytes& storage, Console& console) {
  switch (which % 6) {
    case 0:
    case 1: {
      const int fd = memfd_create("disk", MFD_CLOEXEC);
      if (ftruncate(fd, 64 * 1024) < 0) abort();
      Block::Options options;
      options.synchronous = which % 6 == 0;
      options.queues = 2;
      return std::move(*Block::Create(fd, options));
    }
    case 2:
      return std::make_unique<Net>(std::make_unique<Mirror>(), Net::MacAddress{});
    case 3:
      return std::make_unique<ConsoleDevice>(console);
    case 4:
      return std::make_unique<Balloon>(storage);
    default:
      return std::make_unique<Rng>();
  }
}

}  // namespace
}  // namespace ucontrol::virtio

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ucontrol;
  using namespace ucontrol::virtio;
  if (size < 5) return 0;
  StorageOfBytes storage(kStorage);
  std::copy_n(data + 5, std::min<size_t>(size - 5, kStorage), storage.at(0));
  Console console;
  const std::unique_ptr<Device> device = Make(data[0], storage, console);
  const uint64_t features = device->features() | Feature(kIndirectDescriptors) |
                            Feature(kEventIndex) | Feature(kVersion1);
  BareDriver driver(storage, device->queue_sizes().size(),
                    features & (Load<uint32_t>(ByteOrder::kLittle, data + 1) | Feature(kVersion1)));
  device->Start(driver);
  device->Notify(0);
  // Time for its thread to look at all queues, which Stop then bounds.
  for (int i = 0; i < 20 && !driver.needs_reset; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  device->Stop();
  return 0;
}
