// A sequence of pieces of our memory that a guest gave as one buffer.
#ifndef UCONTROL_VIRTIO_BUFFERS_H_
#define UCONTROL_VIRTIO_BUFFERS_H_

#include <sys/uio.h>

#include <cstdint>
#include <vector>

#include "ucontrol/absolute_storage.h"

namespace ucontrol::virtio {

class Buffers {
 public:
  void Clear() {
    pieces_.clear();
    size_ = 0;
  }

  // Adds [address, address + length) of the guest; false if a byte of it is no storage. Adjacent
  // pieces become one.
  bool Append(AbsoluteStorage& storage, hypervisor::GuestAbsolute address, uint64_t length);

  uint64_t size() const { return size_; }
  const std::vector<iovec>& pieces() const { return pieces_; }

  // Copies as much of [offset, offset + length) as there is; how many bytes that was.
  uint64_t CopyTo(void* bytes, uint64_t offset, uint64_t length) const;
  uint64_t CopyFrom(const void* bytes, uint64_t offset, uint64_t length) const;

  // Of this much, beginning at `offset`; shorter if there isn't as much.
  Buffers Slice(uint64_t offset, uint64_t length) const;

 private:
  // Calls `use` with each piece of [offset, offset + length), as far as there are any.
  template <typename Use>
  void ForEach(uint64_t offset, uint64_t length, Use use) const;
  void AppendPiece(uint8_t* bytes, uint64_t length);

  std::vector<iovec> pieces_;
  uint64_t size_ = 0;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_BUFFERS_H_
