// The interpreter's translation-lookaside buffer: logical pages to our own memory.
//
// An entry is tagged with its page and a context: a number for one combination of address space,
// access key and protection controls. Changing any of those is a change of context, not a flush.
// An absent entry carries every rare check: the hot path has one comparison for all of them.
#ifndef HYPERVISOR_STORAGE_TLB_H_
#define HYPERVISOR_STORAGE_TLB_H_

#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "hypervisor/arch/address.h"

namespace hypervisor {

// All that decides what a page of logical storage means to an access, the page itself apart.
struct TranslationContext {
  uint64_t asce = 0;  // 0 in real mode
  uint32_t prefix = 0;
  uint8_t key = 0;
  bool dat = false;
  bool absolute = false;  // neither DAT nor prefixing
  bool low_address_protection = false;
  bool fetch_override = false;
  bool storage_override = false;
  bool edat = false;
  bool iep = false;
  bool watch_stores = false;  // PER storage alteration: every store takes the slow path

  friend bool operator==(const TranslationContext&, const TranslationContext&) = default;
};

class Tlb {
 public:
  using ContextId = uint64_t;  // 1 to 4094: fits below the page bits of a tag
  static constexpr ContextId kNoContext = kPageMask;  // no entry is tagged with it

  // All zero if absent: no tag is 0.
  struct Entry {
    uint64_t read_tag;
    uint64_t write_tag;
    uint64_t fetch_tag;
    uint64_t addend;  // logical + addend = our address
  };

  // The entries take no memory until they are used.
  Tlb()
      : entries_(static_cast<Entry*>(
            mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (entries_ == MAP_FAILED) std::abort();
  }
  ~Tlb() { munmap(entries_, kSize); }
  Tlb(const Tlb&) = delete;
  Tlb& operator=(const Tlb&) = delete;

  // The number of a context, new or known.
  ContextId IdOf(const TranslationContext& context) {
    Known& known = known_[Hash(context)];
    if (known.id < first_ || !(known.context == context)) {
      if (next_ >= kNoContext) Clear();
      known = Known{next_++, context};
    }
    return known.id;
  }

  // Likewise, but kNoContext if a new one would void those that were given out.
  ContextId IdIfThereIs(const TranslationContext& context) {
    const Known& known = known_[Hash(context)];
    const bool is_known = known.id >= first_ && known.context == context;
    return is_known || next_ < kNoContext ? IdOf(context) : kNoContext;
  }

  Entry& At(uint64_t logical, ContextId context) {
    return entries_[(logical >> 12 ^ context << kContextShift) % kEntries];
  }

  // For code that looks for itself, as At does.
  static constexpr size_t kEntries = 1024;
  static constexpr int kContextShift = 4;
  Entry* const& entries() const { return entries_; }

  static constexpr uint64_t Tag(uint64_t logical, ContextId context) {
    return (logical & ~kPageMask) | context;
  }

  // Makes sure that the next `count` calls of IdOf void no number given out between them.
  void Reserve(uint64_t count) {
    if (next_ + count >= kNoContext) Clear();
  }

  // Forgets every translation. Context numbers that were given out are void: entries with them stay
  // and are never found again.
  void Flush() {
    first_ = next_;
    ++flushes_;
  }

  // Forgets what was translated by an address-space-control element with these bits of `mask`:
  // numbers of such contexts are void, as by Flush.
  void FlushSpace(uint64_t asce, uint64_t mask) {
    for (Known& known : known_) {
      if (known.context.dat && ((known.context.asce ^ asce) & mask) == 0) known = Known{};
    }
  }

  // Forgets the pages with these rightmost eight bits of their number, in all contexts.
  void FlushPages(uint8_t index) {
    for (size_t at = index % 16; at < kEntries; at += 16) {
      Entry& entry = entries_[at];
      const uint64_t tag = entry.read_tag | entry.write_tag | entry.fetch_tag;
      if ((tag >> 12 & 0xff) == index) entry = Entry{};
    }
  }

  // How often every translation was forgotten: what was derived from one is void with it.
  uint64_t flushes() const { return flushes_; }

  // Stores to our page at `page` take the slow way again.
  void DropWrites(const uint8_t* page) {
    for (Entry* entry = entries_; entry != entries_ + kEntries; ++entry) {
      if ((entry->write_tag & ~kPageMask) + entry->addend == reinterpret_cast<uint64_t>(page))
        entry->write_tag = 0;
    }
  }

 private:
  static constexpr size_t kSize = kEntries * sizeof(Entry);
  static constexpr size_t kKnown = 64;

  struct Known {
    ContextId id = 0;
    TranslationContext context;
  };

  // Makes all numbers new ones.
  void Clear() {
    std::memset(static_cast<void*>(entries_), 0, kSize);
    known_.fill(Known{});
    first_ = next_ = 1;
    ++flushes_;
  }

  static size_t Hash(const TranslationContext& context) {
    const uint64_t word = context.asce ^ context.asce >> 12 ^ uint64_t { context.key } << 3 ^
                          context.prefix >> 13 ^ uint64_t { context.dat } << 1 ^ context.absolute;
    return (word * 0x9e3779b97f4a7c15) >> 58;
  }

  Entry* const entries_;
  std::array<Known, kKnown> known_{};
  ContextId first_ = 1;  // numbers below are void
  ContextId next_ = 1;
  uint64_t flushes_ = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_STORAGE_TLB_H_
