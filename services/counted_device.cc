#include "services/counted_device.h"

#include <optional>
#include <utility>
#include <vector>

namespace services {
namespace {

namespace virtio = ucontrol::virtio;

class CountedDriver final : public virtio::Driver {
 public:
  CountedDriver(virtio::Driver& driver, DeviceCounts& counts) : driver_(driver), counts_(counts) {}

  bool Has(int feature) const override { return driver_.Has(feature); }
  virtio::ByteOrder order() const override { return driver_.order(); }
  size_t queue_count() const override { return driver_.queue_count(); }
  virtio::Virtqueue& queue(size_t index) override { return driver_.queue(index); }
  void Interrupt(size_t queue) override {
    counts_.completions.fetch_add(1, std::memory_order_relaxed);
    driver_.Interrupt(queue);
  }
  void ConfigurationChanged() override { driver_.ConfigurationChanged(); }
  void NeedsReset() override { driver_.NeedsReset(); }

 private:
  virtio::Driver& driver_;
  DeviceCounts& counts_;
};

class CountedDevice final : public virtio::Device {
 public:
  CountedDevice(std::unique_ptr<virtio::Device> device, std::shared_ptr<DeviceCounts> counts)
      : counts_(std::move(counts)), device_(std::move(device)) {}

  virtio::DeviceType type() const override { return device_->type(); }
  uint64_t features() const override { return device_->features(); }
  std::vector<uint16_t> queue_sizes() const override { return device_->queue_sizes(); }
  std::vector<uint8_t> Configuration(virtio::ByteOrder order) const override {
    return device_->Configuration(order);
  }
  void WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes,
                          virtio::ByteOrder order) override {
    device_->WriteConfiguration(offset, bytes, order);
  }
  void Start(virtio::Driver& driver) override {
    driver_.emplace(driver, *counts_);
    device_->Start(*driver_);
  }
  void Stop() override { device_->Stop(); }
  void Notify(size_t queue) override {
    counts_->notifications.fetch_add(1, std::memory_order_relaxed);
    device_->Notify(queue);
  }

 private:
  const std::shared_ptr<DeviceCounts> counts_;
  std::optional<CountedDriver> driver_;
  const std::unique_ptr<virtio::Device> device_;  // the first to go
};

}  // namespace

std::unique_ptr<virtio::Device> Counted(std::unique_ptr<virtio::Device> device,
                                        std::shared_ptr<DeviceCounts> counts) {
  return std::make_unique<CountedDevice>(std::move(device), std::move(counts));
}

}  // namespace services
