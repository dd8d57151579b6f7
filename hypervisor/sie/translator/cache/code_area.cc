#include "hypervisor/sie/translator/cache/code_area.h"

#include <algorithm>

namespace hypervisor {

bool CodeArea::Make(uint8_t* begin, size_t size) {
  begin_ = begin;
  size_ = size;
  // Zeros, which take no memory until they are used.
  accesses_.reset(static_cast<Access*>(std::calloc(kMostAccesses, sizeof(Access))));
  return accesses_ != nullptr;
}

void CodeArea::Clear(size_t kept) {
  access_count_ = 0;
  Use(begin_ + kept);
}

void CodeArea::Use(const uint8_t* end) {
  const auto used = static_cast<size_t>(end - begin_);
  used_.store(std::min((used + 15) & ~size_t{15}, size_), std::memory_order_relaxed);
}

bool CodeArea::AddAccess(const uint8_t* at, const uint8_t* next) {
  const size_t count = access_count_.load(std::memory_order_relaxed);
  if (count == kMostAccesses) return false;
  accesses_[count] = {static_cast<uint32_t>(at - begin_), static_cast<int32_t>(next - begin_)};
  access_count_.store(count + 1, std::memory_order_release);
  return true;
}

uint64_t CodeArea::ContinueAt(uint64_t instruction) const {
  const auto base = reinterpret_cast<uint64_t>(begin_);
  const Access* end = accesses_.get() + access_count_.load(std::memory_order_acquire);
  const uint64_t offset = instruction - base;
  const Access* found =
      std::lower_bound(static_cast<const Access*>(accesses_.get()), end, offset,
                       [](const Access& access, uint64_t at) { return access.at < at; });
  return found == end || found->at != offset ? 0
                                             : base + static_cast<uint64_t>(int64_t{found->next});
}

}  // namespace hypervisor
