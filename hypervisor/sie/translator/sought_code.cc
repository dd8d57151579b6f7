#include "hypervisor/sie/translator/sought_code.h"

#include <algorithm>

namespace hypervisor {

const uint8_t* SoughtCode::Page::CodeAt(uint64_t address) const {
  for (const Entry& entry : entries)
    if (entry.offset == (address & kPageMask)) return entry.code;
  return nullptr;
}

SoughtCode::Page* SoughtCode::PageOf(const Key& key) {
  const auto found = pages_.find(OfPage(key));
  return found == pages_.end() ? nullptr : &found->second;
}

void SoughtCode::Set(const Key& key, const uint8_t* code) {
  if (pages_.size() == kMostPages) pages_.clear();
  std::vector<Entry>& entries = pages_[OfPage(key)].entries;
  const auto offset = static_cast<uint16_t>(key.address & kPageMask);
  const auto known = std::find_if(entries.begin(), entries.end(),
                                  [offset](const Entry& entry) { return entry.offset == offset; });
  if (known != entries.end()) {
    code ? known->code = code : (entries.erase(known), nullptr);
  } else if (code && entries.size() < kMostEntries) {
    entries.push_back({offset, code});
  }
}

void SoughtCode::Clear() {
  pages_.clear();
}

}  // namespace hypervisor
