// Flat page tables of data spaces for translated code: entry `page` of a table tells where that
// page of the space is in our memory. Sparse reservations; an absent entry carries every rare
// check.
#ifndef HYPERVISOR_SIE_TRANSLATOR_CACHE_PAGE_TABLES_H_
#define HYPERVISOR_SIE_TRANSLATOR_CACHE_PAGE_TABLES_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/x86/frame.h"

namespace hypervisor {

class PageTables {
 public:
  PageTables();
  ~PageTables();
  PageTables(const PageTables&) = delete;
  PageTables& operator=(const PageTables&) = delete;

  // The table of a context, empty if it is new; null if the host gives no address space.
  // kNoContext has one that is never filled.
  x86::PageEntry* Of(uint64_t context);

  // Makes what a page's entry says. `context` is the one that Of was asked for last.
  void Set(uint64_t page, uint64_t read, uint64_t write);

  // Makes what the low entry says of page 0 or 1: where stores go beside what low-address
  // protection covers. Likewise.
  void SetLow(uint64_t page, uint64_t write);

  // The window of loads: addresses from x86::kWindowStart to `end` are at the address + `addend` in
  // our memory. Likewise.
  struct Window {
    uint64_t end = x86::kWindowStart;
    uint64_t addend = 0;
    std::vector<uint64_t> guests_tables;  // origins of page tables of the guest's that say so
  };
  const Window& window() const { return current_->window; }
  void SetWindow(Window window);

  // Stores to our page at `host` need C++ again, in every space.
  void DropWrites(const uint8_t* host);

  // Forgets the pages with these rightmost eight bits of their number, in every space, and windows
  // that this page table of the guest's is part of.
  void DropPages(uint64_t guests_table, uint8_t index);

  // Forgets everything.
  void Clear();

  // The words in front of all tables, x86::kMostBlocks; null if the host has no memory for them.
  uint64_t* seen() const { return seen_; }

 private:
  static constexpr uint64_t kEntries = x86::kPageTableEntries;  // for loads, and for stores
  static constexpr size_t kSeenSize = x86::kMostBlocks * sizeof(uint64_t);
  // Of a table: the words, and room for its low entries and its window.
  static constexpr size_t kInFront = kSeenSize + x86::kPageInFront;
  static constexpr size_t kReservation = kInFront + 2 * kEntries * sizeof(x86::PageEntry);
  static constexpr size_t kTables = 24;
  static constexpr size_t kMostFilled = 1 << 18;  // of one table
  static constexpr size_t kMostPages =
      16384;  // of 4 KiB that entries for loads take, and those for stores

  struct Table {
    x86::PageEntry* entries = nullptr;
    uint64_t used = 0;  // when
    // Pages with entries, by the rightmost eight bits of their number.
    std::array<std::vector<uint32_t>, 256> filled;
    size_t filled_count = 0;
    absl::flat_hash_set<uint32_t>
        pages;  // of ours that hold entries: as many for loads as for stores
    Window window;
  };

  void Empty(Table& table, bool give_back);
  static void ShowWindow(Table& table, Window window);
  static x86::PageEntry& LowEntry(const Table& table, uint64_t page) {
    return *(table.entries - x86::kLowPages + page);
  }

  int seen_file_;
  uint64_t* seen_ = nullptr;
  // Which context each table is of, apart: a space is looked for at each switch.
  static constexpr uint64_t kNone = ~uint64_t{0};
  std::array<uint64_t, kTables> contexts_;
  std::array<Table, kTables> tables_;
  Table* current_ = nullptr;
  // Our pages that entries for stores have been of, by the rightmost bits of their numbers.
  static constexpr size_t kStored = 1 << 16;
  std::bitset<kStored> stored_;
  uint64_t clock_ = 0;
  size_t pages_ = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_CACHE_PAGE_TABLES_H_
