// The slow way of a guest CPU to storage: translation, protection, keys, faults of the host.
#include <algorithm>
#include <cstring>

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {
namespace {

// Bits of the translation-exception identification (PoP: Interruptions, "Translation-Exception
// Identification").
constexpr uint64_t kTeidStore = 0x400;
constexpr uint64_t kTeidFetch = 0x800;
constexpr uint64_t kTeidLowAddress = 0x80;
constexpr uint64_t kTeidKey = 0x08;
constexpr uint64_t kTeidDat = 0x04;
constexpr uint64_t kTeidInstructionExecution = 0x84;

constexpr bool InLowAddressArea(uint64_t address) {
  return (address & ~uint64_t{0x11ff}) == 0;
}

bool TouchesLowAddressArea(uint64_t address, uint32_t length) {
  return InLowAddressArea(address) || InLowAddressArea(address + length - 1) ||
         (address < 4096 && address + length > 4096);
}

}  // namespace

uint64_t GuestCpu::TeidOf(uint64_t address, Access access, Space space) const {
  uint64_t teid = address & ~kPageMask;
  if (facilities().Has(Facility::kAccessExceptionIndication)) {
    teid |= access == Access::kStore ? kTeidStore : kTeidFetch;
  }
  Space::Kind kind = space.kind;
  if (kind == Space::kByPsw) {
    if (!(psw_mask_ & Psw::kDat)) return teid;
    switch (Psw{psw_mask_, 0}.address_space_control()) {
      case AddressSpaceControl::kPrimary:
        kind = Space::kPrimary;
        break;
      case AddressSpaceControl::kAccessRegister:
        kind = access == Access::kInstruction ? Space::kPrimary : Space::kAccessRegister;
        break;
      case AddressSpaceControl::kSecondary:
        kind = access == Access::kInstruction ? Space::kPrimary : Space::kSecondary;
        break;
      case AddressSpaceControl::kHome:
        kind = Space::kHome;
        break;
    }
  }
  if (kind == Space::kAccessRegister) return teid | 1;
  if (kind == Space::kSecondary) return teid | 2;
  if (kind == Space::kHome) return teid | 3;
  return teid;
}

bool GuestCpu::AsceOf(Space space, uint64_t& asce_word, bool& dat_on) {
  dat_on = true;
  Space::Kind kind = space.kind;
  if (kind == Space::kByPsw) {
    dat_on = (psw_mask_ & Psw::kDat) != 0;
    if (!dat_on) return true;
    switch (Psw{psw_mask_, 0}.address_space_control()) {
      case AddressSpaceControl::kPrimary:
        kind = Space::kPrimary;
        break;
      case AddressSpaceControl::kAccessRegister:
        kind = Space::kAccessRegister;
        break;
      case AddressSpaceControl::kSecondary:
        kind = Space::kSecondary;
        break;
      case AddressSpaceControl::kHome:
        kind = Space::kHome;
        break;
    }
  }
  switch (kind) {
    case Space::kPrimary:
      asce_word = state_->cr[kPrimaryAsce];
      return true;
    case Space::kSecondary:
      asce_word = state_->cr[kSecondaryAsce];
      return true;
    case Space::kHome:
      asce_word = state_->cr[kHomeAsce];
      return true;
    case Space::kAccessRegister:
      return TranslateAccessRegister(space.ar, asce_word);
    case Space::kByPsw:
    case Space::kReal:
    case Space::kAbsolute:
      break;
  }
  dat_on = false;
  return true;
}

DatResult GuestCpu::Walk(uint64_t asce_word, GuestLogical address) {
  DatFeatures features;
  const bool enhanced = (state_->cr[0] & cr0::kEnhancedDat) != 0;
  features.edat1 = enhanced && facilities().Has(Facility::kEdat1);
  features.edat2 = enhanced && facilities().Has(Facility::kEdat2);
  features.iep = (state_->cr[0] & cr0::kInstructionExecutionProtection) &&
                 facilities().Has(Facility::kInstructionExecutionProtection);
  features.prefix = state_->prefix;
  return Translate(asce_word, address, features,
                   [this](GuestAbsolute entry) -> std::optional<uint64_t> {
                     const uint8_t* at = FindAbsolute(entry, false);
                     if (!at) return std::nullopt;
                     return LoadStorage<uint64_t>(at);
                   });
}

const GuestCpu::AbsoluteFrame* GuestCpu::FrameOf(GuestAbsolute absolute) {
  const GuestAbsolute page = absolute.page();
  if (frames_generation_ != environment_.space.generation()) {
    frames_generation_ = environment_.space.generation();
    frames_.fill(AbsoluteFrame{});
  }
  AbsoluteFrame& frame = frames_[page.raw() / kPageSize % kFrames];
  if (frame.page && frame.absolute == page) [[likely]]
    return &frame;
  const VcpuAddress address(page.raw());
  const auto user = environment_.space.Resolve(address);
  if (!user) {
    if (!Stopped()) {
      stop_ = Stop::kHostFault;
      host_fault_ = SieExit{SieExit::Reason::kSegmentMissing, address};
    }
    return nullptr;
  }
  frame = {page, reinterpret_cast<uint8_t*>(user->raw()), &environment_.keys.KeyOf(*user)};
  return &frame;
}

uint8_t* GuestCpu::Touch(const AbsoluteFrame& frame, GuestAbsolute absolute, bool store) {
  // Touched here, under the guard of Run, so that memory of ours that is gone shows before any part
  // of the instruction has been done.
  host_fault_ = SieExit{SieExit::Reason::kBackingMissing, VcpuAddress(frame.absolute.raw())};
  uint8_t* at = frame.page + (absolute.raw() & kPageMask);
  if (store) {
    __atomic_fetch_or(at, 0, __ATOMIC_RELAXED);
    IsCode(frame.page);
  } else {
    static_cast<void>(*static_cast<volatile uint8_t*>(at));
  }
  return at;
}

uint8_t* GuestCpu::FindAbsolute(GuestAbsolute absolute, bool store) {
  const AbsoluteFrame* frame = FrameOf(absolute);
  if (!frame) return nullptr;
  uint8_t* at = Touch(*frame, absolute, store);
  const uint8_t marks = store ? kKeyReference | kKeyChange : kKeyReference;
  if ((frame->key->load(std::memory_order_relaxed) & marks) != marks) frame->key->fetch_or(marks);
  return at;
}

bool GuestCpu::KeyAllows(uint64_t address, Access access, const TranslationContext& context,
                         uint8_t storage_key) const {
  const uint8_t access_control = storage_key >> 4;
  if (context.key == 0 || context.key == access_control) return true;
  if (context.storage_override && access_control == 9) return true;
  if (access == Access::kStore) return false;
  if (!(storage_key & kKeyFetchProtection)) return true;
  return context.fetch_override && address < 2048;
}

void GuestCpu::InterruptProtection(uint64_t address, Access access, uint64_t reason, Space space) {
  const uint8_t access_id = (TeidOf(address, access, space) & 3) == 1 ? space.ar : 0;
  InterruptTranslation(PgmCode::kProtection, TeidOf(address, access, space) | reason, access_id);
}

bool GuestCpu::TranslateIn(const TranslationContext& context, uint64_t address, Access access,
                           Space space, TranslatedPage& page) {
  GuestReal real(address);
  bool dat_protection = false;
  if (context.dat) {
    const DatResult dat = Walk(context.asce, GuestLogical(address));
    if (dat.table_unreadable) return false;
    if (!dat.ok()) {
      const uint64_t teid = TeidOf(address, access, space);
      InterruptTranslation(dat.exception, teid, (teid & 3) == 1 ? space.ar : 0);
      return false;
    }
    if (access == Access::kInstruction && dat.no_execute) {
      InterruptProtection(address, access, kTeidInstructionExecution, space);
      return false;
    }
    dat_protection = dat.protection;
    real = dat.address;
  }
  page.absolute = context.absolute ? GuestAbsolute(real.raw()) : ApplyPrefix(real, context.prefix);
  page.absolute = page.absolute.page();
  const bool store = access == Access::kStore;
  // Protection is tested before the page is touched for a store, but needs its key: resolved as a
  // fetch first.
  const AbsoluteFrame* frame = FrameOf(page.absolute);
  if (!frame) return false;
  uint8_t* at = Touch(*frame, page.absolute, false);
  page.page = at;
  page.key = frame->key;
  const uint8_t storage_key = page.key->load(std::memory_order_relaxed);
  if (store && dat_protection) {
    InterruptProtection(address, access, kTeidDat, space);
    return false;
  }
  if (!KeyAllows(address, access, context, storage_key)) {
    InterruptProtection(address, access, kTeidKey, space);
    return false;
  }
  if (store) Touch(*frame, page.absolute, true);
  const uint8_t marks = store ? kKeyReference | kKeyChange : kKeyReference;
  if ((storage_key & marks) != marks) page.key->fetch_or(marks);

  const Tlb::ContextId id = access == Access::kInstruction ? fetch_context_ : ContextOf(space);
  if (id == Tlb::kNoContext) return true;
  Tlb::Entry& entry = tlb_.At(address, id);
  const uint64_t tag = Tlb::Tag(address, id);
  const uint64_t addend = reinterpret_cast<uint64_t>(at) - (address & ~kPageMask);
  if ((entry.read_tag != tag && entry.write_tag != tag && entry.fetch_tag != tag) ||
      entry.addend != addend) {
    entry = Tlb::Entry{};
    entry.addend = addend;
  }
  const bool low_page = (address & ~uint64_t{0x1fff}) == 0;
  if (access == Access::kInstruction) {
    entry.fetch_tag = tag;
  } else if (!(low_page && context.fetch_override)) {
    entry.read_tag = tag;
  }
  if (store && !context.watch_stores && !IsCode(at)) {
    if (low_page && id == data_context_) LowPageStored(address, at);
    if (!(low_page && context.low_address_protection)) entry.write_tag = tag;
  }
  return true;
}

bool GuestCpu::TranslatePage(uint64_t address, Access access, Space space, TranslatedPage& page) {
  uint64_t asce_word = 0;
  bool dat_on = false;
  const Space where =
      access == Access::kInstruction && space.kind == Space::kByPsw && (psw_mask_ & Psw::kDat) &&
              Psw{psw_mask_, 0}.address_space_control() != AddressSpaceControl::kHome
          ? Space{Space::kPrimary, 0, Space::kPswKey}
          : space;
  if (!AsceOf(where, asce_word, dat_on)) return false;
  const uint8_t key = space.key == Space::kPswKey ? psw_key() : static_cast<uint8_t>(space.key);
  return TranslateIn(ContextFor(asce_word, dat_on, space.kind == Space::kAbsolute, key), address,
                     access, space, page);
}

bool GuestCpu::FindSlow(uint64_t address, uint32_t length, Access access, Space space,
                        OperandBytes& bytes) {
  if (Stopped()) return false;
  bytes.length = length;
  bytes.first_length =
      std::min<uint32_t>(length, static_cast<uint32_t>(kPageSize - (address & kPageMask)));
  if (access == Access::kStore) {
    if ((state_->cr[0] & cr0::kLowAddressProtection) && TouchesLowAddressArea(address, length) &&
        space.kind != Space::kAbsolute) {
      uint64_t asce_word = 0;
      bool dat_on = false;
      if (!AsceOf(space, asce_word, dat_on)) return false;
      if (!(dat_on && (asce_word & asce::kPrivateSpace))) {
        InterruptProtection(address, access, kTeidLowAddress, space);
        return false;
      }
    }
    if (per_events_ & cr9::kPerStorageAlteration) PerStore(address, length, space);
  }
  // A page that the TLB knows needs no walk.
  const Tlb::ContextId id = ContextOf(space);
  const auto known = [&](uint64_t at) -> uint8_t* {
    if (id == Tlb::kNoContext) return nullptr;
    const Tlb::Entry& entry = tlb_.At(at, id);
    const uint64_t tag = access == Access::kStore ? entry.write_tag : entry.read_tag;
    return tag == Tlb::Tag(at, id) ? reinterpret_cast<uint8_t*>(at + entry.addend) : nullptr;
  };
  bytes.first = known(address);
  if (!bytes.first) {
    TranslatedPage page;
    if (!TranslatePage(address, access, space, page)) return false;
    bytes.first = page.page + (address & kPageMask);
  }
  if (bytes.first_length < length) {
    const uint64_t next = Wrap((address & ~kPageMask) + kPageSize);
    bytes.second = known(next);
    if (!bytes.second) {
      TranslatedPage page;
      if (!TranslatePage(next, access, space, page)) return false;
      bytes.second = page.page;
    }
  }
  return true;
}

bool GuestCpu::LoadBytes(uint64_t address, void* bytes, uint32_t length, Space space) {
  OperandBytes operand;
  if (!Find(address, length, Access::kFetch, space, operand)) return false;
  operand.Read(static_cast<uint8_t*>(bytes));
  return true;
}

bool GuestCpu::StoreBytes(uint64_t address, const void* bytes, uint32_t length, Space space) {
  OperandBytes operand;
  if (!Find(address, length, Access::kStore, space, operand)) return false;
  operand.Write(static_cast<const uint8_t*>(bytes));
  return true;
}

}  // namespace hypervisor
