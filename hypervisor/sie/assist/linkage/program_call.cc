// PROGRAM CALL, PROGRAM RETURN, PROGRAM TRANSFER, BRANCH AND STACK.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/linkage/address_spaces.h"
#include "hypervisor/sie/assist/linkage/stack.h"
#include "hypervisor/sie/assist/trace_table.h"

namespace hypervisor::assist {
namespace {

using linkage::AsnSecondTableEntry;

// An entry-table entry (PoP: "Entry-Table Entries").
struct EntryTableEntry {
  uint32_t words[8];

  uint64_t instruction_address() const {
    return wide() ? (uint64_t{words[0]} << 32 | words[1]) & ~uint64_t{1} : words[1] & 0x7ffffffe;
  }
  bool mode31() const { return words[1] & 0x80000000; }
  bool problem_state() const { return words[1] & 1; }
  uint16_t authorization_key_mask() const { return static_cast<uint16_t>(words[2] >> 16); }
  uint16_t asn() const { return static_cast<uint16_t>(words[2]); }
  uint16_t entry_key_mask() const { return static_cast<uint16_t>(words[3] >> 16); }
  bool stacking() const { return words[4] & 0x80000000; }
  bool wide() const { return words[4] & 0x40000000; }
  bool replaces_key() const { return words[4] & 0x10000000; }
  bool replaces_key_mask() const { return words[4] & 0x08000000; }
  bool replaces_extended_index() const { return words[4] & 0x04000000; }
  bool access_register_mode() const { return words[4] & 0x02000000; }
  bool secondary_is_new() const { return words[4] & 0x01000000; }
  uint8_t entry_key() const { return static_cast<uint8_t>(words[4] >> 20 & 15); }
  uint16_t extended_index() const { return static_cast<uint16_t>(words[4]); }
  uint32_t entry_origin() const { return words[5] & 0x7fffffc0; }
  uint64_t parameter() const { return uint64_t{words[6]} << 32 | words[7]; }
};

// PC-number translation: linkage index, then entry index; false if stopped.
bool TranslatePcNumber(GuestCpu& cpu, uint32_t number, EntryTableEntry& entry) {
  AsnSecondTableEntry primary;
  if (!linkage::ReadEntry(cpu, linkage::PrimaryEntryOrigin(cpu.state()), primary)) return false;
  const uint32_t designation = primary.linkage_table;
  if (!(designation & 0x80000000)) {
    cpu.Interrupt(PgmCode::kSpecialOperation);
    return false;
  }
  const uint32_t linkage_index = number >> 8 & 0xfff;
  const uint32_t entry_index = number & 0xff;
  if (linkage_index / 32 > (designation & 0x7f)) {
    cpu.InterruptTranslation(PgmCode::kLxTranslation, number);
    return false;
  }
  const auto linkage_entry = cpu.LoadReal<uint32_t>((designation & 0x7fffff80) + linkage_index * 4);
  if (cpu.Stopped()) return false;
  if (linkage_entry & 0x80000000) {
    cpu.InterruptTranslation(PgmCode::kLxTranslation, number);
    return false;
  }
  if (entry_index / 4 > (linkage_entry & 0x3f)) {
    cpu.InterruptTranslation(PgmCode::kExTranslation, number);
    return false;
  }
  const uint32_t address = (linkage_entry & 0x7fffffc0) + entry_index * 32;
  for (uint32_t i = 0; i < 8; ++i) entry.words[i] = cpu.LoadReal<uint32_t>(address + 4 * i);
  return !cpu.Stopped();
}

Psw WithMode(Psw psw, bool mode64, bool mode31) {
  psw.mask &= ~(Psw::kExtendedAddressing | Psw::kBasicAddressing);
  if (mode64)
    psw.mask |= Psw::kExtendedAddressing | Psw::kBasicAddressing;
  else if (mode31)
    psw.mask |= Psw::kBasicAddressing;
  return psw;
}

Psw WithProblemState(Psw psw, bool problem_state) {
  psw.mask = (psw.mask & ~Psw::kProblemState) | (problem_state ? Psw::kProblemState : 0);
  return psw;
}

Psw WithSpaceControl(Psw psw, AddressSpaceControl control) {
  psw.mask = (psw.mask & ~Psw::kAddressSpaceControl) | uint64_t{static_cast<uint8_t>(control)}
                                                           << 46;
  return psw;
}

}  // namespace

void ProgramCall(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlPc)) return;
  CpuState& state = cpu.state();
  const AddressSpaceControl control = SpaceControl(cpu);
  if (!(cpu.psw_mask() & Psw::kDat) || control == AddressSpaceControl::kSecondary ||
      control == AddressSpaceControl::kHome) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  const auto number = static_cast<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2) & 0xfffff);
  EntryTableEntry entry;
  if (!TranslatePcNumber(cpu, number, entry)) return;
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  if (!entry.stacking()) {
    if (control != AddressSpaceControl::kPrimary) return cpu.Interrupt(PgmCode::kSpecialOperation);
    // A basic PC stays within 64-bit or within 24- and 31-bit addressing.
    if (mode64 != entry.wide()) return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  if (!entry.wide() && !entry.mode31() && (entry.words[1] & 0x7f000000)) {
    return cpu.Interrupt(PgmCode::kPcTranslationSpecification);
  }
  if (cpu.problem_state() && !(linkage::KeyMask(state) & entry.authorization_key_mask())) {
    return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  }
  AsnSecondTableEntry target;
  const bool switches = entry.asn() != 0;
  if (switches) {
    if (!linkage::ReadEntry(cpu, entry.entry_origin(), target)) return;
    if (target.word0 & 0x80000000)
      return cpu.InterruptTranslation(PgmCode::kAsxTranslation, entry.asn());
  }

  Psw psw = cpu.psw();
  psw.address = cpu.next_address();
  TraceTable trace(cpu);
  const uint64_t new_mode = entry.wide() ? Psw::kExtendedAddressing : 0;
  if (!trace.AddProgramCall(number) || !trace.AddModeSwitch(new_mode)) return;
  if (entry.stacking()) {
    const uint64_t called = uint64_t{number} | (entry.wide() ? 0x80000000 : 0);
    if (!linkage::Push(cpu, linkage::kProgramCallState, psw, called)) return;
    psw = WithSpaceControl(psw, entry.access_register_mode() ? AddressSpaceControl::kAccessRegister
                                                             : AddressSpaceControl::kPrimary);
    if (entry.replaces_key()) psw.set_key(entry.entry_key());
    if (entry.replaces_extended_index()) {
      state.cr[8] = (state.cr[8] & ~uint64_t{0xffff0000}) | uint64_t{entry.extended_index()} << 16;
    }
    linkage::SetKeyMask(
        state, entry.replaces_key_mask()
                   ? entry.entry_key_mask()
                   : static_cast<uint16_t>(linkage::KeyMask(state) | entry.entry_key_mask()));
  } else {
    // GR14 is the link, GR3 the authority to return with.
    const uint64_t link = psw.address | (cpu.problem_state() ? 1 : 0);
    if (mode64)
      cpu.set_gpr(14, link);
    else
      cpu.set_gpr_low(
          14, static_cast<uint32_t>(link) | (psw.mask & Psw::kBasicAddressing ? 0x80000000 : 0));
    cpu.set_gpr_low(3, uint32_t{linkage::KeyMask(state)} << 16 | linkage::PrimaryAsn(state));
    linkage::SetKeyMask(state,
                        static_cast<uint16_t>(linkage::KeyMask(state) | entry.entry_key_mask()));
  }
  trace.Commit();
  if (entry.wide())
    cpu.set_gpr(4, entry.parameter());
  else
    cpu.set_gpr_low(4, entry.words[7]);

  const uint16_t old_asn = linkage::PrimaryAsn(state);
  const uint64_t old_asce = state.cr[kPrimaryAsce];
  if (switches) linkage::SwitchPrimary(cpu, entry.asn(), target);
  if (switches && entry.stacking() && entry.secondary_is_new()) {
    linkage::SetSecondaryAsn(state, entry.asn());
    state.cr[kSecondaryAsce] = state.cr[kPrimaryAsce];
  } else {
    linkage::SetSecondaryAsn(state, old_asn);
    state.cr[kSecondaryAsce] = old_asce;
  }
  psw = WithProblemState(WithMode(psw, entry.wide(), entry.mode31()), entry.problem_state());
  state.breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(Psw{psw.mask, entry.instruction_address()});
}

void ProgramReturn(GuestCpu& cpu, const Insn&) {
  if (cpu.InterceptedBy(uapi::kIctlPr)) return;
  CpuState& state = cpu.state();
  const AddressSpaceControl control = SpaceControl(cpu);
  if (!(cpu.psw_mask() & Psw::kDat) || control == AddressSpaceControl::kSecondary ||
      control == AddressSpaceControl::kHome) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  linkage::StateEntry entry;
  if (!linkage::FindLast(cpu, true, entry)) return;
  AsnSecondTableEntry primary;
  AsnSecondTableEntry secondary;
  const auto saved_secondary = LoadStorage<uint16_t>(entry.bytes + linkage::kKeyMask + 2);
  const auto saved_index = LoadStorage<uint16_t>(entry.bytes + linkage::kKeyMask + 4);
  const auto saved_primary = LoadStorage<uint16_t>(entry.bytes + linkage::kKeyMask + 6);
  const bool from_call = entry.type == linkage::kProgramCallState;
  const bool switches = from_call && saved_primary != linkage::PrimaryAsn(state);
  const bool finds_secondary = from_call && saved_secondary != saved_primary;
  if (switches && !linkage::TranslateAsn(cpu, saved_primary, primary)) return;
  if (finds_secondary) {
    if (!linkage::TranslateAsn(cpu, saved_secondary, secondary)) return;
    const bool authorized = linkage::Authorized(cpu, secondary, saved_index, true);
    if (cpu.Stopped()) return;
    if (!authorized) return cpu.InterruptTranslation(PgmCode::kSecondaryAuthority, saved_secondary);
  }
  Psw psw{LoadStorage<uint64_t>(entry.bytes + linkage::kPswMask),
          LoadStorage<uint64_t>(entry.bytes + linkage::kPswAddress)};
  TraceTable trace(cpu);
  const bool traced = from_call && trace.wants(TraceTable::kSpaces)
                          ? trace.AddProgramReturn(saved_primary, psw)
                          : trace.AddModeSwitch(psw.mask);
  if (!traced || !linkage::Pop(cpu, entry)) return;
  trace.Commit();

  linkage::RestoreRegisters(cpu, entry, 2, 14);
  if (from_call) {
    linkage::SetKeyMask(state, LoadStorage<uint16_t>(entry.bytes + linkage::kKeyMask));
    state.cr[8] = (state.cr[8] & ~uint64_t{0xffff0000}) | uint64_t{saved_index} << 16;
    if (switches) linkage::SwitchPrimary(cpu, saved_primary, primary);
    linkage::SetSecondaryAsn(state, saved_secondary);
    state.cr[kSecondaryAsce] = finds_secondary ? secondary.asce : state.cr[kPrimaryAsce];
  }
  // PER stays as the program that returns has it.
  psw.mask = (psw.mask & ~Psw::kPer) | (cpu.psw_mask() & Psw::kPer);
  state.breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(psw);
}

void BranchAndStack(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlBakr)) return;
  if (!(cpu.psw_mask() & Psw::kDat) || SpaceControl(cpu) == AddressSpaceControl::kSecondary ||
      SpaceControl(cpu) == AddressSpaceControl::kHome) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  const uint64_t link =
      insn.r1 ? cpu.gpr(insn.r1) : linkage::AddressWithMode(cpu, cpu.next_address());
  const bool mode64 = link & 1;
  const bool mode31 = !mode64 && (link & 0x80000000);
  Psw psw = WithMode(cpu.psw(), mode64, mode31);
  psw.address = mode64 ? link & ~uint64_t{1} : link & (mode31 ? 0x7fffffff : 0xffffff);
  const uint64_t target = insn.r2 ? cpu.Wrap(cpu.gpr(insn.r2)) : cpu.next_address();
  TraceTable trace(cpu);
  if (insn.r2 && !trace.AddBranch(target, cpu.psw_mask())) return;
  if (!linkage::Push(cpu, linkage::kBranchState, psw, linkage::AddressWithMode(cpu, target)))
    return;
  trace.Commit();
  if (insn.r2) cpu.BranchTo(target);
}

void ProgramTransfer(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlPt)) return;
  CpuState& state = cpu.state();
  if (!(cpu.psw_mask() & Psw::kDat) || SpaceControl(cpu) != AddressSpaceControl::kPrimary) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  AsnSecondTableEntry current;
  if (!linkage::ReadEntry(cpu, linkage::PrimaryEntryOrigin(state), current)) return;
  if (!(current.linkage_table & 0x80000000)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  const uint64_t where = cpu.gpr(insn.r2);
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  if (cpu.problem_state() && !(where & 1)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  const auto asn = static_cast<uint16_t>(cpu.gpr(insn.r1));
  const auto key_mask = static_cast<uint16_t>(cpu.gpr(insn.r1) >> 16);
  const bool mode31 = !mode64 && (where & 0x80000000);
  const uint64_t address = mode64 ? where & ~uint64_t{1} : where & 0x7ffffffe;
  if (!mode64 && !mode31 && (address & 0x7f000000)) return cpu.Interrupt(PgmCode::kSpecification);

  TraceTable trace(cpu);
  if (!trace.AddProgramTransfer(asn, where)) return;
  if (asn != linkage::PrimaryAsn(state)) {
    AsnSecondTableEntry target;
    if (!linkage::TranslateAsn(cpu, asn, target)) return;
    const bool authorized =
        linkage::Authorized(cpu, target, static_cast<uint16_t>(state.cr[4] >> 16), false);
    if (cpu.Stopped()) return;
    if (!authorized) return cpu.InterruptTranslation(PgmCode::kPrimaryAuthority, asn);
    linkage::SwitchPrimary(cpu, asn, target);
  }
  trace.Commit();
  linkage::SetKeyMask(state, linkage::KeyMask(state) & key_mask);
  linkage::SetSecondaryAsn(state, asn);
  state.cr[kSecondaryAsce] = state.cr[kPrimaryAsce];
  const Psw psw = WithProblemState(WithMode(cpu.psw(), mode64, mode31), where & 1);
  state.breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(Psw{psw.mask, address});
}

}  // namespace hypervisor::assist
