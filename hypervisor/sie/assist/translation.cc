// Control instructions on translations: purges, invalidations, real addresses.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"

namespace hypervisor::assist {
namespace {

constexpr uint64_t kPageInvalid = 0x400;
constexpr uint64_t kTableEntryInvalid = 0x20;

// Sets a bit of a table entry as one interlocked update.
bool SetInEntry(GuestCpu& cpu, uint64_t entry, uint64_t bits) {
  uint8_t* at = cpu.FindAbsolute(GuestAbsolute(entry & ~uint64_t{7}), true);
  if (!at) return false;
  __atomic_fetch_or(reinterpret_cast<uint64_t*>(at), StorageOrder(bits), __ATOMIC_SEQ_CST);
  return true;
}

// CSP and CSPG: R1 and R1+1 against storage at R2, and purge as its low bits say.
template <typename T>
void SwapAndPurge(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlIpteCsp)) return;
  if (insn.r1 & 1) return cpu.Interrupt(PgmCode::kSpecification);
  const uint64_t address = cpu.Wrap(cpu.gpr(insn.r2)) & ~uint64_t{sizeof(T) - 1};
  T* at = cpu.Interlocked<T>(address, insn.r2);
  if (!at) return;
  const auto expected = static_cast<T>(cpu.gpr(insn.r1));
  T old = StorageOrder(expected);
  const T next = StorageOrder(static_cast<T>(cpu.gpr(insn.r1 + 1)));
  if (!__atomic_compare_exchange_n(at, &old, next, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    const T found = StorageOrder(old);
    if constexpr (sizeof(T) == 8)
      cpu.set_gpr(insn.r1, found);
    else
      cpu.set_gpr_low(insn.r1, found);
    return cpu.set_cc(1);
  }
  if (cpu.gpr(insn.r2) & 3) cpu.PurgeTlbEverywhere();
  cpu.set_cc(0);
}

// The space that LRA and its kin translate in: the PSW's, whether DAT is on or not.
Space SpaceOfPsw(const GuestCpu& cpu, int ar) {
  constexpr Space::Kind kKinds[] = {Space::kPrimary, Space::kAccessRegister, Space::kSecondary,
                                    Space::kHome};
  return Space{kKinds[static_cast<int>(SpaceControl(cpu))], static_cast<uint8_t>(ar),
               Space::kPswKey};
}

struct RealAddress {
  int cc = 0;
  uint64_t value =
      0;  // the real address; of the invalid entry for CC 1 and 2; an exception code for 3
};

RealAddress FindRealAddress(GuestCpu& cpu, uint64_t address, int ar) {
  uint64_t asce_word = 0;
  bool dat_on = false;
  if (!cpu.AsceOf(SpaceOfPsw(cpu, ar), asce_word, dat_on)) {
    const auto code = static_cast<uint64_t>(cpu.program_interruption().code);
    return {3, code};
  }
  const DatResult dat = cpu.Walk(asce_word, GuestLogical(address));
  if (dat.ok()) return {0, dat.address.raw()};
  if (dat.exception == PgmCode::kSegmentTranslation && dat.entry_address.raw() != 0 &&
      (dat.entry & 0x20)) {
    return {1, dat.entry_address.raw()};
  }
  if (dat.exception == PgmCode::kPageTranslation) return {2, dat.entry_address.raw()};
  return {3, static_cast<uint64_t>(dat.exception)};
}

void LoadReal(GuestCpu& cpu, const Insn& insn, bool wide) {
  if (!cpu.Privileged()) return;
  const RealAddress real =
      FindRealAddress(cpu, cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2), insn.b2);
  if (cpu.Stopped()) return;
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  if (real.cc == 3) {
    cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(real.value) | 0x80000000);
  } else if (wide || mode64) {
    cpu.set_gpr(insn.r1, real.value);
  } else {
    if (real.value > 0x7fffffff) return cpu.Interrupt(PgmCode::kSpecialOperation);
    cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(real.value));
  }
  cpu.set_cc(static_cast<uint8_t>(real.cc));
}

}  // namespace

void PurgeTlb(GuestCpu& cpu, const Insn&) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlPtlb)) return;
  cpu.PurgeTlb();
}

void PurgeAlb(GuestCpu& cpu, const Insn&) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlPtlb)) return;
}

void InvalidatePageTableEntry(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlIpteCsp)) return;
  const uint64_t origin = cpu.gpr(insn.r1) & ~uint64_t{0x7ff};
  const uint64_t index = Bits<44, 51>(cpu.gpr(insn.r2));
  // R3 counts additional entries (IPTE-range facility).
  uint64_t more = 0;
  if (insn.r3 != 0 && cpu.facilities().Has(Facility::kIpteRange)) more = cpu.gpr(insn.r3) & 0xff;
  if (index + more > 0xff) return cpu.Interrupt(PgmCode::kSpecification);
  for (uint64_t i = 0; i <= more; ++i) {
    if (!SetInEntry(cpu, origin + (index + i) * 8, kPageInvalid)) return;
  }
  for (uint64_t i = 0; i <= more; ++i) cpu.PurgePages(origin, static_cast<uint8_t>(index + i));
  if ((insn.m4 & 1) && cpu.facilities().Has(Facility::kLocalTlbClearing)) return;
  cpu.PurgeTlbElsewhere();
}

void InvalidateDatTableEntry(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlIpteCsp)) return;
  const uint64_t what = cpu.gpr(insn.r2);
  if (what & Mask<44, 51>()) return cpu.Interrupt(PgmCode::kSpecification);
  const bool clear_only = (what & 0x800) != 0;
  if (!clear_only) {
    const uint64_t table = cpu.gpr(insn.r1);
    const int level = static_cast<int>(table >> 2 & 3);
    const uint64_t index = what >> (20 + 11 * level) & 0x7ff;
    const uint64_t more = what & 0x7ff;
    if (index + more > 0x7ff) return cpu.Interrupt(PgmCode::kSpecification);
    for (uint64_t i = 0; i <= more; ++i) {
      if (!SetInEntry(cpu, (table & asce::kOrigin) + (index + i) * 8, kTableEntryInvalid)) return;
    }
  }
  // Clearing alone may name the space.
  clear_only&& insn.r3 != 0 ? cpu.PurgeSpace(cpu.gpr(insn.r3)) : cpu.PurgeTlb();
  if ((insn.m4 & 1) && cpu.facilities().Has(Facility::kLocalTlbClearing)) return;
  cpu.PurgeTlbElsewhere();
}

void CompareAndSwapAndPurge(GuestCpu& cpu, const Insn& insn) {
  SwapAndPurge<uint32_t>(cpu, insn);
}
void CompareAndSwapAndPurgeLong(GuestCpu& cpu, const Insn& insn) {
  SwapAndPurge<uint64_t>(cpu, insn);
}

// R1 and R1+1: the entry that is expected and the one that replaces it. R2: the table's origin and
// type; R2+1: the address that the entry translates.
void CompareAndReplaceDatTableEntry(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlIpteCsp)) return;
  const uint64_t table = cpu.gpr(insn.r2);
  const uint64_t type = table & 0x1c;
  if (((insn.r1 | insn.r2) & 1) || (type != 0 && type < 0x10)) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  const uint64_t address = cpu.gpr(insn.r2 + 1);
  uint64_t entry;
  if (type == 0) {
    entry = (table & ~uint64_t{0x7ff}) + (address >> 12 & 0xff) * 8;
  } else {
    const int level = static_cast<int>(type >> 2 & 3);
    entry = (table & asce::kOrigin) + (address >> (20 + 11 * level) & 0x7ff) * 8;
  }
  auto* at = reinterpret_cast<uint64_t*>(cpu.FindAbsolute(GuestAbsolute(entry), true));
  if (!at) return;
  uint64_t old = StorageOrder(cpu.gpr(insn.r1));
  const uint64_t next = StorageOrder(cpu.gpr(insn.r1 + 1));
  if (!__atomic_compare_exchange_n(at, &old, next, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    cpu.set_gpr(insn.r1, StorageOrder(old));
    return cpu.set_cc(1);
  }
  cpu.set_cc(0);
  if ((insn.m4 & 1) && cpu.facilities().Has(Facility::kLocalTlbClearing)) return cpu.PurgeTlb();
  cpu.PurgeTlbEverywhere();
}

void LoadRealAddress(GuestCpu& cpu, const Insn& insn) {
  LoadReal(cpu, insn, false);
}
void LoadRealAddressLong(GuestCpu& cpu, const Insn& insn) {
  LoadReal(cpu, insn, true);
}

void StoreRealAddress(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  const uint64_t destination = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  if (!Aligned(cpu, destination, 8)) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  uint64_t asce_word = 0;
  bool dat_on = false;
  if (!cpu.AsceOf(SpaceOfPsw(cpu, insn.b2), asce_word, dat_on)) return;
  const DatResult dat = cpu.Walk(asce_word, GuestLogical(address));
  if (dat.table_unreadable) return;
  if (!dat.ok()) return cpu.InterruptTranslation(dat.exception, address & ~kPageMask);
  cpu.Store<uint64_t>(destination, insn.b1, dat.address.raw());
}

void LoadPageTableEntryAddress(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  // M4 chooses the space: 0-3 by number, 4 as the PSW says.
  if (insn.m4 > 4) return cpu.Interrupt(PgmCode::kSpecification);
  constexpr Space::Kind kKinds[] = {Space::kPrimary, Space::kAccessRegister, Space::kSecondary,
                                    Space::kHome};
  const Space space =
      insn.m4 == 4 ? SpaceOfPsw(cpu, insn.r2) : Space{kKinds[insn.m4], insn.r2, Space::kPswKey};
  uint64_t asce_word = 0;
  bool dat_on = false;
  if (!cpu.AsceOf(space, asce_word, dat_on)) return;
  const DatResult dat = cpu.Walk(asce_word, GuestLogical(cpu.Wrap(cpu.gpr(insn.r2))));
  if (dat.table_unreadable) return;
  if (dat.ok() || dat.exception == PgmCode::kPageTranslation) {
    if (dat.frame_size != kPageSize || (asce_word & asce::kRealSpace)) {
      cpu.set_gpr(insn.r1, dat.entry_address.raw());
      return cpu.set_cc(dat.frame_size != kPageSize ? 1 : 0);
    }
    cpu.set_gpr(insn.r1, dat.entry_address.raw() | (dat.protection ? 4 : 0));
    return cpu.set_cc(0);
  }
  cpu.set_gpr(insn.r1, (cpu.gpr(insn.r1) & Mask<0, 31>()) | static_cast<uint64_t>(dat.exception));
  cpu.set_cc(dat.exception == PgmCode::kSegmentTranslation ? 2 : 3);
}

void TestProtection(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlTprot)) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  const auto key = static_cast<uint8_t>(Bits<56, 59>(cpu.EffectiveAddress(0, insn.b2, insn.d2)));
  uint64_t asce_word = 0;
  bool dat_on = false;
  if (!cpu.AsceOf(Space::ByPsw(insn.b1), asce_word, dat_on)) return;
  GuestReal real(address);
  bool read_only = false;
  if (dat_on) {
    const DatResult dat = cpu.Walk(asce_word, GuestLogical(address));
    if (dat.table_unreadable) return;
    if (dat.exception == PgmCode::kTranslationSpecification) {
      return cpu.InterruptTranslation(dat.exception, address & ~kPageMask);
    }
    if (!dat.ok()) return cpu.set_cc(3);
    real = dat.address;
    read_only = dat.protection;
  }
  const GuestAbsolute absolute = ApplyPrefix(real, cpu.state().prefix);
  uint8_t* at = cpu.FindAbsolute(absolute, false);
  if (!at) return cpu.InterceptHostFault();
  const uint64_t control = cpu.state().cr[0];
  const bool private_space = dat_on && (asce_word & asce::kPrivateSpace);
  const bool low = (address & ~uint64_t{0x11ff}) == 0;
  if (low && (control & cr0::kLowAddressProtection) && !private_space) read_only = true;

  const uint8_t storage_key = cpu.environment()
                                  .keys.KeyOf(UserAddress(reinterpret_cast<uint64_t>(at)))
                                  .load(std::memory_order_relaxed);
  const bool match = key == 0 || key == storage_key >> 4 ||
                     ((control & cr0::kStorageProtectionOverride) && storage_key >> 4 == 9);
  const bool fetch =
      match || !(storage_key & kKeyFetchProtection) ||
      ((control & cr0::kFetchProtectionOverride) && address < 2048 && !private_space);
  cpu.set_cc(!fetch ? 2 : match && !read_only ? 0 : 1);
}

}  // namespace hypervisor::assist
