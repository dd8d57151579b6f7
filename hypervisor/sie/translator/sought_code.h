// What code one CPU has looked for, by page: when it comes to a page in another space, as each
// process of the same program does, all that was looked for there is found at once.
#ifndef HYPERVISOR_SIE_TRANSLATOR_SOUGHT_CODE_H_
#define HYPERVISOR_SIE_TRANSLATOR_SOUGHT_CODE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/cache/code_cache.h"

namespace hypervisor {

class SoughtCode {
 public:
  using Key = CodeCache::Key;
  struct Entry {
    uint16_t offset;  // in the page
    const uint8_t* code;
  };
  struct Page {
    uint64_t shown = 0;  // the salt under which jumps were last told all entries
    std::vector<Entry> entries;
    // Null: it hasn't been looked for.
    const uint8_t* CodeAt(uint64_t address) const;
  };

  // Of the instruction's page. Null: nothing there has been looked for.
  Page* PageOf(const Key& key);
  // From now on its code is this; null: no more any.
  void Set(const Key& key, const uint8_t* code);
  void Clear();

 private:
  static constexpr size_t kMostPages = 8192;  // then all are forgotten
  static constexpr size_t kMostEntries = 64;  // of a page: what has room is what was first

  static Key OfPage(const Key& key) {
    const uint64_t offset = key.address & kPageMask;
    return {key.host - offset, key.address - offset, key.mode};
  }

  absl::flat_hash_map<Key, Page> pages_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_SOUGHT_CODE_H_
