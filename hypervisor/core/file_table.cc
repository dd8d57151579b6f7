#include "hypervisor/core/file_table.h"

#include <utility>

namespace hypervisor {

FileTable::~FileTable() {
  for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

void FileTable::Await(Slot& slot) {
  uint32_t uses = slot.uses.load(std::memory_order_acquire);
  while (uses & kSole) {
    if (!(uses & kAwaited) &&
        !slot.uses.compare_exchange_weak(uses, uses | kAwaited, std::memory_order_relaxed)) {
      continue;
    }
    slot.uses.wait(uses | kAwaited, std::memory_order_relaxed);
    uses = slot.uses.load(std::memory_order_acquire);
  }
}

void FileTable::Destroy(Slot& slot) {
  std::atomic_thread_fence(std::memory_order_acquire);
  slot.file.reset();
  slot.uses.store(0, std::memory_order_release);
}

int FileTable::Open(std::unique_ptr<File> file) {
  const std::lock_guard lock(mutex_);
  for (int number = 0; number < most_; ++number) {
    auto& chunk = chunks_[static_cast<uint32_t>(number) / kChunkSize];
    if (!chunk.load(std::memory_order_relaxed)) chunk.store(new Chunk, std::memory_order_release);
    Slot& slot = *Find(number);
    if (slot.uses.load(std::memory_order_acquire) != 0) continue;
    slot.file = std::move(file);
    slot.uses.store(kOpen | 1, std::memory_order_release);
    return number;
  }
  return -EMFILE;
}

bool FileTable::Close(int number) {
  Slot* slot = Find(number);
  if (!slot) return false;
  if (!(slot->uses.fetch_and(~kOpen, std::memory_order_acq_rel) & kOpen)) return false;
  Leave(*slot);
  return true;
}

}  // namespace hypervisor
