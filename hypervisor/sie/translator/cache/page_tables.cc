#include "hypervisor/sie/translator/cache/page_tables.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "hypervisor/arch/address.h"

namespace hypervisor {

using x86::PageEntry;

namespace {

constexpr int kEntriesOfPage = 9;  // of ours, as a power of two

}  // namespace

PageTables::PageTables() : seen_file_(memfd_create("translated-code-seen", MFD_CLOEXEC)) {
  contexts_.fill(kNone);
  if (seen_file_ < 0 || ftruncate(seen_file_, kSeenSize) != 0) return;
  void* at = mmap(nullptr, kSeenSize, PROT_READ | PROT_WRITE, MAP_SHARED, seen_file_, 0);
  if (at != MAP_FAILED) seen_ = static_cast<uint64_t*>(at);
}

PageTables::~PageTables() {
  if (seen_) munmap(seen_, kSeenSize);
  if (seen_file_ >= 0) close(seen_file_);
  for (Table& table : tables_) {
    if (!table.entries) continue;
    munmap(reinterpret_cast<uint8_t*>(table.entries) - kInFront, kReservation);
  }
}

PageEntry* PageTables::Of(uint64_t context) {
  const auto known = std::ranges::find(contexts_, context);
  if (known != contexts_.end()) {
    current_ = &tables_[static_cast<size_t>(known - contexts_.begin())];
    current_->used = ++clock_;
    return current_->entries;
  }
  Table* const oldest = std::ranges::min_element(tables_, {}, &Table::used);
  if (!oldest->entries) {
    void* at = mmap(nullptr, kReservation, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    if (mmap(at, kSeenSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, seen_file_, 0) ==
        MAP_FAILED) {
      munmap(at, kReservation);
      return nullptr;
    }
    oldest->entries = reinterpret_cast<PageEntry*>(static_cast<uint8_t*>(at) + kInFront);
  }
  Empty(*oldest, false);
  contexts_[static_cast<size_t>(oldest - tables_.data())] = context;
  oldest->used = ++clock_;
  current_ = oldest;
  return oldest->entries;
}

void PageTables::Set(uint64_t page, uint64_t read, uint64_t write) {
  if (page >= kEntries) return;
  const auto group = static_cast<uint32_t>(page >> kEntriesOfPage);
  if (current_->pages.insert(group).second && ++pages_ > kMostPages) {
    for (Table& table : tables_) {
      if (table.entries) Empty(table, true);
    }
    current_->pages.insert(group);
    pages_ = 1;
  }
  PageEntry& for_loads = current_->entries[page];
  PageEntry& for_stores = current_->entries[kEntries + page];
  if (for_loads == 0 && for_stores == 0) {
    if (current_->filled_count >= kMostFilled) Empty(*current_, false);
    current_->filled[page & 0xff].push_back(static_cast<uint32_t>(page));
    ++current_->filled_count;
  }
  for_loads = read;
  for_stores = write;
  if (write != 0) stored_.set((write / kPageSize + page) % kStored);
}

void PageTables::SetLow(uint64_t page, uint64_t write) {
  LowEntry(*current_, page) = write;
  stored_.set((write / kPageSize + page) % kStored);
}

void PageTables::SetWindow(Window window) {
  ShowWindow(*current_, std::move(window));
}

void PageTables::ShowWindow(Table& table, Window window) {
  table.window = std::move(window);
  const uint64_t size = table.window.end - x86::kWindowStart;
  table.entries[x86::kWindowLimit] = size - std::min(size, x86::kWindowMargin);
  table.entries[x86::kWindowAddend] = table.window.addend;
}

void PageTables::DropWrites(const uint8_t* host) {
  const auto address = reinterpret_cast<uint64_t>(host);
  if (!stored_[address / kPageSize % kStored]) return;
  for (Table& table : tables_) {
    if (!table.entries) continue;
    for (uint64_t page = 0; page < x86::kLowPages; ++page) {
      PageEntry& low = LowEntry(table, page);
      if (low != 0 && low + (page << 12) == address) low = 0;
    }
    for (const auto& pages : table.filled) {
      for (const uint32_t page : pages) {
        PageEntry& entry = table.entries[kEntries + page];
        if (entry != 0 && entry + (uint64_t{page} << 12) == address) entry = 0;
      }
    }
  }
}

void PageTables::DropPages(uint64_t guests_table, uint8_t index) {
  for (Table& table : tables_) {
    if (!table.entries) continue;
    if (std::ranges::count(table.window.guests_tables, guests_table) > 0) ShowWindow(table, {});
    if (index < x86::kLowPages) LowEntry(table, index) = 0;
    std::vector<uint32_t>& pages = table.filled[index];
    for (const uint32_t page : pages) table.entries[page] = table.entries[kEntries + page] = 0;
    table.filled_count -= pages.size();
    pages.clear();
  }
}

void PageTables::Clear() {
  stored_.reset();
  contexts_.fill(kNone);
  for (Table& table : tables_) {
    if (table.entries) Empty(table, false);
    table.used = 0;
  }
}

void PageTables::Empty(Table& table, bool give_back) {
  ShowWindow(table, {});
  for (uint64_t page = 0; page < x86::kLowPages; ++page) LowEntry(table, page) = 0;
  for (auto& pages : table.filled) {
    for (const uint32_t page : pages) table.entries[page] = table.entries[kEntries + page] = 0;
    pages.clear();
  }
  table.filled_count = 0;
  if (!give_back) return;
  madvise(table.entries, 2 * kEntries * sizeof(PageEntry), MADV_DONTNEED);
  pages_ -= table.pages.size();
  table.pages.clear();
}

}  // namespace hypervisor
