// From one instruction that C++ has executed to the next, without leaving translated code.
#include <atomic>

#include "hypervisor/sie/translator/translator.h"

namespace hypervisor {

bool Translator::IsPollDue() {
  if (attention_.load(std::memory_order_relaxed) != 0) return true;
  if ((psw_mask_ & Psw::kWait) || !Psw{psw_mask_, next_ia_}.IsValid()) return true;
  const uint32_t flags = std::atomic_ref(block_->cpuflags).load(std::memory_order_relaxed);
  if (flags & uapi::kCpuStopInt) return true;
  if ((flags & uapi::kCpuIoInt) && (psw_mask_ & Psw::kIo)) return true;
  if (!(psw_mask_ & Psw::kExternal)) return false;
  ExternalCode code;
  return (flags & uapi::kCpuExtInt) || TimersDue(code);
}

// RequestPoll took it from granted_.
void Translator::TakeBackPoll(int32_t budget) {
  granted_ += budget - budget_;
  budget_ = budget;
}

// A branch to a page depends on the eight bits too: its entry stands among those that they choose.
void Translator::PurgePages(uint64_t origin, uint8_t index) {
  GuestCpu::PurgePages(origin, index);
  page_tables_.DropPages(origin, index);
  constexpr uint64_t kOfPage = kPageSize / 2;
  static_assert(x86::kJumpEntries % kOfPage == 0 && x86::kJumpEntries / kOfPage <= 256);
  x86::JumpEntry* first = &jumps_[index * kOfPage % x86::kJumpEntries];
  for (x86::JumpEntry* entry = first; entry != first + kOfPage; ++entry) {
    if ((entry->address >> 12 & 0xff) == index) *entry = {};
  }
  if ((ia_ >> 12 & 0xff) == index || (next_ia_ >> 12 & 0xff) == index) purged_here_ = true;
}

int Translator::GoElsewhere(x86::Frame* frame) {
  if ((ia_ & 1) || busy_page_ || !Synchronize()) return x86::kLeave;
  const uint8_t* code = KnownCode();
  if (!code && !chaos_.flush) code = FindCode();
  if (!code) return x86::kLeave;
  frame->salt = salt_;
  frame->budget = budget_;
  frame->pages = table_;
  frame->code = code;
  return x86::kElsewhere;
}

}  // namespace hypervisor
