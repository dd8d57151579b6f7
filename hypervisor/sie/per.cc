// Program-event recording (PoP: Control, "Program-Event Recording"). Events are gathered while an
// instruction runs and presented with its program interruption, or as one of their own behind it.
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {
namespace {

constexpr uint8_t kPerBranch = 0x80;
constexpr uint8_t kPerStore = 0x20;
constexpr uint8_t kPerKey = 0x10;
constexpr uint8_t kPerStoreReal = 0x08;

}  // namespace

bool GuestCpu::PerWatches(uint64_t first, uint64_t last) const {
  const uint64_t start = state_->cr[10];
  const uint64_t end = state_->cr[11];
  if (start <= end) return last >= start && first <= end;
  return last >= start || first <= end;  // the range wraps around
}

void GuestCpu::PerStore(uint64_t address, uint32_t length, Space space) {
  if (!(per_events_ & cr9::kPerStorageAlteration)) return;
  if (!PerWatches(address, address + length - 1)) return;
  if (state_->cr[9] & cr9::kPerStorageAlterationSpace) {
    uint64_t asce_word = 0;
    bool dat_on = false;
    if (!AsceOf(space, asce_word, dat_on) || (dat_on && !(asce_word & asce::kStorageAlteration)))
      return;
  }
  per_code_ |= kPerStore;
}

void GuestCpu::PerStoreUsingRealAddress() {
  constexpr uint64_t kBoth = cr9::kPerStorageAlteration | cr9::kPerStoreUsingRealAddress;
  if ((per_events_ & kBoth) == kBoth) per_code_ |= kPerStore | kPerStoreReal;
}

void GuestCpu::PerKeyAlteration(GuestAbsolute absolute) {
  if (!(per_events_ & cr9::kPerStorageKeyAlteration)) return;
  if (PerWatches(absolute.raw(), absolute.raw() + kPageMask)) per_code_ |= kPerKey;
}

void GuestCpu::PerAfterInstruction() {
  // A branch that happened is an event where it goes to, if the branch-address control says so.
  if (per_code_ & kPerBranch) {
    const bool wanted =
        (per_watched_ & cr9::kPerSuccessfulBranching) &&
        (!(state_->cr[9] & cr9::kPerBranchAddressControl) || PerWatches(next_ia_, next_ia_));
    if (!wanted) per_code_ = static_cast<uint8_t>(per_code_ & ~kPerBranch);
  }
  if ((per_watched_ & cr9::kPerInstructionFetching) && PerWatches(per_insn_, per_insn_)) {
    per_code_ |= kPerFetch;
  }
  if (!per_code_) return;
  per_address_ = per_insn_;
  // Addressing-and-translation-mode identification: bits 31, 32, 5, 16, 17 of the PSW, and
  // validity.
  const uint64_t mask = per_mask_;
  per_atmid_ = static_cast<uint8_t>((mask & Psw::kExtendedAddressing ? 0x80 : 0) | 0x40 |
                                    (mask & Psw::kBasicAddressing ? 0x20 : 0) |
                                    (mask & Psw::kDat ? 0x10 : 0) | Bits<16, 17>(mask) << 2);
}

}  // namespace hypervisor
