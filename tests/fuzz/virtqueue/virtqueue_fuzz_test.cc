// Any content of a virtqueue's rings and tables: chains lie within storage, and taking them ends.
//
// Input: rules (indirect 1, event index 2, big-endian 4, old layout 8), log2 of the size, then
// storage with the descriptors at 0, the available ring at 0x4000, the used ring at 0x5000.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/virtio/virtqueue.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ucontrol;
  using hypervisor::GuestAbsolute;
  using virtio::Virtqueue;
  if (size < 2) return 0;
  StorageOfBytes storage(0x10000);
  std::copy_n(data + 2, std::min<size_t>(size - 2, 0x10000), storage.at(0));

  Virtqueue::Layout layout{static_cast<uint16_t>(1 << data[1] % 11), GuestAbsolute(0),
                           GuestAbsolute(0x4000), GuestAbsolute(0x5000)};
  if (data[0] & 8) {
    const auto old =
        Virtqueue::Layout::Legacy(GuestAbsolute(uint64_t{data[1]} << 8), 4096, layout.size);
    if (!old) return 0;
    layout = *old;
  }
  if (!layout.IsValid()) return 0;
  Virtqueue queue(storage);
  queue.SetLayout(layout);
  Virtqueue::Rules rules;
  rules.indirect_descriptors = data[0] & 1;
  rules.event_index = data[0] & 2;
  rules.order = data[0] & 4 ? virtio::ByteOrder::kBig : virtio::ByteOrder::kLittle;
  queue.Start(rules);

  const uint8_t* const first = storage.at(0);
  virtio::Chain chain;
  int taken = 0;
  while (queue.Take(chain)) {
    // Nothing here adds to the ring but what is returned into it.
    if (++taken > 100000) return 0;
    for (const auto* buffers : {&chain.readable, &chain.writable}) {
      uint64_t bytes = 0;
      for (const iovec& piece : buffers->pieces()) {
        const auto* base = static_cast<const uint8_t*>(piece.iov_base);
        if (base < first || base + piece.iov_len > first + 0x10000) abort();
        bytes += piece.iov_len;
      }
      if (bytes != buffers->size()) abort();
    }
    const uint8_t byte = 0x5a;
    chain.writable.CopyFrom(&byte, 0, 1);
    queue.Return(chain, 1, taken % 3 == 0);
    queue.WantsInterruption();
  }
  queue.SuppressNotifications();
  queue.ExpectNotifications();
  return 0;
}
