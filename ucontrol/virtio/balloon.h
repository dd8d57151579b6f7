// virtio memory balloon: a guest gives pages back to the host, and takes them again.
#ifndef UCONTROL_VIRTIO_BALLOON_H_
#define UCONTROL_VIRTIO_BALLOON_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/virtio/served_device.h"

namespace ucontrol::virtio {

class Balloon final : public ServedDevice {
 public:
  // What a guest tells about its storage, in bytes or counts; nothing where it doesn't tell.
  struct Statistics {
    std::optional<uint64_t> swapped_in;
    std::optional<uint64_t> swapped_out;
    std::optional<uint64_t> major_faults;
    std::optional<uint64_t> minor_faults;
    std::optional<uint64_t> free;
    std::optional<uint64_t> total;
    std::optional<uint64_t> available;
    std::optional<uint64_t> caches;
  };

  explicit Balloon(AbsoluteStorage& storage) : ServedDevice("virtio-balloon"), storage_(storage) {}
  ~Balloon() override { Retire(); }

  // How many pages the guest should have given back. Any thread.
  void SetTarget(uint32_t pages);
  // How many the guest says it has.
  uint32_t actual() const { return actual_; }
  // What the guest told last; asks it to tell again.
  Statistics TakeStatistics();

  DeviceType type() const override { return DeviceType::kBalloon; }
  uint64_t features() const override;
  std::vector<uint16_t> queue_sizes() const override { return {128, 128, 64, 64, 64}; }
  std::vector<uint8_t> Configuration(ByteOrder order) const override;
  void WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes,
                          ByteOrder order) override;

  void Start(Driver& driver) override;
  void Stop() override;

 private:
  bool Serve(Driver& driver, size_t queue) override;
  void ServeOptional(Driver& driver, size_t queue);
  void Inflate(ByteOrder order, const Buffers& page_numbers);
  void ServeStatistics(Driver& driver, size_t queue);
  void LoadStatistics(ByteOrder order, const Buffers& tags);

  AbsoluteStorage& storage_;
  std::atomic<uint32_t> target_ = 0;
  std::atomic<uint32_t> actual_ = 0;
  std::atomic<bool> target_changed_ = false;
  std::atomic<bool> statistics_wanted_ = false;

  std::mutex mutex_;
  Statistics statistics_;
  // Kept by the device's thread until statistics are wanted again: that is how they are asked for.
  std::optional<Chain> statistics_chain_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_BALLOON_H_
