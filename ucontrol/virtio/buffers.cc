#include "ucontrol/virtio/buffers.h"

#include <algorithm>
#include <cstring>

namespace ucontrol::virtio {

using hypervisor::GuestAbsolute;
using hypervisor::kSegmentSize;

bool Buffers::Append(AbsoluteStorage& storage, GuestAbsolute address, uint64_t length) {
  if (!length) return true;
  if (address.raw() + (length - 1) < address.raw()) return false;
  if (uint8_t* bytes = storage.Find(address, length)) {
    AppendPiece(bytes, length);
    return true;
  }
  // Neighbouring segments may lie apart in our memory, a segment may not.
  while (length) {
    const uint64_t piece = std::min(length, kSegmentSize - address.raw() % kSegmentSize);
    uint8_t* bytes = storage.Find(address, piece);
    if (!bytes) return false;
    AppendPiece(bytes, piece);
    address = address + piece;
    length -= piece;
  }
  return true;
}

void Buffers::AppendPiece(uint8_t* bytes, uint64_t length) {
  size_ += length;
  if (!pieces_.empty()) {
    iovec& last = pieces_.back();
    if (static_cast<uint8_t*>(last.iov_base) + last.iov_len == bytes) {
      last.iov_len += length;
      return;
    }
  }
  pieces_.push_back({bytes, length});
}

template <typename Use>
void Buffers::ForEach(uint64_t offset, uint64_t length, Use use) const {
  for (const iovec& piece : pieces_) {
    if (!length) return;
    if (offset >= piece.iov_len) {
      offset -= piece.iov_len;
      continue;
    }
    const uint64_t part = std::min<uint64_t>(length, piece.iov_len - offset);
    use(static_cast<uint8_t*>(piece.iov_base) + offset, part);
    offset = 0;
    length -= part;
  }
}

uint64_t Buffers::CopyTo(void* bytes, uint64_t offset, uint64_t length) const {
  uint64_t copied = 0;
  ForEach(offset, length, [&](const uint8_t* piece, uint64_t part) {
    std::memcpy(static_cast<uint8_t*>(bytes) + copied, piece, part);
    copied += part;
  });
  return copied;
}

uint64_t Buffers::CopyFrom(const void* bytes, uint64_t offset, uint64_t length) const {
  uint64_t copied = 0;
  ForEach(offset, length, [&](uint8_t* piece, uint64_t part) {
    std::memcpy(piece, static_cast<const uint8_t*>(bytes) + copied, part);
    copied += part;
  });
  return copied;
}

Buffers Buffers::Slice(uint64_t offset, uint64_t length) const {
  Buffers slice;
  ForEach(offset, length, [&](uint8_t* piece, uint64_t part) { slice.AppendPiece(piece, part); });
  return slice;
}

}  // namespace ucontrol::virtio
