// Where a guest has its storage at one distance from where we have it, as an operating system's
// kernel does that maps all of it and a program without address translation, loads need no look-up
// of their page.
//
// To form translations ahead of their use is what a CPU may do (PoP: Storage, "Formation of TLB
// Entries"): a window ends where an entry is invalid, and is forgotten with whatever purges one of
// its translations. Pages of a window count as referenced, and once a guest uses storage keys there
// is none.
#include <algorithm>
#include <optional>
#include <utility>

#include "hypervisor/sie/translator/translator.h"
#include "hypervisor/storage/byte_order.h"
#include "hypervisor/storage/dat.h"

namespace hypervisor {
namespace {

constexpr uint64_t kReach = uint64_t{256} << 20;  // how far behind a window a load widens it
constexpr int kStepsAtOnce = 64;
constexpr size_t kMostTables = 64;

constexpr bool IsPrefixed(uint64_t real, uint32_t prefix) {
  return ApplyPrefix(GuestReal(real), prefix) != GuestAbsolute(real);
}

// How many page-table entries from `at` on, `most` at most, lead from page to page.
uint64_t SuccessiveEntries(const uint8_t* at, uint64_t most) {
  const auto first = LoadStorage<uint64_t>(at);
  uint64_t count = 1;
  for (; count < most; ++count) {
    const auto entry = LoadStorage<uint64_t>(at + count * sizeof(first));
    if (!IsValidPageTableEntry(entry) ||
        (entry & ~kPageMask) != (first & ~kPageMask) + count * kPageSize) {
      break;
    }
  }
  return count;
}

}  // namespace

void Translator::WidenWindow(uint64_t address) {
  if (data_context_ == Tlb::kNoContext || data_context_ != table_context_ || chaos_.slow) return;
  const uint64_t end = page_tables_.window().end;
  if (address < end || address - end > kReach || psw_key() != 0 || environment_.keys.used()) return;
  uint64_t asce_word = 0;
  bool dat_on = false;
  if (!AsceOf(Space::ByPsw(0), asce_word, dat_on) || (asce_word & asce::kRealSpace)) return;
  PageTables::Window window = page_tables_.window();
  for (int i = 0; i < kStepsAtOnce && Widen(window, asce_word, dat_on);) ++i;
  if (window.end == end) return;
  counts_.widest_window = std::max(counts_.widest_window, window.end - x86::kWindowStart);
  page_tables_.SetWindow(std::move(window));
}

// Until a guest uses keys, nothing takes that back: a window that is made anew, as after each
// purge, marks nothing.
void Translator::MarkReferenced(UserAddress first, UserAddress end) {
  if (first >= referenced_first_ && end <= referenced_end_) return;
  environment_.keys.SetReferenced(first, UserAddress(end.raw() - 1));
  if (first != referenced_end_) referenced_first_ = first;
  referenced_end_ = end;
}

bool Translator::Widen(PageTables::Window& window, uint64_t asce_word, bool dat_on) {
  const uint64_t address = window.end;
  uint64_t length = kSegmentSize - address % kSegmentSize;
  GuestReal real(address);
  std::optional<uint64_t> guests_table;
  if (dat_on) {
    const DatResult dat = Walk(asce_word, GuestLogical(address));
    if (dat.table_unreadable) stop_ = Stop::kNone;  // nobody has asked for it
    if (!dat.ok()) return false;
    real = dat.address;
    if (dat.frame_size == kPageSize) {
      guests_table = dat.entry_address.raw() & ~uint64_t{0x7ff};
      const uint8_t* entry = FindAbsolute(dat.entry_address, false);
      length = kPageSize * SuccessiveEntries(entry, length / kPageSize);
    }
  }
  const GuestAbsolute absolute = ApplyPrefix(real, state_->prefix);
  // Large frames are absolute; elsewhere, two blocks trade places.
  if (!dat_on || guests_table) {
    if (IsPrefixed(real.raw(), state_->prefix)) return false;
    if (real.raw() < state_->prefix) length = std::min(length, state_->prefix - real.raw());
  }
  const auto mapping = environment_.space.Find(VcpuAddress(absolute.raw()));
  if (!mapping) return false;
  length = std::min(length, mapping->last.raw() - absolute.raw() + 1);
  const UserAddress user = mapping->user + (VcpuAddress(absolute.raw()) - mapping->start);
  const uint64_t addend = user.raw() - address;
  if (address != x86::kWindowStart && addend != window.addend) return false;
  if (guests_table && std::ranges::count(window.guests_tables, *guests_table) == 0) {
    if (window.guests_tables.size() == kMostTables) return false;
    window.guests_tables.push_back(*guests_table);
  }
  MarkReferenced(user, user + length);
  window.addend = addend;
  window.end += length;
  return true;
}

}  // namespace hypervisor
