// A virtio driver for tests: negotiates through channel programs, builds rings in the guest's
// storage, notifies and takes interruptions, as a guest's kernel does.
#ifndef TESTS_UCONTROL_VIRTIO_DRIVER_SIDE_H_
#define TESTS_UCONTROL_VIRTIO_DRIVER_SIDE_H_

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/ucontrol/channel_subsystem/channel_guest.h"
#include "ucontrol/virtio/ccw_transport.h"

namespace ucontrol::virtio {

class DriverSide {
 public:
  struct Buffer {
    uint64_t address;
    uint32_t length;
    bool writable = false;
  };

  static constexpr uint32_t kScratch = 0x2000;     // operands of commands
  static constexpr uint64_t kIndicators = 0x3000;  // classic
  static constexpr uint64_t kConfigurationIndicators = 0x3008;
  static constexpr uint64_t kSummary = 0x3010;  // adapter
  static constexpr uint64_t kAdapterBits = 0x3018;
  static constexpr uint64_t kRings = 0x100000;    // 64 KiB each
  static constexpr uint64_t kBuffers = 0x400000;  // for the tests
  static constexpr uint64_t kIndirectTables = 0x300000;

  static constexpr uint8_t kAcknowledge = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8;

  explicit DriverSide(std::unique_ptr<Device> device)
      : number_(*CcwTransport::Attach(std::move(device), 0x0001, guest_.subsystem(),
                                      guest_.storage(), guest_.interruptions())) {
    guest_.Enable(number_);
  }
  // The guest's CPUs are gone before its devices end.
  ~DriverSide() { guest_.subsystem().Shutdown(); }

  ChannelGuest& guest() { return guest_; }
  uint16_t number() const { return number_; }
  ByteOrder order() const { return revision_ ? ByteOrder::kLittle : ByteOrder::kBig; }

  // ---- commands; the SCSW they ended with

  Scsw Command(uint8_t command, uint16_t count, uint8_t flags = 0) {
    return guest_.Command(number_, command, count, kScratch, flags);
  }
  Scsw SetRevision(uint16_t revision) {
    StoreBigEndian<uint16_t>(at(kScratch), revision);
    StoreBigEndian<uint16_t>(at(kScratch + 2), 0);
    const Scsw scsw = Command(0x83, 4);
    if (scsw.device_status == 0x0c) revision_ = revision;
    return scsw;
  }
  Scsw WriteStatus(uint8_t status) {
    *at(kScratch) = status;
    return Command(0x31, 1);
  }
  uint8_t ReadStatus() {
    Command(0x72, 1);
    return *at(kScratch);
  }
  uint32_t ReadFeatures(uint8_t index) {
    at(kScratch)[4] = index;
    Command(0x12, 5);
    return Load<uint32_t>(ByteOrder::kLittle, at(kScratch));
  }
  Scsw WriteFeatures(uint8_t index, uint32_t word) {
    Store<uint32_t>(ByteOrder::kLittle, at(kScratch), word);
    at(kScratch)[4] = index;
    return Command(0x11, 5);
  }
  std::vector<uint8_t> ReadConfiguration(uint16_t length) {
    Command(0x22, length);
    return {at(kScratch), at(kScratch) + length};
  }
  Scsw WriteConfiguration(const std::vector<uint8_t>& bytes) {
    std::copy(bytes.begin(), bytes.end(), at(kScratch));
    return Command(0x21, static_cast<uint16_t>(bytes.size()));
  }
  uint16_t QueueSize(uint16_t index) {
    StoreBigEndian<uint16_t>(at(kScratch), index);
    Command(0x32, 4);
    return LoadBigEndian<uint16_t>(at(kScratch + 2));
  }
  Scsw SetQueue(uint16_t index, uint16_t size) {
    const uint64_t ring = kRings + index * 0x10000;
    std::fill_n(at(ring), 0x10000, uint8_t{0});
    if (queues_.size() <= index) queues_.resize(index + 1);
    queues_[index] = {size, ring, ring + 0x6000, ring + 0x8000};
    if (!revision_) {
      queues_[index].available = ring + 16 * size;
      queues_[index].used = (queues_[index].available + 6 + 2 * size + 4095) & ~uint64_t{4095};
      StoreBigEndian<uint64_t>(at(kScratch), ring);
      StoreBigEndian<uint32_t>(at(kScratch + 8), 4096);
      StoreBigEndian<uint16_t>(at(kScratch + 12), index);
      StoreBigEndian<uint16_t>(at(kScratch + 14), size);
      return Command(0x13, 16);
    }
    StoreBigEndian<uint64_t>(at(kScratch), ring);
    StoreBigEndian<uint32_t>(at(kScratch + 8), 0);
    StoreBigEndian<uint16_t>(at(kScratch + 12), index);
    StoreBigEndian<uint16_t>(at(kScratch + 14), size);
    StoreBigEndian<uint64_t>(at(kScratch + 16), queues_[index].available);
    StoreBigEndian<uint64_t>(at(kScratch + 24), queues_[index].used);
    return Command(0x13, 32);
  }
  Scsw SetClassicIndicators() {
    StoreBigEndian<uint64_t>(at(kScratch), kConfigurationIndicators);
    Command(0x53, 8);
    StoreBigEndian<uint64_t>(at(kScratch), kIndicators);
    return Command(0x43, 8);
  }
  Scsw SetAdapterIndicators(uint64_t first_bit = 0, uint8_t isc = 5) {
    StoreBigEndian<uint64_t>(at(kScratch), kConfigurationIndicators);
    Command(0x53, 8);
    StoreBigEndian<uint64_t>(at(kScratch), kSummary);
    StoreBigEndian<uint64_t>(at(kScratch + 8), kAdapterBits);
    StoreBigEndian<uint64_t>(at(kScratch + 16), first_bit);
    *at(kScratch + 24) = isc;
    return Command(0x73, 25);
  }

  // From nothing to DRIVER_OK: revision 2, all features but those in `without`, all queues at
  // `size`, adapter indicators.
  void Bring(uint64_t without = 0, uint16_t size = 16) {
    ASSERT_EQ(SetRevision(2).device_status, 0x0c);
    WriteStatus(kAcknowledge | kDriver);
    const uint64_t features = (ReadFeatures(0) | uint64_t{ReadFeatures(1)} << 32) & ~without;
    features_ = features;
    WriteFeatures(0, static_cast<uint32_t>(features));
    WriteFeatures(1, static_cast<uint32_t>(features >> 32));
    ASSERT_EQ(WriteStatus(kAcknowledge | kDriver | kFeaturesOk).device_status, 0x0c);
    for (uint16_t index = 0; QueueSize(index); ++index) {
      ASSERT_EQ(SetQueue(index, size).device_status, 0x0c);
    }
    ASSERT_EQ(SetAdapterIndicators().device_status, 0x0c);
    ASSERT_EQ(WriteStatus(kAcknowledge | kDriver | kFeaturesOk | kDriverOk).device_status, 0x0c);
  }

  // ---- rings

  void PutDescriptor(uint64_t table, uint16_t index, const Buffer& buffer, uint16_t flags,
                     uint16_t next) {
    uint8_t* to = at(table + 16 * index);
    Store<uint64_t>(order(), to, buffer.address);
    Store<uint32_t>(order(), to + 8, buffer.length);
    Store<uint16_t>(order(), to + 12, static_cast<uint16_t>(flags | (buffer.writable ? 2 : 0)));
    Store<uint16_t>(order(), to + 14, next);
  }

  // Makes a chain available whose descriptors begin at `head`; doesn't notify.
  void Offer(uint16_t queue, const std::vector<Buffer>& buffers, uint16_t head = 0) {
    for (uint16_t i = 0; i < buffers.size(); ++i) {
      const bool last = i + 1u == buffers.size();
      PutDescriptor(queues_[queue].descriptors, static_cast<uint16_t>(head + i), buffers[i],
                    last ? 0 : 1, static_cast<uint16_t>(head + i + 1));
    }
    OfferHead(queue, head);
  }
  void OfferIndirect(uint16_t queue, const std::vector<Buffer>& buffers, uint16_t head = 0) {
    const uint64_t table = kIndirectTables + head * 0x1000;
    for (uint16_t i = 0; i < buffers.size(); ++i) {
      const bool last = i + 1u == buffers.size();
      PutDescriptor(table, i, buffers[i], last ? 0 : 1, static_cast<uint16_t>(i + 1));
    }
    PutDescriptor(queues_[queue].descriptors, head,
                  {table, static_cast<uint32_t>(16 * buffers.size())}, 4, 0);
    OfferHead(queue, head);
  }
  void OfferHead(uint16_t queue, uint16_t head) {
    Queue& q = queues_[queue];
    Store<uint16_t>(order(), at(q.available + 4 + 2 * (q.offered % q.size)), head);
    ++q.offered;
    __atomic_store_n(reinterpret_cast<uint16_t*>(at(q.available + 2)), Convert(order(), q.offered),
                     __ATOMIC_SEQ_CST);
  }

  int64_t Notify(uint16_t queue) {
    return guest_.subsystem().Notify(ChannelGuest::Id(number_), queue, 0);
  }

  struct Used {
    uint32_t head;
    uint32_t written;
  };
  // The next chain that the device gave back, waiting for it if need be.
  std::optional<Used> Take(uint16_t queue,
                           std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    Queue& q = queues_[queue];
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (UsedIndex(queue) == q.taken) {
      if (std::chrono::steady_clock::now() > deadline) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    const uint8_t* element = at(q.used + 4 + 8 * (q.taken % q.size));
    ++q.taken;
    return Used{Load<uint32_t>(order(), element), Load<uint32_t>(order(), element + 4)};
  }
  uint16_t UsedIndex(uint16_t queue) {
    return Convert(order(),
                   __atomic_load_n(reinterpret_cast<uint16_t*>(at(queues_[queue].used + 2)),
                                   __ATOMIC_SEQ_CST));
  }
  // Event index: the used index that the driver wants to be interrupted at.
  void SetUsedEvent(uint16_t queue, uint16_t event) {
    Store<uint16_t>(order(), at(queues_[queue].available + 4 + 2 * queues_[queue].size), event);
  }
  uint16_t AvailableEvent(uint16_t queue) {
    return Load<uint16_t>(order(), at(queues_[queue].used + 4 + 8 * queues_[queue].size));
  }

  // True once the device asks to be reset.
  bool NeedsReset() {
    for (int i = 0; i < 2000; ++i) {
      if (ReadStatus() & 0x40) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  // Bytes that the device changes at any time.
  uint8_t Shared(uint64_t address) { return __atomic_load_n(at(address), __ATOMIC_SEQ_CST); }
  void SetShared(uint64_t address, uint8_t byte) {
    __atomic_store_n(at(address), byte, __ATOMIC_SEQ_CST);
  }

  uint8_t* at(uint64_t address) { return guest_.storage().at(address); }
  void PutText(uint64_t address, std::string_view text) {
    std::copy(text.begin(), text.end(), at(address));
  }
  std::string Text(uint64_t address, size_t length) {
    return {reinterpret_cast<char*>(at(address)), length};
  }

  struct Queue {
    uint16_t size = 0;
    uint64_t descriptors = 0, available = 0, used = 0;
    uint16_t offered = 0, taken = 0;
  };
  Queue& queue(uint16_t index) { return queues_[index]; }
  uint64_t features() const { return features_; }

 private:
  ChannelGuest guest_;
  uint16_t number_;
  uint16_t revision_ = 0;
  uint64_t features_ = 0;
  std::vector<Queue> queues_;
};

}  // namespace ucontrol::virtio

#endif  // TESTS_UCONTROL_VIRTIO_DRIVER_SIDE_H_
