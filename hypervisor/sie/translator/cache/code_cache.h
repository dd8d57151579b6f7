// Translated code and what belongs to it, until all of it is forgotten at once. The CPUs of a VM
// fill it for each other and execute it at the same time; what is in it neither moves nor goes away
// while one of them uses it (SharedCode).
//
// What follows "under Lock" is for who has that; nobody touches the guest's storage meanwhile,
// since a fault of the host there doesn't come back.
#ifndef HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_CACHE_H_
#define HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_CACHE_H_

#include <asmjit/x86.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "hypervisor/sie/translator/cache/code_area.h"
#include "hypervisor/sie/translator/cache/code_memory.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/frame.h"
#include "hypervisor/sie/translator/x86/stubs.h"

namespace hypervisor {

class CodeCache {
 public:
  // Where a block's instructions are, and as what they are seen.
  struct Key {
    const uint8_t* host;
    uint64_t address;
    uint16_t mode;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.host, key.address, key.mode);
    }
  };

  // Null: the host refuses memory.
  static std::unique_ptr<CodeCache> Make(const x86::Helpers& helpers);

  // Makes it empty. For one whom nobody uses.
  void Clear();

  const x86::Stubs& stubs() const { return stubs_; }
  // It is to be forgotten before more is translated.
  bool IsFull() const { return full_.load(std::memory_order_relaxed); }
  size_t used() const { return hot_.used() + cold_.used(); }

  // Where code goes on whose access to storage at `instruction` had a fault of the host; 0 if it
  // isn't such code. For signal handlers of a thread that executes it.
  uint64_t ContinueAt(uint64_t instruction) const;

  [[nodiscard]] std::unique_lock<std::mutex> Lock() const { return std::unique_lock(mutex_); }

  // ---- Under Lock ----

  // Null: there is none. Or what it has is null: the interpreter's.
  x86::Block* const* Find(const Key& key) const;
  x86::Block& At(uint32_t number) { return blocks_[number]; }
  void LeaveToInterpreter(const Key& key) { known_[key] = nullptr; }

  // What code for all CPUs takes from the one that translates it.
  struct Translating {
    x86::EngineOffsets engine;                  // the same in all
    uint64_t window_end = 0;                    // see Surroundings: hints
    const std::array<uint64_t, 16>& registers;  // likewise
  };
  // Translates `guest`, which was read at `key`, for all who look for it; null if it can't be or
  // there is no more room.
  x86::Block* Add(const Key& key, const GuestBlock& guest, const std::vector<uint16_t>& uses,
                  const Translating& by);

  // The jump that the code numbered goes to `target` from now on.
  void Link(uint32_t number, const uint8_t* target);
  // Whoever jumps to the block comes to `code`. Others may be executing it.
  void Replace(const x86::Block& block, const uint8_t* code);

  // Stores into such a page of ours aren't watched.
  bool IsBusy(const uint8_t* page) const { return busy_pages_.contains(page); }
  // Makes it one. Whoever comes to a block of it finds that it has changed.
  void MakeBusy(const uint8_t* page);

 private:
  static constexpr size_t kSize = 64 << 20;
  static constexpr size_t kHotSize = 24 << 20;
  static constexpr size_t kMostSites = 1 << 19;
  static constexpr size_t kMostOfBlock = 1 << 18;  // bytes, in either area
  static constexpr size_t kMostAtOnce = 1 << 18;   // bytes that the host is asked for

  CodeCache() = default;

  // Before more is emitted there.
  void Populate(CodeArea& area);

  mutable std::mutex mutex_;
  std::unique_ptr<CodeMemory> memory_;
  x86::Stubs stubs_{};
  // What is executed seldom stands apart: the rest takes fewer of the host's pages.
  CodeArea hot_;
  CodeArea cold_;
  std::atomic<bool> full_ = false;
  absl::flat_hash_map<Key, x86::Block*> known_;
  std::deque<x86::Block> blocks_;  // by their numbers
  std::deque<x86::Site> sites_;
  std::vector<const uint8_t*> links_;  // where jumps end
  absl::flat_hash_set<const uint8_t*> busy_pages_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_CACHE_CODE_CACHE_H_
