// From guest code to a translated block.
#include <asmjit/x86.h>
#include <time.h>

#include <cstddef>

#include "hypervisor/sie/translator/passes/passes.h"
#include "hypervisor/sie/translator/translator.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/failure.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor {

using x86::Block;
using x86::Site;

namespace {

// Adds the CPU time of a thread, while it exists, to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(uint64_t& sum) : sum_(sum), begun_(Now()) {}
  ~Stopwatch() { sum_ += Now() - begun_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  static uint64_t Now() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }

  uint64_t& sum_;
  const uint64_t begun_;
};

}  // namespace

Block* Translator::Translate(const Key& key) {
  const Stopwatch stopwatch(counts_.nanoseconds);
  if (sites_.size() > kMostSites || blocks_.size() > kMostBlocks ||
      all_blocks_.size() + 2 > kMostBlocks) {
    Forget();
  }
  regions_always_&& MarkAsCode(key.host) ? ReadRegion(key) : ReadBlock(key);
  Block* block = guest_.instructions.empty() ? nullptr : EmitCode(key);
  ++counts_.blocks;
  if (!block) blocks_[key] = nullptr;  // the interpreter's, from now on
  return block;
}

void Translator::TranslateAgain(const Key& key, Block& first) {
  const Stopwatch stopwatch(counts_.nanoseconds);
  if (sites_.size() > kMostSites || all_blocks_.size() + 2 > kMostBlocks) return;
  const Block old = first;
  first.is_region = true;  // whatever comes of it
  if (!MarkAsCode(key.host)) return;
  const uint64_t before = forgotten_;
  ReadRegion(key);
  Block* region = guest_.instructions.empty() ? nullptr : EmitCode(key);
  if (!region) return;
  region->is_region = true;
  ++counts_.regions;
  region->renewals = old.renewals;
  if (forgotten_ == before) Replace(old, *region);
}

Block* Translator::EmitCode(const Key& key) {
  passes::FoldConstants(guest_.ir, guest_.address_mask);
  passes::FindSeenConditionCodes(guest_);
  const std::vector<uint16_t> uses = passes::RemoveDeadValues(guest_.ir);
  passes::FindFloatingRegisters(guest_, regions_always_);
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
  for (const bool again : {false, true}) {
    MarkAsCode(key.host);
    used_ = (used_ + 15) & ~size_t{15};
    uint8_t* const base = memory_->executable() + used_;
    asmjit::CodeHolder code;
    code.init(asmjit::Environment::host(), reinterpret_cast<uint64_t>(base));
    x86::Failure failure;
    code.setErrorHandler(&failure);
    asmjit::x86::Assembler assembler(&code);
    Block& block = all_blocks_.emplace_back();
    const GuestText& end = guest_.texts.back();
    block.first_byte = key.host + guest_.texts.front().offset;
    block.last_byte = key.host + end.offset + end.bytes.size() - 1;
    block.entry = base;
    block.seen = memory_->words() + all_blocks_.size() - 1;
    *block.seen = epoch_;
    const x86::Surroundings surroundings = {stubs_,
                                            [this] { return &sites_.emplace_back(); },
                                            [this] {
                                              links_.push_back(nullptr);
                                              return static_cast<uint32_t>(links_.size() - 1);
                                            },
                                            psw_mask_offset(),
                                            page_tables_.window().end,
                                            state_->gpr};
    x86::BlockEmitter emitter(assembler, guest_, uses, &block, surroundings);
    emitter.Emit();
    if (failure.failed || code.flatten() != asmjit::kErrorOk ||
        code.resolveUnresolvedLinks() != asmjit::kErrorOk) {
      return nullptr;
    }
    if (used_ + code.codeSize() > memory_->size()) {
      if (again) return nullptr;
      Forget();
      continue;
    }
    if (code.relocateToBase(reinterpret_cast<uint64_t>(base)) != asmjit::kErrorOk ||
        code.copyFlattenedData(memory_->Writable(base), memory_->size() - used_) !=
            asmjit::kErrorOk) {
      return nullptr;
    }
    for (const auto& link : emitter.links())
      links_[link.number] = base + code.labelOffsetFromBase(link.end);
    const auto offset = static_cast<uint32_t>(used_);
    for (const auto& [at, next] : emitter.accesses()) {
      accesses_.emplace_back(offset + static_cast<uint32_t>(code.labelOffsetFromBase(at)),
                             offset + static_cast<uint32_t>(code.labelOffsetFromBase(next)));
    }
    used_ += code.codeSize();
    blocks_[key] = &block;
    return &block;
  }
  return nullptr;
}

}  // namespace hypervisor
