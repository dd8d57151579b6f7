#include "ucontrol/virtio/disk_io.h"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "ucontrol/virtio/disk_step.h"

namespace ucontrol::virtio {
namespace {

using Kind = DiskRequest::Kind;

unsigned PieceCount(const DiskRequest& request) {
  return static_cast<unsigned>(
      std::min(request.pieces.size() - request.first_piece, kMaximumPieces));
}

class SynchronousDiskIo final : public DiskIo {
 public:
  explicit SynchronousDiskIo(int fd) : fd_(fd) {}

  void Submit(DiskRequest& request) override {
    while (Advance(request, Step(request)) == Progress::kAgain) {
    }
    completed_.push_back(&request);
  }

  void Wait(int kick_fd, std::vector<DiskRequest*>& completed) override {
    if (completed_.empty()) {
      pollfd kicked{kick_fd, POLLIN, 0};
      poll(&kicked, 1, -1);
    }
    completed.insert(completed.end(), completed_.begin(), completed_.end());
    completed_.clear();
  }

 private:
  int64_t Step(const DiskRequest& request) const {
    const auto offset = static_cast<off_t>(request.offset + request.done);
    int64_t result = 0;
    switch (request.kind) {
      case Kind::kRead:
        result = preadv(fd_, &request.pieces[request.first_piece],
                        static_cast<int>(PieceCount(request)), offset);
        break;
      case Kind::kWrite:
        result = pwritev(fd_, &request.pieces[request.first_piece],
                         static_cast<int>(PieceCount(request)), offset);
        if (result > 0 && request.durable && fdatasync(fd_) < 0) result = -1;
        break;
      case Kind::kFlush:
        result = fdatasync(fd_);
        break;
      case Kind::kDiscard:
      case Kind::kZero:
        result = fallocate(fd_, AllocationMode(request), static_cast<off_t>(request.offset),
                           static_cast<off_t>(request.length));
        break;
    }
    return result < 0 ? -errno : result;
  }

  const int fd_;
  std::vector<DiskRequest*> completed_;
};

class UringDiskIo final : public DiskIo {
 public:
  // Null if the kernel doesn't let us.
  static std::unique_ptr<DiskIo> Create(int fd) {
    io_uring ring;
    if (io_uring_queue_init(kMaximumInFlight, &ring, IORING_SETUP_COOP_TASKRUN) < 0 &&
        io_uring_queue_init(kMaximumInFlight, &ring, 0) < 0) {
      return nullptr;
    }
    return std::unique_ptr<DiskIo>(new UringDiskIo(fd, ring));
  }

  ~UringDiskIo() override { io_uring_queue_exit(&ring_); }

  void Submit(DiskRequest& request) override {
    io_uring_sqe* const entry = NextEntry();
    const uint64_t offset = request.offset + request.done;
    switch (request.kind) {
      case Kind::kRead:
        io_uring_prep_readv(entry, fd_, &request.pieces[request.first_piece], PieceCount(request),
                            offset);
        break;
      case Kind::kWrite:
        io_uring_prep_writev(entry, fd_, &request.pieces[request.first_piece], PieceCount(request),
                             offset);
        if (request.durable) entry->rw_flags = RWF_DSYNC;
        break;
      case Kind::kFlush:
        io_uring_prep_fsync(entry, fd_, IORING_FSYNC_DATASYNC);
        break;
      case Kind::kDiscard:
      case Kind::kZero:
        io_uring_prep_fallocate(entry, fd_, AllocationMode(request),
                                static_cast<off_t>(request.offset),
                                static_cast<off_t>(request.length));
        break;
    }
    io_uring_sqe_set_data(entry, &request);
  }

  void Wait(int kick_fd, std::vector<DiskRequest*>& completed) override {
    if (!kick_awaited_) {
      io_uring_sqe* const entry = NextEntry();
      io_uring_prep_poll_add(entry, kick_fd, POLLIN);
      io_uring_sqe_set_data(entry, nullptr);
      kick_awaited_ = true;
    }
    io_uring_submit_and_wait(&ring_, 1);
    unsigned head;
    unsigned seen = 0;
    io_uring_cqe* entry;
    io_uring_for_each_cqe(&ring_, head, entry) {
      ++seen;
      auto* const request = static_cast<DiskRequest*>(io_uring_cqe_get_data(entry));
      if (!request) {
        kick_awaited_ = false;
      } else if (Advance(*request, entry->res) == Progress::kComplete) {
        completed.push_back(request);
      } else {
        Submit(*request);
      }
    }
    io_uring_cq_advance(&ring_, seen);
  }

 private:
  UringDiskIo(int fd, const io_uring& ring) : fd_(fd), ring_(ring) {}

  io_uring_sqe* NextEntry() {
    while (true) {
      if (io_uring_sqe* const entry = io_uring_get_sqe(&ring_)) return entry;
      io_uring_submit(&ring_);
    }
  }

  const int fd_;
  io_uring ring_;
  bool kick_awaited_ = false;
};

}  // namespace

std::unique_ptr<DiskIo> DiskIo::Create(int fd) {
  if (auto uring = UringDiskIo::Create(fd)) return uring;
  return CreateSynchronous(fd);
}

std::unique_ptr<DiskIo> DiskIo::CreateSynchronous(int fd) {
  return std::make_unique<SynchronousDiskIo>(fd);
}

}  // namespace ucontrol::virtio
