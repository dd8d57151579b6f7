// Tables of dynamic address translation in a guest's storage, built by the host.
#ifndef TESTS_GUESTS_TRANSLATION_TABLES_H_
#define TESTS_GUESTS_TRANSLATION_TABLES_H_

#include <cstdint>
#include <map>

#include "tests/guests/commands.h"

namespace hypervisor {

// Levels: 4 region-first, 3 region-second, 2 region-third, 1 segment, 0 page.
class TranslationTables {
 public:
  static constexpr uint64_t kInvalid = 0x20;
  static constexpr uint64_t kPageInvalid = 0x400;
  static constexpr uint64_t kProtected = 0x200;
  static constexpr uint64_t kLargeFrame = 0x400;  // in a segment- or region-third-table entry
  static constexpr uint64_t kNoExecute = 0x100;   // in a page-table entry

  // A space whose highest tables are of `top`, at storage from `where` on; empty but for the
  // guest's own first 512 KiB.
  TranslationTables(CommandMachine& machine, int top, uint64_t where)
      : machine_(machine), top_(top), next_(where) {
    root_ = NewTable(top);
    for (uint64_t page = 0; page < 0x80000; page += kPageSize) Map(page, page);
  }

  uint64_t asce() const { return root_ | static_cast<uint64_t>(top_ - 1) << 2 | 3; }

  void Map(uint64_t logical, uint64_t real, uint64_t bits = 0) {
    machine_.Put<uint64_t>(EntryAt(0, logical), real | bits);
  }
  // Where the entry of `level` for an address stands; tables above it come into being.
  uint64_t EntryAt(int level, uint64_t logical) {
    uint64_t table = root_;
    for (int at = top_;; --at) {
      const uint64_t entry = table + Index(at, logical) * 8;
      if (at == level) return entry;
      uint64_t& below = tables_[entry];
      if (!below) {
        below = NewTable(at - 1);
        machine_.Put<uint64_t>(entry,
                               at == 1 ? below : below | static_cast<uint64_t>(at - 1) << 2 | 3);
      }
      table = below;
    }
  }
  void Or(int level, uint64_t logical, uint64_t bits) {
    const uint64_t entry = EntryAt(level, logical);
    machine_.Put<uint64_t>(entry, machine_.Read<uint64_t>(entry) | bits);
  }

 private:
  static uint64_t Index(int level, uint64_t logical) {
    return level == 0 ? logical >> 12 & 0xff : logical >> (20 + 11 * (level - 1)) & 0x7ff;
  }
  uint64_t NewTable(int level) {
    const uint64_t size = level == 0 ? 0x800 : 0x4000;
    const uint64_t table = (next_ + size - 1) & ~(size - 1);
    next_ = table + size;
    const uint64_t type =
        level == 0 ? kPageInvalid : kInvalid | static_cast<uint64_t>(level - 1) << 2;
    for (uint64_t at = table; at < next_; at += 8) machine_.Put<uint64_t>(at, type);
    return table;
  }

  CommandMachine& machine_;
  const int top_;
  uint64_t next_;
  uint64_t root_;
  std::map<uint64_t, uint64_t> tables_;  // by the entry that names them
};

}  // namespace hypervisor

#endif  // TESTS_GUESTS_TRANSLATION_TABLES_H_
