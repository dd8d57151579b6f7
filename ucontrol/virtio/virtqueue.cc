#include "ucontrol/virtio/virtqueue.h"

#include <array>
#include <limits>

namespace ucontrol::virtio {
namespace {

using hypervisor::GuestAbsolute;

constexpr uint16_t kNext = 1;
constexpr uint16_t kWrite = 2;
constexpr uint16_t kIndirect = 4;

constexpr uint16_t kNoInterruption = 1;  // the driver's flag, in the available ring
constexpr uint16_t kNoNotification = 1;  // the device's flag, in the used ring

constexpr uint32_t kDescriptorSize = 16;

// Addresses from here on are no storage of any machine; sums of smaller ones don't wrap.
constexpr uint64_t kAddressLimit = uint64_t{1} << 62;

}  // namespace

bool Virtqueue::Layout::IsValid() const {
  return size && size <= kMaximumSize && (size & (size - 1)) == 0 && descriptors.IsAligned(16) &&
         available.IsAligned(2) && used.IsAligned(4) && descriptors.raw() < kAddressLimit &&
         available.raw() < kAddressLimit && used.raw() < kAddressLimit;
}

std::optional<Virtqueue::Layout> Virtqueue::Layout::Legacy(GuestAbsolute queue, uint32_t alignment,
                                                           uint16_t size) {
  if (queue.raw() >= kAddressLimit || alignment < 4 || (alignment & (alignment - 1))) {
    return std::nullopt;
  }
  Layout layout;
  layout.size = size;
  layout.descriptors = queue;
  layout.available = queue + uint64_t{kDescriptorSize} * size;
  const uint64_t end = layout.available.raw() + 6 + 2 * uint64_t{size};
  layout.used = GuestAbsolute((end + alignment - 1) & ~(uint64_t{alignment} - 1));
  return layout;
}

void Virtqueue::Start(const Rules& rules) {
  rules_ = rules;
  next_available_ = 0;
  next_used_ = 0;
  interrupted_used_ = 0;
  broken_ = false;
}

bool Virtqueue::Break() {
  broken_ = true;
  return false;
}

std::optional<uint16_t> Virtqueue::LoadShared(GuestAbsolute address) {
  uint8_t* bytes = storage_.Find(address, 2);
  if (!bytes) {
    Break();
    return std::nullopt;
  }
  const uint16_t value = __atomic_load_n(reinterpret_cast<uint16_t*>(bytes), __ATOMIC_SEQ_CST);
  return Convert(rules_.order, value);
}

bool Virtqueue::StoreShared(GuestAbsolute address, uint16_t value) {
  uint8_t* bytes = storage_.Find(address, 2);
  if (!bytes) return Break();
  __atomic_store_n(reinterpret_cast<uint16_t*>(bytes), Convert(rules_.order, value),
                   __ATOMIC_SEQ_CST);
  return true;
}

bool Virtqueue::Take(Chain& chain) {
  if (broken_ || !in_use()) return false;
  const auto available = LoadShared(available_index());
  if (!available) return false;
  const auto waiting = static_cast<uint16_t>(*available - next_available_);
  if (!waiting) return false;
  if (waiting > layout_.size) return Break();
  const auto head =
      LoadShared(layout_.available + 4 + 2 * uint64_t(next_available_ % layout_.size));
  if (!head || !Collect(*head, chain)) return Break();
  ++next_available_;
  return true;
}

std::optional<Virtqueue::Descriptor> Virtqueue::FetchDescriptor(GuestAbsolute table,
                                                                uint32_t index) {
  std::array<uint8_t, kDescriptorSize> bytes;
  if (!storage_.Read(table + uint64_t{index} * kDescriptorSize, bytes.data(), bytes.size())) {
    return std::nullopt;
  }
  return Descriptor{GuestAbsolute(Load<uint64_t>(rules_.order, &bytes[0])),
                    Load<uint32_t>(rules_.order, &bytes[8]),
                    Load<uint16_t>(rules_.order, &bytes[12]),
                    Load<uint16_t>(rules_.order, &bytes[14])};
}

bool Virtqueue::Collect(uint16_t head, Chain& chain) {
  chain.head = head;
  chain.readable.Clear();
  chain.writable.Clear();
  GuestAbsolute table = layout_.descriptors;
  uint32_t table_size = layout_.size;
  bool in_indirect_table = false;
  uint32_t index = head;
  for (uint32_t descriptors = 0; descriptors < kMaximumDescriptors; ++descriptors) {
    if (index >= table_size) return false;
    const auto descriptor = FetchDescriptor(table, index);
    if (!descriptor) return false;
    if (descriptor->flags & kIndirect) {
      if (!rules_.indirect_descriptors || in_indirect_table || (descriptor->flags & kNext) ||
          !descriptor->length || descriptor->length % kDescriptorSize ||
          descriptor->address.raw() >= kAddressLimit) {
        return false;
      }
      in_indirect_table = true;
      table = descriptor->address;
      table_size = descriptor->length / kDescriptorSize;
      index = 0;
      continue;
    }
    const bool writable = (descriptor->flags & kWrite) != 0;
    if (!writable && chain.writable.size()) return false;
    Buffers& buffers = writable ? chain.writable : chain.readable;
    if (!buffers.Append(storage_, descriptor->address, descriptor->length) ||
        chain.readable.size() + chain.writable.size() > std::numeric_limits<uint32_t>::max()) {
      return false;
    }
    if (!(descriptor->flags & kNext)) return true;
    index = descriptor->next;
  }
  return false;
}

void Virtqueue::Return(const Chain& chain, uint32_t written, bool more) {
  if (broken_) return;
  std::array<uint8_t, 8> element;
  Store<uint32_t>(rules_.order, &element[0], chain.head);
  Store<uint32_t>(rules_.order, &element[4], written);
  const GuestAbsolute slot = layout_.used + 4 + 8 * uint64_t(next_used_ % layout_.size);
  if (!storage_.Write(slot, element.data(), element.size())) {
    Break();
    return;
  }
  ++next_used_;
  if (!more) StoreShared(used_index(), next_used_);
}

bool Virtqueue::WantsInterruption() {
  if (broken_ || next_used_ == interrupted_used_) return false;
  const uint16_t before = interrupted_used_;
  interrupted_used_ = next_used_;
  if (!rules_.event_index) {
    const auto flags = LoadShared(layout_.available);
    return flags && !(*flags & kNoInterruption);
  }
  const auto event = LoadShared(used_event());
  return event && static_cast<uint16_t>(next_used_ - *event - 1) <
                      static_cast<uint16_t>(next_used_ - before);
}

void Virtqueue::SuppressNotifications() {
  // With the event index the last event stays behind, which is as good.
  if (!rules_.event_index && !broken_ && in_use()) StoreShared(layout_.used, kNoNotification);
}

bool Virtqueue::ExpectNotifications() {
  if (broken_ || !in_use()) return false;
  if (rules_.event_index) {
    StoreShared(available_event(), next_available_);
  } else {
    StoreShared(layout_.used, 0);
  }
  const auto available = LoadShared(available_index());
  return available && *available != next_available_;
}

}  // namespace ucontrol::virtio
