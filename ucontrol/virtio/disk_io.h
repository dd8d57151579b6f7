// Reads and writes a file so that many requests are under way at once: by io_uring where the kernel
// lets us, else one by one.
#ifndef UCONTROL_VIRTIO_DISK_IO_H_
#define UCONTROL_VIRTIO_DISK_IO_H_

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace ucontrol::virtio {

// The submitter's until Submit, and again from when Wait says that it is complete.
struct DiskRequest {
  enum class Kind : uint8_t { kRead, kWrite, kFlush, kDiscard, kZero };

  Kind kind = Kind::kRead;
  // A write is on the disk when it is complete; a zeroed range may lose its blocks.
  bool durable = false;
  bool may_unmap = false;
  uint64_t offset = 0;
  uint64_t length = 0;
  std::vector<iovec> pieces;  // of a read or write; their sizes add up to `length`

  int error = 0;  // errno

  // How far it has come.
  uint64_t done = 0;
  size_t first_piece = 0;
};

// One thread.
class DiskIo {
 public:
  static constexpr unsigned kMaximumInFlight = 256;

  // `fd` outlives it.
  static std::unique_ptr<DiskIo> Create(int fd);
  // Without io_uring, whatever the kernel says.
  static std::unique_ptr<DiskIo> CreateSynchronous(int fd);
  virtual ~DiskIo() = default;

  // At most kMaximumInFlight may be under way.
  virtual void Submit(DiskRequest& request) = 0;

  // Waits until requests are complete or `kick_fd` is readable, and adds those that are to
  // `completed`.
  virtual void Wait(int kick_fd, std::vector<DiskRequest*>& completed) = 0;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_DISK_IO_H_
