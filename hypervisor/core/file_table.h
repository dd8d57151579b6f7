// The open files of a device, by number.
//
// Use is two uncontended atomic operations on the file's own cache line. KVM_RUN goes through here,
// and has the file to itself by the same two, if nobody else is in it.
#ifndef HYPERVISOR_CORE_FILE_TABLE_H_
#define HYPERVISOR_CORE_FILE_TABLE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "hypervisor/core/file.h"

namespace hypervisor {

class FileTable {
 private:
  struct alignas(64) Slot {
    // The number of uses, the open file's own included; kOpen while the number is good; kSole while
    // one of them is a SoleUse, and kAwaited if others wait for its end. The file is destroyed by
    // whoever takes the last use back.
    std::atomic<uint32_t> uses = 0;
    std::unique_ptr<File> file;
  };
  static constexpr uint32_t kOpen = 1u << 31;
  static constexpr uint32_t kSole = 1u << 30;
  static constexpr uint32_t kAwaited = 1u << 29;
  static constexpr uint32_t kCount = kAwaited - 1;

 public:
  static constexpr int kMost = 1 << 20;

  // Holds `most` files, kMost of them at most.
  explicit FileTable(int most) : most_(most < kMost ? most : kMost) {}
  FileTable(const FileTable&) = delete;
  FileTable& operator=(const FileTable&) = delete;
  ~FileTable();

  // Keeps a file alive while a call is in it.
  class Use {
   public:
    Use(FileTable& table, int number) : slot_(table.Enter(number)) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      if (slot_) Leave(*slot_);
    }

    // Null: the number is no open file's.
    File* file() const { return slot_ ? slot_->file.get() : nullptr; }

    // Returns when no SoleUse is left. Another one can't begin before this use ends.
    void AwaitSoleUse() const {
      if (slot_->uses.load(std::memory_order_acquire) & kSole) Await(*slot_);
    }

   private:
    Slot* slot_;
  };

  // A use that begins while there is no other one.
  class SoleUse {
   public:
    SoleUse(FileTable& table, int number) : slot_(table.EnterAlone(number)) {}
    SoleUse(const SoleUse&) = delete;
    SoleUse& operator=(const SoleUse&) = delete;
    ~SoleUse() {
      if (slot_) Leave(*slot_, kSole);
    }

    // Null: there are others, or the number is no open file's.
    File* file() const { return slot_ ? slot_->file.get() : nullptr; }

   private:
    Slot* slot_;
  };

  // The lowest free number, or -EMFILE.
  int Open(std::unique_ptr<File> file);

  // False: the number is no open file's. The file lives on until the last call has left it.
  bool Close(int number);

 private:
  static constexpr uint32_t kChunkSize = 256;
  static constexpr uint32_t kChunks = kMost / kChunkSize;
  using Chunk = std::array<Slot, kChunkSize>;

  Slot* Find(int number) const {
    const auto index = static_cast<uint32_t>(number);
    if (index >= kMost) return nullptr;
    Chunk* chunk = chunks_[index / kChunkSize].load(std::memory_order_acquire);
    return chunk ? &(*chunk)[index % kChunkSize] : nullptr;
  }
  Slot* Enter(int number) {
    Slot* slot = Find(number);
    if (!slot) return nullptr;
    uint32_t uses = slot->uses.load(std::memory_order_relaxed);
    do {
      if (!(uses & kOpen)) return nullptr;
    } while (!slot->uses.compare_exchange_weak(uses, uses + 1, std::memory_order_acquire));
    return slot;
  }
  Slot* EnterAlone(int number) {
    Slot* slot = Find(number);
    uint32_t uses = kOpen | 1;
    if (!slot ||
        !slot->uses.compare_exchange_strong(uses, kOpen | kSole | 2, std::memory_order_acquire)) {
      return nullptr;
    }
    return slot;
  }
  // `sole` is kSole from a SoleUse, else 0.
  static void Leave(Slot& slot, uint32_t sole = 0) {
    const uint32_t ended = sole ? kSole | kAwaited : 0;
    uint32_t uses = slot.uses.load(std::memory_order_relaxed);
    // The one use that is left once the file is gone keeps the slot from being taken meanwhile.
    while ((uses & kCount) != 1) {
      const uint32_t left = (uses - 1) & ~ended;
      if (!slot.uses.compare_exchange_weak(uses, left, std::memory_order_acq_rel)) continue;
      if (uses & ended & kAwaited) slot.uses.notify_all();
      return;
    }
    Destroy(slot);
  }
  static void Await(Slot& slot);
  static void Destroy(Slot& slot);

  const int most_;
  std::mutex mutex_;  // taken to open a file
  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_FILE_TABLE_H_
