// Control instructions on the PSW.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/system_mask.h"

namespace hypervisor::assist {

void LoadPsw(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlLpsw)) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, 8)) return;
  const auto word = cpu.Load<uint64_t>(address, insn.b2);
  if (cpu.Stopped()) return;
  if (!(word & Psw::kShortForm)) return cpu.Interrupt(PgmCode::kSpecification);
  const uint64_t mask = word & ~Psw::kShortForm & (Mask<0, 31>() | Psw::kBasicAddressing);
  cpu.state().breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(Psw{mask, word & Mask<33, 63>()});
}

void LoadPswExtended(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlLpsw)) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, 8)) return;
  uint8_t text[16];
  if (!cpu.LoadBytes(address, text, sizeof(text), Space::ByPsw(insn.b2))) return;
  cpu.state().breaking_event_address = cpu.instruction_address();
  cpu.LoadPsw(Psw{LoadStorage<uint64_t>(text), LoadStorage<uint64_t>(text + 8)});
}

void ExtractPsw(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlLpsw)) return;
  const uint64_t mask = cpu.psw().mask;
  cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(mask >> 32));
  if (insn.r2 != 0) cpu.set_gpr_low(insn.r2, static_cast<uint32_t>(mask));
}

void SetSystemMask(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlSsm)) return;
  if (cpu.state().cr[0] & cr0::kSsmSuppression) return cpu.Interrupt(PgmCode::kSpecialOperation);
  const auto mask = cpu.Load<uint8_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2);
  if (!cpu.Stopped()) ReplaceSystemMask(cpu, mask);
}

void SetPswKeyFromAddress(GuestCpu& cpu, const Insn& insn) {
  const auto key = static_cast<uint8_t>(Bits<56, 59>(cpu.EffectiveAddress(0, insn.b2, insn.d2)));
  if (!KeyPermitted(cpu, key)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  Psw psw{cpu.psw_mask(), 0};
  psw.set_key(key);
  cpu.SetPswMask(psw.mask);
}

void InsertPswKey(GuestCpu& cpu, const Insn&) {
  if (!ExtractionPermitted(cpu)) return;
  cpu.set_gpr(2, (cpu.gpr(2) & ~uint64_t{0xff}) | uint64_t{cpu.psw_key()} << 4);
}

void SetAddressSpaceControl(GuestCpu& cpu, const Insn& insn) {
  // Bits 52-55 of the address say which: primary, secondary, access-register, home.
  const uint64_t code = Bits<52, 55>(cpu.EffectiveAddress(0, insn.b2, insn.d2));
  if (code > 3) return cpu.Interrupt(PgmCode::kSpecification);
  if (!(cpu.psw_mask() & Psw::kDat) || !(cpu.state().cr[0] & cr0::kSecondarySpace)) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  if (code == 3 && cpu.problem_state()) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  constexpr uint64_t kAsc[] = {0, 2, 1, 3};  // the PSW counts them in another order
  const bool was_home = SpaceControl(cpu) == AddressSpaceControl::kHome;
  const bool is_home = code == 3;
  cpu.SetPswMask((cpu.psw_mask() & ~Psw::kAddressSpaceControl) | kAsc[code] << 46);
  // Entering or leaving the home space is a space-switch event, if either space asks for it.
  if (was_home != is_home) {
    const bool asked = (cpu.state().cr[kPrimaryAsce] & asce::kSpaceSwitchEvent) ||
                       (cpu.state().cr[kHomeAsce] & asce::kSpaceSwitchEvent);
    if (asked) cpu.InterruptAfterCompletion(PgmCode::kSpaceSwitch);
  }
}

void InsertAddressSpaceControl(GuestCpu& cpu, const Insn& insn) {
  if (!(cpu.psw_mask() & Psw::kDat)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  if (!ExtractionPermitted(cpu)) return;
  constexpr uint8_t kCode[] = {0, 2, 1, 3};
  const uint8_t code = kCode[static_cast<int>(SpaceControl(cpu))];
  cpu.set_gpr(insn.r1, (cpu.gpr(insn.r1) & ~uint64_t{0xff00}) | uint64_t{code} << 8);
  cpu.set_cc(code);
}

}  // namespace hypervisor::assist
