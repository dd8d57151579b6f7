// Pages of ours that code was translated from: stores into them are watched, unless there are many.
#include "hypervisor/sie/translator/translator.h"

namespace hypervisor {

namespace {

const uint8_t* PageOf(const uint8_t* host) {
  return reinterpret_cast<const uint8_t*>(reinterpret_cast<uint64_t>(host) & ~kPageMask);
}

}  // namespace

bool Translator::IsCode(const uint8_t* page) {
  const auto known = code_pages_.find(page);
  if (known == code_pages_.end()) return false;
  code_stored_ = true;
  if (++known->second > kStoresOfBusy) busy_page_ = page;
  return true;
}

bool Translator::MarkAsCode(const uint8_t* host) {
  const uint8_t* page = PageOf(host);
  if (busy_pages_.contains(page)) return false;
  if (!code_pages_.emplace(page, 0).second) return true;
  tlb_.DropWrites(page);
  page_tables_.DropWrites(page);
  return true;
}

// Linux has an instruction in its lowcore, which it stores into all the time. Such code is
// translated instruction by instruction, each compared whenever it is entered.
void Translator::LeaveUnwatched(const uint8_t* page) {
  busy_page_ = nullptr;
  code_pages_.erase(page);
  busy_pages_.insert(page);
  std::vector<Key> keys;
  for (const auto& [key, block] : blocks_) {
    if (!block || PageOf(key.host) != page) continue;
    if (key.mode != CurrentMode()) return Forget();  // it is translated in its mode only
    keys.push_back(key);
  }
  const uint64_t before = forgotten_;
  for (const Key& key : keys) {
    const x86::Block old = *blocks_[key];
    const x86::Block* fresh = Translate(key);
    if (forgotten_ != before) return;
    if (!fresh) return Forget();  // nobody may come to the old one
    Replace(old, *fresh);
  }
}

}  // namespace hypervisor
