#include "ucontrol/virtio/disk_step.h"

#include <fcntl.h>
#include <linux/falloc.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ucontrol::virtio {
namespace {

using Kind = DiskRequest::Kind;

std::array<uint8_t, 64 * 1024> zeroes;

// A file system that can't zero a range is given zeroes.
void WriteZeroesInstead(DiskRequest& request) {
  request.kind = Kind::kWrite;
  request.pieces.clear();
  for (uint64_t left = request.length; left;) {
    const auto part = std::min<uint64_t>(left, zeroes.size());
    request.pieces.push_back({zeroes.data(), part});
    left -= part;
  }
}

}  // namespace

int AllocationMode(const DiskRequest& request) {
  const bool hole = request.kind == Kind::kDiscard || request.may_unmap;
  return FALLOC_FL_KEEP_SIZE | (hole ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
}

Progress Advance(DiskRequest& request, int64_t result) {
  if (result == -EINTR || result == -EAGAIN) return Progress::kAgain;
  switch (request.kind) {
    case Kind::kDiscard:
      // Nobody may rely on what a discarded range holds.
      request.error = result < 0 && result != -EOPNOTSUPP ? static_cast<int>(-result) : 0;
      return Progress::kComplete;
    case Kind::kZero:
      if (result == -EOPNOTSUPP) {
        WriteZeroesInstead(request);
        return Progress::kAgain;
      }
      [[fallthrough]];
    case Kind::kFlush:
      request.error = result < 0 ? static_cast<int>(-result) : 0;
      return Progress::kComplete;
    case Kind::kRead:
    case Kind::kWrite:
      break;
  }
  if (result <= 0) {
    request.error = result ? static_cast<int>(-result) : EIO;  // 0: the file became shorter
    return Progress::kComplete;
  }
  request.done += static_cast<uint64_t>(result);
  if (request.done >= request.length) return Progress::kComplete;
  auto moved = static_cast<uint64_t>(result);
  while (moved >= request.pieces[request.first_piece].iov_len) {
    moved -= request.pieces[request.first_piece++].iov_len;
  }
  iovec& piece = request.pieces[request.first_piece];
  piece.iov_base = static_cast<uint8_t*>(piece.iov_base) + moved;
  piece.iov_len -= moved;
  return Progress::kAgain;
}

}  // namespace ucontrol::virtio
