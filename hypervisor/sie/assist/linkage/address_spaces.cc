#include "hypervisor/sie/assist/linkage/address_spaces.h"

namespace hypervisor::linkage {

void SetPrimaryAsn(CpuState& state, uint16_t asn) {
  state.cr[4] = (state.cr[4] & ~uint64_t{0xffff}) | asn;
}
void SetSecondaryAsn(CpuState& state, uint16_t asn) {
  state.cr[3] = (state.cr[3] & ~uint64_t{0xffff}) | asn;
}
void SetKeyMask(CpuState& state, uint16_t mask) {
  state.cr[3] = (state.cr[3] & ~uint64_t{0xffff0000}) | uint64_t{mask} << 16;
}

bool ReadEntry(GuestCpu& cpu, uint32_t origin, AsnSecondTableEntry& entry) {
  entry.origin = origin;
  entry.word0 = cpu.LoadReal<uint32_t>(origin);
  entry.word1 = cpu.LoadReal<uint32_t>(origin + 4);
  entry.asce = cpu.LoadReal<uint64_t>(origin + 8);
  entry.sequence_number = cpu.LoadReal<uint32_t>(origin + 20);
  entry.linkage_table = cpu.LoadReal<uint32_t>(origin + 24);
  return !cpu.Stopped();
}

bool TranslateAsn(GuestCpu& cpu, uint16_t asn, AsnSecondTableEntry& entry) {
  const uint32_t first_table = (static_cast<uint32_t>(cpu.state().cr[14]) & 0x7ffff) << 12;
  const auto first = cpu.LoadReal<uint32_t>(first_table + (asn >> 6) * 4u);
  if (cpu.Stopped()) return false;
  if (first & 0x80000000) {
    cpu.InterruptTranslation(PgmCode::kAfxTranslation, asn);
    return false;
  }
  if (!ReadEntry(cpu, (first & 0x7fffffc0) + (asn & 63u) * 64, entry)) return false;
  if (entry.word0 & 0x80000000) {
    cpu.InterruptTranslation(PgmCode::kAsxTranslation, asn);
    return false;
  }
  return true;
}

bool Authorized(GuestCpu& cpu, const AsnSecondTableEntry& entry, uint16_t index, bool secondary) {
  if (index / 4u > (entry.word1 >> 4 & 0xfff) * 4 + 3) return false;
  const auto pairs = cpu.LoadReal<uint8_t>((entry.word0 & 0x7ffffffc) + index / 4u);
  return (pairs << (index % 4 * 2) & (secondary ? 0x40 : 0x80)) != 0;
}

void SwitchPrimary(GuestCpu& cpu, uint16_t asn, const AsnSecondTableEntry& entry) {
  CpuState& state = cpu.state();
  const bool asked = ((state.cr[kPrimaryAsce] | entry.asce) & asce::kSpaceSwitchEvent) != 0;
  const uint16_t old = PrimaryAsn(state);
  state.cr[kPrimaryAsce] = entry.asce;
  state.cr[5] = (state.cr[5] & ~uint64_t{0xffffffff}) | entry.origin;
  state.cr[4] = (state.cr[4] & Mask<0, 31>()) | uint64_t{entry.authorization_index()} << 16 | asn;
  cpu.ControlChanged();
  if (asked) {
    cpu.InterruptAfterCompletion(PgmCode::kSpaceSwitch, old);
  }
}

uint64_t AddressWithMode(const GuestCpu& cpu, uint64_t address) {
  if (cpu.psw_mask() & Psw::kExtendedAddressing) return address | 1;
  return cpu.psw_mask() & Psw::kBasicAddressing ? address | 0x80000000 : address;
}

}  // namespace hypervisor::linkage
