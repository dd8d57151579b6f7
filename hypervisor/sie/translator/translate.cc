// From guest code to a translated block.
#include <time.h>

#include <cstddef>

#include "hypervisor/sie/translator/passes/passes.h"
#include "hypervisor/sie/translator/translator.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor {

using x86::Block;

namespace {

// Adds the time while it exists to a sum. A thread's CPU time would be a system call, which takes
// as long as the translation of some instructions.
class Stopwatch {
 public:
  explicit Stopwatch(uint64_t& sum) : sum_(sum), begun_(Now()) {}
  ~Stopwatch() { sum_ += Now() - begun_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  static uint64_t Now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  uint64_t& sum_;
  const uint64_t begun_;
};

}  // namespace

Block* Translator::Translate(const Key& key, const Block* stale) {
  const Stopwatch stopwatch(counts_.nanoseconds);
  if (code_->IsFull()) return nullptr;
  regions_always_&& MarkAsCode(key.host) ? ReadRegion(key) : ReadBlock(key);
  const bool is_empty = guest_.instructions.empty();
  const std::vector<uint16_t> uses = is_empty ? std::vector<uint16_t>() : PrepareIr();
  ++counts_.blocks;
  const auto lock = code_->Lock();
  if (!is_empty) return Add(key, uses, stale);
  code_->LeaveToInterpreter(key);
  return nullptr;
}

void Translator::TranslateAgain(const Key& key, Block& first) {
  const Stopwatch stopwatch(counts_.nanoseconds);
  if (code_->IsFull() || !MarkAsCode(key.host)) return;
  ReadRegion(key);
  if (guest_.instructions.empty()) return;
  const std::vector<uint16_t> uses = PrepareIr();
  const auto lock = code_->Lock();
  Block* const* known = code_->Find(key);
  if (!known || *known != &first) return;  // another CPU was here
  Block* region = Add(key, uses, &first);
  if (!region) return;
  region->is_region = true;
  ++counts_.regions;
  region->renewals = first.renewals;
  code_->Replace(first, region->entry);
}

std::vector<uint16_t> Translator::PrepareIr() {
  passes::FoldConstants(guest_.ir, guest_.address_mask);
  passes::NarrowSelectedBits(guest_);
  passes::ForwardStores(guest_);
  passes::FindSeenConditionCodes(guest_);
  std::vector<uint16_t> uses = passes::RemoveDeadValues(guest_.ir);
  passes::FindFloatingRegisters(guest_, regions_always_);
  passes::FindUnreversedVectors(guest_);
  uint16_t pinned = 0;
  for (const auto& [guest, host] : x86::kPinned) pinned |= static_cast<uint16_t>(1u << guest);
  passes::FindBorrowedHosts(guest_, pinned, regions_always_);
  uint16_t have_hosts = pinned;
  for (size_t guest = 0; guest < guest_.lenders.size(); ++guest) {
    if (guest_.lenders[guest] == GuestBlock::kNoHost) continue;
    have_hosts |= static_cast<uint16_t>(1u << guest);
    have_hosts &= static_cast<uint16_t>(~(1u << guest_.lenders[guest]));
  }
  passes::FindNarrowRegisters(guest_, have_hosts, regions_always_);
  WidenWindow(x86::kWindowStart);
  return uses;
}

Block* Translator::Add(const Key& key, const std::vector<uint16_t>& uses, const Block* stale) {
  Block* const* known = code_->Find(key);
  if (known && *known != stale) return *known;
  // Another CPU may have found it busy since it was read.
  if (!guest_.unwatched && code_->IsBusy(PageOf(key.host))) return nullptr;
  Block* block = code_->Add(key, guest_, uses, {Offsets(), page_tables_.window().end, state_->gpr});
  if (block) {
    SetSeen(block->number, epoch_);
  } else if (!code_->IsFull()) {
    ++counts_.refused;
    code_->LeaveToInterpreter(key);
  }
  return block;
}

}  // namespace hypervisor
