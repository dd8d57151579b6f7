// Storage keys and frames (PoP: Control Instructions).
#include <iterator>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"

namespace hypervisor::assist {
namespace {

// The first key instruction of a guest leaves SIE if its host wants to know (keyless subset), and
// each one that block.ictl names. True if it did.
bool KeyIntercepted(GuestCpu& cpu, uint32_t ictl_mask) {
  if (cpu.block().cpuflags & uapi::kCpuKss) {
    cpu.InterceptAndRedrive(uapi::Interception::kKeylessSubset);
    return true;
  }
  if (cpu.InterceptedBy(ictl_mask)) return true;
  cpu.environment().keys.set_used();
  return false;
}

// The key of a block of absolute storage; null if stopped.
std::atomic<uint8_t>* KeyAt(GuestCpu& cpu, GuestAbsolute absolute) {
  const auto user = cpu.environment().space.Resolve(VcpuAddress(absolute.raw()));
  if (!user) {
    cpu.FindAbsolute(absolute, false);  // latches the fault
    return nullptr;
  }
  return &cpu.environment().keys.KeyOf(*user);
}

std::atomic<uint8_t>* KeyAtReal(GuestCpu& cpu, uint64_t address) {
  return KeyAt(cpu, ApplyPrefix(GuestReal(cpu.Wrap(address) & ~kPageMask), cpu.state().prefix));
}

// Conditional setting: which of the reference and change bits need not change for the key to stand.
constexpr int kReferenceBypass = 4;  // MR
constexpr int kChangeBypass = 2;     // MC
constexpr int kMultipleBlock = 1;    // MB

bool MustSet(uint8_t old, uint8_t wanted, int m3) {
  if (!(m3 & (kReferenceBypass | kChangeBypass))) return true;
  uint8_t compared = kKeyAccessControl | kKeyFetchProtection;
  if (!(m3 & kReferenceBypass)) compared |= kKeyReference;
  if (!(m3 & kChangeBypass)) compared |= kKeyChange;
  return ((old ^ wanted) & compared) != 0;
}

}  // namespace

void InsertStorageKeyExtended(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || KeyIntercepted(cpu, uapi::kIctlIske)) return;
  const auto* key = KeyAtReal(cpu, cpu.gpr(insn.r2));
  if (!key) return;
  cpu.set_gpr(insn.r1, (cpu.gpr(insn.r1) & ~uint64_t{0xff}) | (key->load() & 0xfe));
}

void SetStorageKeyExtended(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || KeyIntercepted(cpu, uapi::kIctlSske)) return;
  int m3 = insn.m3;
  if (!cpu.facilities().Has(Facility::kConditionalSske)) m3 &= ~(kReferenceBypass | kChangeBypass);
  if (!cpu.facilities().Has(Facility::kEdat1)) m3 &= ~kMultipleBlock;
  const auto wanted = static_cast<uint8_t>(cpu.gpr(insn.r1) & 0xfe);
  uint64_t address = cpu.Wrap(cpu.gpr(insn.r2)) & ~kPageMask;
  const bool multiple = (m3 & kMultipleBlock) != 0;
  // Multiple blocks are absolute, to the end of the segment.
  const uint64_t end = multiple ? (address | (kSegmentSize - 1)) + 1 : address + kPageSize;
  for (; address != end; address += kPageSize) {
    const GuestAbsolute absolute =
        multiple ? GuestAbsolute(address) : ApplyPrefix(GuestReal(address), cpu.state().prefix);
    auto* key = KeyAt(cpu, absolute);
    if (!key) return;
    const uint8_t old = key->load();
    const bool set = MustSet(old, wanted, m3);
    if (set) {
      key->store(wanted);
      cpu.PerKeyAlteration(absolute);
    }
    if (multiple) {
      cpu.set_gpr(insn.r2,
                  (cpu.gpr(insn.r2) & ~cpu.address_mask()) | cpu.Wrap(address + kPageSize));
    } else if (m3 & (kReferenceBypass | kChangeBypass)) {
      cpu.set_gpr(insn.r1, (cpu.gpr(insn.r1) & ~uint64_t{0xff00}) | uint64_t{old} << 8);
      cpu.set_cc(set ? 1 : 0);
    }
  }
  cpu.PurgeTlbEverywhere();
}

void ResetReferenceBitExtended(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || KeyIntercepted(cpu, uapi::kIctlRrbe)) return;
  auto* key = KeyAtReal(cpu, cpu.gpr(insn.r2));
  if (!key) return;
  const uint8_t old = key->fetch_and(static_cast<uint8_t>(~kKeyReference));
  cpu.PurgeTlbEverywhere();
  cpu.set_cc(static_cast<uint8_t>((old & (kKeyReference | kKeyChange)) >> 1));
}

void ResetReferenceBitsMultiple(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || KeyIntercepted(cpu, uapi::kIctlRrbe)) return;
  const uint64_t first = cpu.Wrap(cpu.gpr(insn.r2)) & ~(64 * kPageSize - 1);
  uint64_t bits = 0;
  for (int i = 0; i < 64; ++i) {
    auto* key = KeyAt(cpu, GuestAbsolute(first + static_cast<uint64_t>(i) * kPageSize));
    if (!key) return;
    const uint8_t old = key->fetch_and(static_cast<uint8_t>(~kKeyReference));
    bits = bits << 1 | ((old & kKeyReference) != 0);
  }
  cpu.PurgeTlbEverywhere();
  cpu.set_gpr(insn.r1, bits);
}

void InsertVirtualStorageKey(GuestCpu& cpu, const Insn& insn) {
  if (!(cpu.psw_mask() & Psw::kDat)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  if (!ExtractionPermitted(cpu)) return;
  if (cpu.block().cpuflags & uapi::kCpuKss) {
    return cpu.InterceptAndRedrive(uapi::Interception::kKeylessSubset);
  }
  // Translated, but not itself subject to key-controlled protection: key 0.
  TranslatedPage page;
  if (!cpu.TranslatePage(cpu.Wrap(cpu.gpr(insn.r2)), Access::kFetch,
                         Space{Space::kByPsw, insn.r2, 0}, page))
    return;
  cpu.set_gpr(insn.r1, (cpu.gpr(insn.r1) & ~uint64_t{0xff}) | (page.key->load() & 0xf8));
}

void PerformFrameManagementFunction(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  if (!(cpu.block().ecb2 & uapi::kEcb2Pfmfi))
    return cpu.Intercept(uapi::Interception::kInstruction);
  constexpr uint32_t kReserved = 0xfffc0101;
  constexpr uint32_t kSetKey = 0x20000;
  constexpr uint32_t kClearFrame = 0x10000;
  const auto control = static_cast<uint32_t>(cpu.gpr(insn.r1));
  const uint32_t size_code = control >> 12 & 7;
  if (control & kReserved) return cpu.Interrupt(PgmCode::kSpecification);
  uint64_t frame = kPageSize;
  if (size_code == 1) {
    frame = kSegmentSize;
  } else if (size_code == 2 && cpu.facilities().Has(Facility::kEdat2) &&
             (cpu.psw_mask() & (Psw::kExtendedAddressing | Psw::kBasicAddressing))) {
    frame = uint64_t{1} << 31;
  } else if (size_code != 0) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  if ((control & kSetKey) && (cpu.block().cpuflags & uapi::kCpuKss)) {
    return cpu.InterceptAndRedrive(uapi::Interception::kKeylessSubset);
  }
  const auto wanted = static_cast<uint8_t>(control & 0xfe);
  const int m3 = (control & 0x400 ? kReferenceBypass : 0) | (control & 0x200 ? kChangeBypass : 0);
  uint64_t address = cpu.Wrap(cpu.gpr(insn.r2)) & ~kPageMask;
  const uint64_t end = (address | (frame - 1)) + 1;
  const bool low = (cpu.state().cr[0] & cr0::kLowAddressProtection) && address < 8192;
  if ((control & kClearFrame) && low && frame == kPageSize) {
    return cpu.InterruptTranslation(PgmCode::kProtection, (address & ~kPageMask) | 0x80);
  }
  bool key_changed = false;
  // One segment at a time: a large frame is resumed after what is pending.
  for (int pages = 0; address != end; address += kPageSize, ++pages) {
    if (pages == 256) {
      cpu.Resume();
      break;
    }
    const GuestAbsolute absolute = frame == kPageSize
                                       ? ApplyPrefix(GuestReal(address), cpu.state().prefix)
                                       : GuestAbsolute(address);
    if (control & kClearFrame) {
      uint8_t* at = cpu.FindAbsolute(absolute, true);
      if (!at) return;
      std::memset(at, 0, kPageSize);
    }
    if (control & kSetKey) {
      auto* key = KeyAt(cpu, absolute);
      if (!key) return;
      if (MustSet(key->load(), wanted, m3)) {
        key->store(wanted);
        cpu.PerKeyAlteration(absolute);
        key_changed = true;
      }
    }
    if (frame != kPageSize) {
      cpu.set_gpr(insn.r2,
                  (cpu.gpr(insn.r2) & ~cpu.address_mask()) | cpu.Wrap(address + kPageSize));
    }
  }
  if (key_changed) {
    cpu.environment().keys.set_used();
    cpu.PurgeTlbEverywhere();
  }
}

void ExtractAndSetStorageAttributes(GuestCpu& cpu, const Insn& insn) {
  if (!(cpu.block().ecb2 & uapi::kEcb2Cmma)) {
    if (cpu.Privileged()) cpu.Intercept(uapi::Interception::kInstruction);
    return;
  }
  if (!cpu.Privileged()) return;
  // What each operation makes of the usage state; 0 only extracts it. A block is always resident
  // here: none that a guest calls unused or volatile is ever taken away.
  constexpr int kNoChange = -1;
  constexpr int kNewState[] = {
      kNoChange,    kUsageStable, kUsageUnused, kUsageVolatile, kUsagePotentiallyVolatile,
      kUsageStable, kUsageStable};
  if (insn.m3 >= std::size(kNewState)) return cpu.Interrupt(PgmCode::kSpecification);
  const GuestAbsolute absolute =
      ApplyPrefix(GuestReal(cpu.Wrap(cpu.gpr(insn.r2)) & ~kPageMask), cpu.state().prefix);
  const uint8_t* at = cpu.FindAbsolute(absolute, false);
  if (!at) return;
  auto& usage = cpu.environment().keys.UsageOf(UserAddress(reinterpret_cast<uint64_t>(at)));
  const int wanted = kNewState[insn.m3];
  const uint8_t old =
      wanted == kNoChange ? usage.load() : usage.exchange(static_cast<uint8_t>(wanted));
  // The state before: usage in bits 60-61, content in bits 62-63, 0 for resident.
  cpu.set_gpr(insn.r1, uint64_t{old} << 2);
}

}  // namespace hypervisor::assist
