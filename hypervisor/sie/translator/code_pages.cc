// Pages of ours that code was translated from: stores into them are watched, unless there are many.
#include "hypervisor/sie/translator/translator.h"

namespace hypervisor {

bool Translator::IsCode(const uint8_t* page) {
  const auto known = code_pages_.find(page);
  if (known == code_pages_.end()) return false;
  code_stored_ = true;
  if (++known->second > kStoresOfBusy) busy_page_ = page;
  return true;
}

bool Translator::MarkAsCode(const uint8_t* host) {
  const uint8_t* page = PageOf(host);
  if (code_pages_.contains(page)) return true;
  {
    const auto lock = code_->Lock();
    if (code_->IsBusy(page)) return false;
  }
  code_pages_.emplace(page, 0);
  tlb_.DropWrites(page);
  page_tables_.DropWrites(page);
  return true;
}

// Linux has an instruction in its lowcore, which it stores into all the time. Such code is
// translated instruction by instruction, each compared whenever it is entered.
void Translator::LeaveUnwatched(const uint8_t* page) {
  busy_page_ = nullptr;
  code_pages_.erase(page);
  const auto lock = code_->Lock();
  if (!code_->IsBusy(page)) code_->MakeBusy(page);
}

}  // namespace hypervisor
