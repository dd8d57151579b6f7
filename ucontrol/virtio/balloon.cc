#include "ucontrol/virtio/balloon.h"

#include <sys/mman.h>

#include <algorithm>

namespace ucontrol::virtio {
namespace {

using hypervisor::kPageSize;

constexpr int kStatisticsQueue = 1;
constexpr int kDeflateOnOutOfMemory = 2;
constexpr int kFreePageHints = 3;
constexpr int kPageReporting = 5;

constexpr size_t kInflate = 0;
constexpr size_t kDeflate = 1;
constexpr size_t kFirstOptional = 2;

constexpr uint32_t kActualOffset = 4;
constexpr uint32_t kHintCommandOffset = 8;
constexpr uint32_t kConfigurationSize = 12;
constexpr uint32_t kStopHints = 0;

constexpr uint64_t kStatisticSize = 10;  // {tag, value}
constexpr uint64_t kMaximumStatistics = 64;

// Gives whole pages of our memory back; what they hold is undefined from then on.
void Discard(void* bytes, uint64_t length) {
  const auto start = (reinterpret_cast<uintptr_t>(bytes) + kPageSize - 1) & ~(kPageSize - 1);
  const auto end = (reinterpret_cast<uintptr_t>(bytes) + length) & ~(kPageSize - 1);
  if (start >= end) return;
  void* const pages = reinterpret_cast<void*>(start);
  // A hole in the file is what frees shared memory, and what private memory knows nothing of.
  if (madvise(pages, end - start, MADV_REMOVE) != 0) madvise(pages, end - start, MADV_DONTNEED);
}

}  // namespace

void Balloon::SetTarget(uint32_t pages) {
  target_ = pages;
  target_changed_ = true;
  Wake();
}

Balloon::Statistics Balloon::TakeStatistics() {
  statistics_wanted_ = true;
  Wake();
  const std::lock_guard lock(mutex_);
  return statistics_;
}

uint64_t Balloon::features() const {
  // Hints are never asked for. But Linux 6.1 on virtio-ccw gives the interruptions of a later queue
  // to a queue that isn't there: with all queues there, page reporting works on those kernels too.
  return Feature(kStatisticsQueue) | Feature(kDeflateOnOutOfMemory) | Feature(kFreePageHints) |
         Feature(kPageReporting);
}

// Little-endian whatever the driver's age.
std::vector<uint8_t> Balloon::Configuration(ByteOrder) const {
  std::vector<uint8_t> bytes(kConfigurationSize);
  Store<uint32_t>(ByteOrder::kLittle, &bytes[0], target_);
  Store<uint32_t>(ByteOrder::kLittle, &bytes[kActualOffset], actual_);
  Store<uint32_t>(ByteOrder::kLittle, &bytes[kHintCommandOffset], kStopHints);
  return bytes;
}

void Balloon::WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes, ByteOrder) {
  if (offset > kActualOffset || offset + bytes.size() < kHintCommandOffset) return;
  actual_ = Load<uint32_t>(ByteOrder::kLittle, &bytes[kActualOffset - offset]);
}

void Balloon::Start(Driver& driver) {
  statistics_chain_.reset();
  ServedDevice::Start(driver);
}

void Balloon::Stop() {
  ServedDevice::Stop();
  actual_ = 0;
}

bool Balloon::Serve(Driver& driver, size_t queue) {
  if (queue == kInflate && target_changed_.exchange(false)) driver.ConfigurationChanged();
  if (queue == kInflate) {
    ServeChains(driver, queue, [&](const Chain& chain) {
      Inflate(driver.order(), chain.readable);
      return 0;
    });
  } else if (queue == kDeflate) {
    // The guest's pages come back by being touched.
    ServeChains(driver, queue, [](const Chain&) { return 0; });
  } else {
    ServeOptional(driver, queue);
  }
  return true;
}

// Queues that weren't agreed on aren't counted.
void Balloon::ServeOptional(Driver& driver, size_t queue) {
  size_t next = kFirstOptional;
  if (driver.Has(kStatisticsQueue) && queue == next++) return ServeStatistics(driver, queue);
  if (driver.Has(kFreePageHints) && queue == next++) {
    return ServeChains(driver, queue, [](const Chain&) { return 0; });
  }
  if (driver.Has(kPageReporting) && queue == next) {
    ServeChains(driver, queue, [](const Chain& chain) {
      for (const iovec& piece : chain.writable.pieces()) Discard(piece.iov_base, piece.iov_len);
      return 0;
    });
  }
}

void Balloon::Inflate(ByteOrder order, const Buffers& page_numbers) {
  std::array<uint8_t, 1024> part;
  for (uint64_t offset = 0; offset < page_numbers.size() && !stopping(); offset += part.size()) {
    const uint64_t length = page_numbers.CopyTo(part.data(), offset, part.size());
    for (uint64_t i = 0; i + 4 <= length; i += 4) {
      const uint64_t page = Load<uint32_t>(order, &part[i]);
      if (uint8_t* bytes = storage_.Find(hypervisor::GuestAbsolute(page * kPageSize), kPageSize)) {
        Discard(bytes, kPageSize);
      }
    }
  }
}

// The driver fills one chain, and fills it again each time it gets it back.
void Balloon::ServeStatistics(Driver& driver, size_t queue) {
  Virtqueue& ring = driver.queue(queue);
  if (statistics_chain_ && statistics_wanted_.exchange(false)) {
    ring.Return(*statistics_chain_, 0);
    statistics_chain_.reset();
    driver.Interrupt(queue);
  }
  Chain chain;
  do {
    while (!stopping() && ring.Take(chain)) {
      LoadStatistics(driver.order(), chain.readable);
      // One that comes although none was given back only takes the place of the other.
      if (statistics_chain_) ring.Return(*statistics_chain_, 0);
      statistics_chain_ = std::move(chain);
      chain = Chain();
    }
  } while (ring.ExpectNotifications() && !stopping());
}

void Balloon::LoadStatistics(ByteOrder order, const Buffers& tags) {
  const std::lock_guard lock(mutex_);
  std::optional<uint64_t>* const fields[] = {
      &statistics_.swapped_in,   &statistics_.swapped_out, &statistics_.major_faults,
      &statistics_.minor_faults, &statistics_.free,        &statistics_.total,
      &statistics_.available,    &statistics_.caches,
  };
  const uint64_t count = std::min(tags.size() / kStatisticSize, kMaximumStatistics);
  for (uint64_t i = 0; i < count; ++i) {
    std::array<uint8_t, kStatisticSize> bytes;
    tags.CopyTo(bytes.data(), i * kStatisticSize, kStatisticSize);
    const auto tag = Load<uint16_t>(order, &bytes[0]);
    if (tag < std::size(fields)) {
      *fields[tag] = Load<uint64_t>(order, &bytes[2]);
    }
  }
}

}  // namespace ucontrol::virtio
