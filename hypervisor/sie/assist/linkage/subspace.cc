// BRANCH IN SUBSPACE GROUP and BRANCH AND SET AUTHORITY, which work on the dispatchable-unit
// control table of CR2.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/linkage/address_spaces.h"
#include "hypervisor/sie/assist/trace_table.h"

namespace hypervisor::assist {
namespace {

constexpr uint64_t kSubspaceGroup = 0x200;  // of an ASCE

uint32_t ControlTable(const GuestCpu& cpu) {
  return static_cast<uint32_t>(cpu.state().cr[2]) & 0x7fffffc0;
}

// Puts a link into R1, if it is not 0.
void SetLink(GuestCpu& cpu, int r1) {
  if (r1 == 0) return;
  if (cpu.psw_mask() & Psw::kExtendedAddressing) {
    cpu.set_gpr(r1, cpu.next_address());
  } else {
    cpu.set_gpr_low(r1, static_cast<uint32_t>(linkage::AddressWithMode(cpu, cpu.next_address())));
  }
}

// The PSW that a branch to `where` makes: outside the 64-bit mode its bit 32 chooses the mode.
Psw BranchPsw(const GuestCpu& cpu, uint64_t where) {
  Psw psw = cpu.psw();
  if (psw.mask & Psw::kExtendedAddressing) {
    psw.address = where;
    return psw;
  }
  const bool mode31 = where & 0x80000000;
  psw.mask = (psw.mask & ~Psw::kBasicAddressing) | (mode31 ? Psw::kBasicAddressing : 0);
  psw.address = where & (mode31 ? 0x7fffffff : 0xffffff);
  return psw;
}

}  // namespace

void BranchInSubspaceGroup(GuestCpu& cpu, const Insn& insn) {
  if (!(cpu.psw_mask() & Psw::kDat)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  CpuState& state = cpu.state();
  const uint32_t table = ControlTable(cpu);
  const uint32_t base = cpu.LoadReal<uint32_t>(table) & 0x7fffffc0;
  const auto active = cpu.LoadReal<uint32_t>(table + 4);
  const auto sequence = cpu.LoadReal<uint32_t>(table + 12);
  if (cpu.Stopped()) return;
  if (linkage::PrimaryEntryOrigin(state) != base) return cpu.Interrupt(PgmCode::kSpecialOperation);

  const uint32_t alet = insn.r2 ? state.ar[insn.r2] : 0;
  linkage::AsnSecondTableEntry target;
  if (alet == 0) {
    if (!linkage::ReadEntry(cpu, base, target)) return;
  } else if (alet == 1) {
    const uint32_t origin = active & 0x7fffffc0;
    if (origin == 0) return cpu.Interrupt(PgmCode::kSpecialOperation);
    if (!linkage::ReadEntry(cpu, origin, target)) return;
    if (target.word0 & 0x80000000)
      return cpu.InterruptTranslation(PgmCode::kAsteValidity, 0, insn.r2);
    if (target.sequence_number != sequence)
      return cpu.InterruptTranslation(PgmCode::kAsteSequence, 0, insn.r2);
  } else {
    uint32_t origin = 0;
    if (!cpu.FindAccessListSpace(insn.r2, origin) || !linkage::ReadEntry(cpu, origin, target))
      return;
    const bool in_group = (target.asce & kSubspaceGroup) && !(target.word0 & 1);
    if (origin != base && !in_group) return cpu.Interrupt(PgmCode::kSpecialOperation);
  }

  TraceTable trace(cpu);
  if (!trace.AddSubspaceBranch(alet, cpu.gpr(insn.r2))) return;
  trace.Commit();
  constexpr uint64_t kEvents = asce::kSpaceSwitchEvent | asce::kStorageAlteration;
  const bool to_base = target.origin == base && alet != 1;
  state.cr[kPrimaryAsce] =
      to_base ? target.asce : (state.cr[kPrimaryAsce] & kEvents) | (target.asce & ~kEvents);
  state.cr[kSecondaryAsce] = state.cr[kPrimaryAsce];
  linkage::SetSecondaryAsn(state, linkage::PrimaryAsn(state));
  cpu.ControlChanged();
  if (to_base) {
    cpu.StoreReal<uint32_t>(table + 4, active & 0x7fffffff);
  } else {
    cpu.StoreReal<uint32_t>(table + 4, 0x80000000 | target.origin);
    if (alet != 1) cpu.StoreReal<uint32_t>(table + 12, target.sequence_number);
  }
  const Psw psw = BranchPsw(cpu, cpu.gpr(insn.r2));
  SetLink(cpu, insn.r1);
  state.breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(psw);
}

void BranchAndSetAuthority(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlBsa)) return;
  constexpr uint32_t kReduced = 0x8;
  constexpr uint32_t kProblem = 0x1;
  CpuState& state = cpu.state();
  const uint32_t table = ControlTable(cpu);
  const auto authority = cpu.LoadReal<uint32_t>(table + 20);
  const auto return_address = cpu.LoadReal<uint64_t>(table + 32);
  if (cpu.Stopped()) return;
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  if (!(authority & kReduced)) {
    // From base to reduced authority.
    if (insn.r2 == 0) return cpu.Interrupt(PgmCode::kSpecialOperation);
    const auto key = static_cast<uint8_t>(Bits<56, 59>(cpu.gpr(insn.r1)));
    if (!KeyPermitted(cpu, key)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
    Psw psw = BranchPsw(cpu, cpu.gpr(insn.r2));
    TraceTable trace(cpu);
    if (!trace.AddBranch(psw.address, psw.mask)) return;
    trace.Commit();
    cpu.StoreReal<uint32_t>(table + 20, uint32_t{linkage::KeyMask(state)} << 16 |
                                            uint32_t{cpu.psw_key()} << 4 | kReduced |
                                            (cpu.problem_state() ? kProblem : 0));
    cpu.StoreReal<uint64_t>(table + 32, mode64 ? cpu.next_address()
                                               : linkage::AddressWithMode(cpu, cpu.next_address()));
    psw.set_key(key);
    psw.mask |= Psw::kProblemState;
    linkage::SetKeyMask(state,
                        static_cast<uint16_t>(linkage::KeyMask(state) & cpu.gpr(insn.r1) >> 16));
    state.breaking_event_address = cpu.instruction_address();
    return cpu.LoadPsw(psw);
  }
  // And back.
  if (insn.r2 != 0) return cpu.Interrupt(PgmCode::kSpecialOperation);
  Psw psw = BranchPsw(cpu, return_address);
  TraceTable trace(cpu);
  if (!trace.AddBranch(psw.address, psw.mask)) return;
  trace.Commit();
  psw.set_key(static_cast<uint8_t>(authority >> 4 & 15));
  psw.mask = (psw.mask & ~Psw::kProblemState) | (authority & kProblem ? Psw::kProblemState : 0);
  SetLink(cpu, insn.r1);
  linkage::SetKeyMask(state, static_cast<uint16_t>(authority >> 16));
  cpu.StoreReal<uint32_t>(table + 20, authority & ~kReduced);
  state.breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(psw);
}

}  // namespace hypervisor::assist
