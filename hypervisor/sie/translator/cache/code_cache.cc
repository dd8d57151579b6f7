#include "hypervisor/sie/translator/cache/code_cache.h"

#include <algorithm>
#include <cstring>

#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/x86/failure.h"

namespace hypervisor {

using x86::Block;

std::unique_ptr<CodeCache> CodeCache::Make(const x86::Helpers& helpers) {
  std::unique_ptr<CodeCache> cache(new CodeCache);
  cache->memory_ = CodeMemory::Allocate(kSize);
  if (!cache->memory_) return nullptr;
  uint8_t* const begin = cache->memory_->executable();
  if (!cache->hot_.Make(begin, kHotSize) ||
      !cache->cold_.Make(begin + kHotSize, kSize - kHotSize)) {
    return nullptr;
  }
  if (!MakeStubs(*cache->memory_, helpers, cache->stubs_)) return nullptr;
  cache->Clear();
  return cache;
}

void CodeCache::Clear() {
  hot_.Clear(stubs_.size);
  cold_.Clear();
  full_ = false;
  known_.clear();
  blocks_.clear();
  sites_.clear();
  links_.clear();
  busy_pages_.clear();
}

uint64_t CodeCache::ContinueAt(uint64_t instruction) const {
  if (!memory_->Contains(instruction)) return 0;
  if (stubs_.storage.Contains(instruction))
    return reinterpret_cast<uint64_t>(stubs_.storage.failed);
  const uint64_t next = hot_.ContinueAt(instruction);
  return next != 0 ? next : cold_.ContinueAt(instruction);
}

Block* const* CodeCache::Find(const Key& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

Block* CodeCache::Add(const Key& key, const GuestBlock& guest, const std::vector<uint16_t>& uses,
                      const Translating& by) {
  if (IsFull()) return nullptr;
  Populate(hot_);
  Populate(cold_);
  uint8_t* const base = hot_.end();
  asmjit::CodeHolder code;
  code.init(asmjit::Environment::host(), reinterpret_cast<uint64_t>(base));
  x86::Failure failure;
  code.setErrorHandler(&failure);
  // Every offset is from `base`, also of what is emitted into the other area.
  asmjit::CodeBuffer& buffer = code.textSection()->buffer();
  buffer._data = memory_->Writable(base);
  buffer._flags = asmjit::CodeBufferFlags::kIsExternal | asmjit::CodeBufferFlags::kIsFixed;
  buffer._capacity = kMostOfBlock;
  asmjit::x86::Assembler assembler(&code);
  Block& block = blocks_.emplace_back();
  block.number = static_cast<uint32_t>(blocks_.size() - 1);
  const GuestText& end = guest.texts.back();
  block.first_byte = key.host + guest.texts.front().offset;
  block.last_byte = key.host + end.offset + end.bytes.size() - 1;
  block.entry = base;
  block.host = key.host;
  const x86::Surroundings surroundings = {stubs_,
                                          [this] { return &sites_.emplace_back(); },
                                          [this] {
                                            links_.push_back(nullptr);
                                            return static_cast<uint32_t>(links_.size() - 1);
                                          },
                                          by.engine,
                                          by.window_end,
                                          by.registers};
  x86::BlockEmitter emitter(assembler, guest, uses, &block, surroundings);
  emitter.EmitHot();
  const size_t hot_size = assembler.offset();
  const auto cold = static_cast<size_t>(cold_.end() - base);
  buffer._size = cold;
  buffer._capacity = cold + kMostOfBlock;
  assembler.section(code.textSection());
  emitter.EmitCold();
  full_ = blocks_.size() == x86::kMostBlocks || sites_.size() > kMostSites;
  if (failure.failed || code.hasUnresolvedLinks() || code.hasRelocEntries()) return nullptr;
  const auto at = [&](const asmjit::Label& label) { return base + code.labelOffset(label); };
  for (const auto& [offset, next] : emitter.accesses()) {
    CodeArea& area = offset < hot_size ? hot_ : cold_;
    if (!area.AddAccess(base + offset, at(next))) {
      full_ = true;
      return nullptr;
    }
  }
  block.stale = at(emitter.stale());
  for (const auto& link : emitter.links()) links_[link.number] = at(link.end);
  hot_.Use(base + hot_size);
  cold_.Use(base + assembler.offset());
  if (hot_.room() < kMostOfBlock || cold_.room() < kMostOfBlock) full_ = true;
  known_[key] = &block;
  return &block;
}

// As much as there is, so that who makes little code takes little memory.
void CodeCache::Populate(CodeArea& area) {
  if (area.end() + kPageSize <= area.populated()) return;
  const size_t size = std::clamp(area.used() & ~kPageMask, size_t{kPageSize}, kMostAtOnce);
  memory_->Populate(area.populated(), size);
  area.set_populated(area.populated() + size);
}

// The four bytes before where it ends are the distance, on their boundary.
void CodeCache::Link(uint32_t number, const uint8_t* target) {
  const uint8_t* end = links_[number];
  auto* distance = reinterpret_cast<int32_t*>(memory_->Writable(end - 4));
  std::atomic_ref(*distance).store(static_cast<int32_t>(target - end), std::memory_order_release);
}

// Its first instruction is as long as the jump, and all of it lies within eight bytes on their
// boundary: who executes it meanwhile has the old one or the new one.
void CodeCache::Replace(const Block& block, const uint8_t* target) {
  constexpr ptrdiff_t kLength = x86::kFirstInstructionLength;
  auto* first = reinterpret_cast<uint64_t*>(memory_->Writable(block.entry));
  const auto distance = static_cast<int32_t>(target - (block.entry + kLength));
  uint64_t text = *first;
  auto* bytes = reinterpret_cast<uint8_t*>(&text);
  bytes[0] = 0xe9;
  std::memcpy(bytes + 1, &distance, sizeof(distance));
  std::atomic_ref(*first).store(text, std::memory_order_release);
}

void CodeCache::MakeBusy(const uint8_t* page) {
  busy_pages_.insert(page);
  const auto of_page = [page](const Key& key) {
    return (reinterpret_cast<uint64_t>(key.host) & ~kPageMask) == reinterpret_cast<uint64_t>(page);
  };
  for (const auto& [key, block] : known_)
    if (block && of_page(key)) Replace(*block, block->stale);
  absl::erase_if(known_, [&of_page](const auto& known) { return of_page(known.first); });
}

}  // namespace hypervisor
