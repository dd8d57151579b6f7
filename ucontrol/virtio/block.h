// virtio block device: a disk that is a file, a block device or a memfd of the host.
#ifndef UCONTROL_VIRTIO_BLOCK_H_
#define UCONTROL_VIRTIO_BLOCK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ucontrol/virtio/device.h"
#include "ucontrol/virtio/disk_io.h"
#include "ucontrol/virtio/worker.h"

namespace ucontrol::virtio {

class Block final : public Device {
 public:
  static constexpr uint64_t kSectorSize = 512;
  static constexpr uint16_t kMaximumQueues = 16;

  struct Options {
    bool read_only = false;
    std::string serial;        // at most 20 characters
    uint16_t queues = 1;       // all of them are served by one thread
    bool synchronous = false;  // without io_uring
  };

  // A raw image. INVALID_ARGUMENT: its size isn't a multiple of 512, or an option is wrong.
  static absl::StatusOr<std::unique_ptr<Block>> Open(absl::string_view path,
                                                     const Options& options);
  // As Open; `fd` becomes the device's own whatever the result.
  static absl::StatusOr<std::unique_ptr<Block>> Create(int fd, const Options& options);
  ~Block() override;

  uint64_t size() const { return sectors_ * kSectorSize; }

  DeviceType type() const override { return DeviceType::kBlock; }
  uint64_t features() const override;
  std::vector<uint16_t> queue_sizes() const override;
  std::vector<uint8_t> Configuration(ByteOrder order) const override;
  void WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes,
                          ByteOrder order) override;
  void Start(Driver& driver) override;
  void Stop() override;
  void Notify(size_t queue) override;

 private:
  struct Request : DiskRequest {
    Chain chain;
    size_t queue = 0;
  };

  Block(int fd, uint64_t sectors, const Options& options);

  void Serve();
  // Begins what the queues have; false if the driver broke the rules.
  bool BeginQueues();
  bool BeginQueue(size_t queue);
  bool Begin(Request& request);
  void BeginTransfer(Request& request, DiskRequest::Kind kind, uint64_t sector);
  void BeginRange(Request& request, DiskRequest::Kind kind);
  void Submit(Request& request);
  void Answer(Request& request, uint8_t status, uint32_t written = 0);
  void Finish(Request& request);
  bool IsInside(uint64_t sector, uint64_t bytes) const;
  bool WritesThrough() const;

  const int fd_;
  const uint64_t sectors_;
  const Options options_;
  const std::unique_ptr<DiskIo> io_;
  std::atomic<bool> writeback_ = true;

  // The thread's own.
  Driver* driver_ = nullptr;
  std::vector<std::unique_ptr<Request>> requests_;  // all there ever were
  std::vector<Request*> free_;
  size_t in_flight_ = 0;
  std::vector<bool> answered_;  // queues that chains were returned to

  Worker worker_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_BLOCK_H_
