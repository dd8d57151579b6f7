// A split virtqueue, the device's side (virtio 1.2, "Split Virtqueues").
//
// Whatever the driver writes there is taken for what an enemy would write: a ring or chain that
// breaks the rules makes the queue broken, and the device asks to be reset.
#ifndef UCONTROL_VIRTIO_VIRTQUEUE_H_
#define UCONTROL_VIRTIO_VIRTQUEUE_H_

#include <cstdint>
#include <optional>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/virtio/buffers.h"
#include "ucontrol/virtio/byte_order.h"

namespace ucontrol::virtio {

// One request of the driver: what the device reads, then what it writes.
struct Chain {
  uint16_t head = 0;
  Buffers readable;
  Buffers writable;
};

// Not synchronised: the transport sets it up, and from Start to the device's end of work only the
// device uses it.
class Virtqueue {
 public:
  static constexpr uint16_t kMaximumSize = 1024;
  // Of a chain, whatever the queue's size: in an indirect table it may be longer than the queue.
  static constexpr uint32_t kMaximumDescriptors = 1024;

  struct Layout {
    uint16_t size = 0;  // 0: the driver doesn't use this queue
    hypervisor::GuestAbsolute descriptors;
    hypervisor::GuestAbsolute available;
    hypervisor::GuestAbsolute used;

    // A power of two, and each part aligned as it must be.
    bool IsValid() const;
    // Where the parts stand in a queue of before virtio 1.0; false if that is nowhere.
    static std::optional<Layout> Legacy(hypervisor::GuestAbsolute queue, uint32_t alignment,
                                        uint16_t size);
  };

  struct Rules {
    ByteOrder order = ByteOrder::kLittle;
    bool indirect_descriptors = false;
    bool event_index = false;
  };

  explicit Virtqueue(AbsoluteStorage& storage) : storage_(storage) {}

  void SetLayout(const Layout& layout) { layout_ = layout; }
  const Layout& layout() const { return layout_; }
  void Start(const Rules& rules);

  bool in_use() const { return layout_.size != 0; }
  bool broken() const { return broken_; }

  // The driver's next chain; false if there is none, or if the queue is broken.
  bool Take(Chain& chain);

  // Gives a chain back, `written` bytes of its writable part being new. Any order. The driver sees
  // it together with the next one if there is `more`.
  void Return(const Chain& chain, uint32_t written, bool more = false);

  // Whether the driver wants to be interrupted for what was returned since this was last asked.
  bool WantsInterruption();

  // The driver needn't notify while the device looks at the queue anyway ...
  void SuppressNotifications();
  // ... and must again. True: more chains came meanwhile, to be taken first.
  bool ExpectNotifications();

 private:
  struct Descriptor {
    hypervisor::GuestAbsolute address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
  };

  bool Break();
  std::optional<Descriptor> FetchDescriptor(hypervisor::GuestAbsolute table, uint32_t index);
  bool Collect(uint16_t head, Chain& chain);
  // Halfwords that the driver reads or writes at the same time. Each side stores its index, then
  // looks at what the other wants: sequential consistency keeps both from missing the other's
  // store.
  std::optional<uint16_t> LoadShared(hypervisor::GuestAbsolute address);
  bool StoreShared(hypervisor::GuestAbsolute address, uint16_t value);
  hypervisor::GuestAbsolute available_index() const { return layout_.available + 2; }
  hypervisor::GuestAbsolute used_event() const {
    return layout_.available + 4 + uint64_t{2} * layout_.size;
  }
  hypervisor::GuestAbsolute used_index() const { return layout_.used + 2; }
  hypervisor::GuestAbsolute available_event() const {
    return layout_.used + 4 + uint64_t{8} * layout_.size;
  }

  AbsoluteStorage& storage_;
  Layout layout_;
  Rules rules_;
  uint16_t next_available_ = 0;
  uint16_t next_used_ = 0;
  uint16_t interrupted_used_ = 0;  // next_used_ when WantsInterruption was last asked
  bool broken_ = false;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_VIRTQUEUE_H_
