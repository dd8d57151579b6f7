// Setting the secondary space, loading address-space parameters, testing access, resuming programs.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/linkage/address_spaces.h"
#include "hypervisor/sie/assist/trace_table.h"

namespace hypervisor::assist {
namespace {

constexpr uint64_t kAsnTranslation = Mask<44, 44>();  // of CR14

using linkage::AsnSecondTableEntry;

}  // namespace

void SetSecondaryAsnAndSpace(GuestCpu& cpu, const Insn& insn) {
  CpuState& state = cpu.state();
  if (!(cpu.psw_mask() & Psw::kDat) || !(state.cr[14] & kAsnTranslation)) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  const auto asn = static_cast<uint16_t>(cpu.gpr(insn.r1));
  TraceTable trace(cpu);
  if (!trace.AddSetSecondary(asn)) return;
  if (asn == linkage::PrimaryAsn(state)) {
    state.cr[kSecondaryAsce] = state.cr[kPrimaryAsce];
  } else {
    AsnSecondTableEntry entry;
    if (!linkage::TranslateAsn(cpu, asn, entry)) return;
    const bool authorized =
        linkage::Authorized(cpu, entry, static_cast<uint16_t>(state.cr[4] >> 16), true);
    if (cpu.Stopped()) return;
    if (!authorized) return cpu.InterruptTranslation(PgmCode::kSecondaryAuthority, asn);
    state.cr[kSecondaryAsce] = entry.asce;
  }
  trace.Commit();
  linkage::SetSecondaryAsn(state, asn);
  cpu.ControlChanged();
}

void LoadAddressSpaceParameters(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlLasp)) return;
  CpuState& state = cpu.state();
  if (!(state.cr[14] & kAsnTranslation)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  const uint64_t address = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  if (!Aligned(cpu, address, 8)) return;
  uint8_t text[8];
  if (!cpu.LoadBytes(address, text, 8, Space::ByPsw(insn.b1))) return;
  const auto key_mask = LoadStorage<uint16_t>(text);
  const auto secondary_asn = LoadStorage<uint16_t>(text + 2);
  const auto given_index = LoadStorage<uint16_t>(text + 4);
  const auto primary_asn = LoadStorage<uint16_t>(text + 6);
  const uint64_t options = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  const bool force = options & 4;
  const bool take_index = options & 2;
  const bool skip_authorization = options & 1;

  // ASN-translation exceptions are condition codes here: 1 primary, 2 secondary, 3 space switch.
  const auto translate = [&](uint16_t asn, AsnSecondTableEntry& entry, uint8_t failure) {
    if (linkage::TranslateAsn(cpu, asn, entry)) return true;
    if (cpu.TakeBack(PgmCode::kAfxTranslation) || cpu.TakeBack(PgmCode::kAsxTranslation))
      cpu.set_cc(failure);
    return false;
  };
  AsnSecondTableEntry primary;
  AsnSecondTableEntry secondary;
  const bool new_primary = force || primary_asn != linkage::PrimaryAsn(state);
  if (new_primary) {
    if (!translate(primary_asn, primary, 1)) return;
    const bool asked = (state.cr[kPrimaryAsce] | primary.asce) & asce::kSpaceSwitchEvent;
    if (asked && primary_asn != linkage::PrimaryAsn(state)) return cpu.set_cc(3);
  }
  const uint16_t index = take_index    ? given_index
                         : new_primary ? primary.authorization_index()
                                       : static_cast<uint16_t>(state.cr[4] >> 16);
  const bool find_secondary =
      secondary_asn != primary_asn &&
      (force || secondary_asn != linkage::SecondaryAsn(state) || !skip_authorization);
  if (find_secondary) {
    if (!translate(secondary_asn, secondary, 2)) return;
    if (!skip_authorization) {
      const bool authorized = linkage::Authorized(cpu, secondary, index, true);
      if (cpu.Stopped()) return;
      if (!authorized) return cpu.set_cc(2);
    }
  }
  if (new_primary) {
    state.cr[kPrimaryAsce] = primary.asce;
    state.cr[5] = (state.cr[5] & Mask<0, 31>()) | primary.origin;
  }
  state.cr[4] = (state.cr[4] & Mask<0, 31>()) | uint64_t{index} << 16 | primary_asn;
  if (secondary_asn == primary_asn) {
    state.cr[kSecondaryAsce] = state.cr[kPrimaryAsce];
  } else if (find_secondary) {
    state.cr[kSecondaryAsce] = secondary.asce;
  }
  linkage::SetKeyMask(state, key_mask);
  linkage::SetSecondaryAsn(state, secondary_asn);
  cpu.ControlChanged();
  cpu.set_cc(0);
}

void TestAccess(GuestCpu& cpu, const Insn& insn) {
  const uint32_t alet = cpu.state().ar[insn.r1];
  if (alet == 0) return cpu.set_cc(0);
  if (alet == 1) return cpu.set_cc(3);
  // As for R1, with bits 32-47 of R2 as the extended authorization index.
  uint64_t& control = cpu.state().cr[8];
  const uint64_t before = control;
  control = (control & ~uint64_t{0xffff0000}) | (cpu.gpr(insn.r2) & 0xffff0000);
  uint32_t origin = 0;
  const bool found = cpu.FindAccessListSpace(insn.r1, origin);
  control = before;
  if (found) return cpu.set_cc(alet & 0x01000000 ? 2 : 1);
  const PgmCode code = cpu.program_interruption().code;
  switch (code) {
    case PgmCode::kAletSpecification:
    case PgmCode::kAlenTranslation:
    case PgmCode::kAleSequence:
    case PgmCode::kAsteValidity:
    case PgmCode::kAsteSequence:
    case PgmCode::kExtendedAuthority:
      if (cpu.TakeBack(code)) cpu.set_cc(3);
      return;
    default:
      return;  // a fault of storage
  }
}

void ResumeProgram(GuestCpu& cpu, const Insn& insn) {
  // A parameter list follows the instruction: flags, and where PSW, access and general register
  // are.
  uint8_t list[10];
  if (!cpu.LoadBytes(cpu.next_address(), list, 8, Space{Space::kByPsw, 0, Space::kPswKey})) return;
  const auto flags = LoadStorage<uint16_t>(list);
  const bool long_psw = flags & 4;
  const bool long_register = flags & 2;
  const bool disjoint = flags & 1;
  if (flags & ~uint16_t{7}) return cpu.Interrupt(PgmCode::kSpecification);
  const uint64_t area = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  const auto load = [&](uint16_t offset, void* to, uint32_t length) {
    return cpu.LoadBytes(cpu.Wrap(area + offset), to, length, Space::ByPsw(insn.b2));
  };
  uint8_t psw_text[16] = {};
  uint8_t access[4];
  uint8_t low[8] = {};
  uint8_t high[4] = {};
  if (!load(LoadStorage<uint16_t>(list + 2), psw_text, long_psw ? 16 : 8)) return;
  if (!load(LoadStorage<uint16_t>(list + 4), access, 4)) return;
  if (!load(LoadStorage<uint16_t>(list + 6), low, long_register && !disjoint ? 8 : 4)) return;
  if (long_register && disjoint) {
    if (!cpu.LoadBytes(cpu.Wrap(cpu.next_address() + 8), list + 8, 2,
                       Space{Space::kByPsw, 0, Space::kPswKey}))
      return;
    if (!load(LoadStorage<uint16_t>(list + 8), high, 4)) return;
  }

  const auto first = LoadStorage<uint64_t>(psw_text);
  Psw given{first, LoadStorage<uint64_t>(psw_text + 8)};
  if (!long_psw) {
    if (!(first & Psw::kShortForm)) return cpu.Interrupt(PgmCode::kSpecification);
    given = Psw{first & ~Psw::kShortForm & (Mask<0, 31>() | Psw::kBasicAddressing),
                first & Mask<33, 63>()};
  }
  // Addressing mode, address-space control, condition code, program mask and address are taken
  // over.
  constexpr uint64_t kTaken = Psw::kAddressSpaceControl | Psw::kConditionCode | Psw::kProgramMask |
                              Psw::kExtendedAddressing | Psw::kBasicAddressing;
  const auto control = given.address_space_control();
  if (control == AddressSpaceControl::kHome && cpu.problem_state()) {
    return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  }
  if (control != AddressSpaceControl::kPrimary &&
      (!(cpu.psw_mask() & Psw::kDat) || !(cpu.state().cr[0] & cr0::kSecondarySpace))) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  const Psw psw{(cpu.psw_mask() & ~kTaken) | (given.mask & kTaken), given.address};
  if (!psw.IsValid() || (psw.address & 1)) return cpu.Interrupt(PgmCode::kSpecification);
  TraceTable trace(cpu);
  if (!trace.AddModeSwitch(psw.mask)) return;
  trace.Commit();
  cpu.state().ar[insn.b2] = LoadStorage<uint32_t>(access);
  if (!long_register) {
    cpu.set_gpr_low(insn.b2, LoadStorage<uint32_t>(low));
  } else if (disjoint) {
    cpu.set_gpr(insn.b2, uint64_t{LoadStorage<uint32_t>(high)} << 32 | LoadStorage<uint32_t>(low));
  } else {
    cpu.set_gpr(insn.b2, LoadStorage<uint64_t>(low));
  }
  cpu.state().breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(psw);
}

}  // namespace hypervisor::assist
