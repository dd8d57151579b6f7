#include "hypervisor/sie/assist/floating_point_control.h"

#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {
namespace {

void SetValidFpc(GuestCpu& cpu, uint32_t fpc) {
  if (!IsValidFpc(fpc)) return cpu.Interrupt(PgmCode::kSpecification);
  cpu.state().fpc = fpc;
}

// The flags that are on before are signaled: one that the new masks enable is a data exception,
// recognized when the register has been loaded.
void SetFpcAndSignalFlags(GuestCpu& cpu, uint32_t fpc) {
  if (!IsValidFpc(fpc)) return cpu.Interrupt(PgmCode::kSpecification);
  const uint32_t signaling = cpu.state().fpc;
  cpu.state().fpc = fpc | (signaling & 0x00ff0000);
  const auto enabled = static_cast<uint8_t>(FlagsOf(signaling) & MasksOf(fpc));
  uint8_t code = 0;
  if (enabled & kIeeeInvalid) {
    code = kIeeeInvalid;
  } else if (enabled & kIeeeDivideByZero) {
    code = kIeeeDivideByZero;
  } else if (enabled & kIeeeOverflow) {
    code = enabled & (kIeeeOverflow | kIeeeInexact);
  } else if (enabled & kIeeeUnderflow) {
    code = enabled & (kIeeeUnderflow | kIeeeInexact);
  } else {
    code = enabled & (kIeeeInexact | kQuantum);
    if (code & kIeeeInexact) code = kIeeeInexact;
  }
  if (code) cpu.InterruptData(static_cast<uint8_t>(code | 3));
}

bool AllowAfpPair(GuestCpu& cpu, int r) {
  if ((r & 9) == 0 || AfpOn(cpu)) return true;
  cpu.InterruptData(kDxcAfpRegister);
  return false;
}

}  // namespace

void LoadFpc(GuestCpu& cpu, const Insn& insn) {
  if (!AllowBfp(cpu)) return;
  const auto fpc = cpu.Load<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2);
  if (!cpu.Stopped()) SetValidFpc(cpu, fpc);
}

void StoreFpc(GuestCpu& cpu, const Insn& insn) {
  if (!AllowBfp(cpu)) return;
  cpu.Store<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2, cpu.state().fpc);
}

void SetFpc(GuestCpu& cpu, const Insn& insn) {
  if (AllowBfp(cpu)) SetValidFpc(cpu, cpu.gpr_low(insn.r1));
}

void ExtractFpc(GuestCpu& cpu, const Insn& insn) {
  if (AllowBfp(cpu)) cpu.set_gpr_low(insn.r1, cpu.state().fpc);
}

void LoadFpcAndSignal(GuestCpu& cpu, const Insn& insn) {
  if (!AllowDfp(cpu)) return;
  const auto fpc = cpu.Load<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2);
  if (!cpu.Stopped()) SetFpcAndSignalFlags(cpu, fpc);
}

void SetFpcAndSignal(GuestCpu& cpu, const Insn& insn) {
  if (AllowDfp(cpu)) SetFpcAndSignalFlags(cpu, cpu.gpr_low(insn.r1));
}

void SetBfpRoundingMode2Bit(GuestCpu& cpu, const Insn& insn) {
  if (!AllowBfp(cpu)) return;
  const auto mode = static_cast<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2) & 3);
  cpu.state().fpc = (cpu.state().fpc & ~7u) | mode;
}

void SetBfpRoundingMode3Bit(GuestCpu& cpu, const Insn& insn) {
  if (!AllowBfp(cpu)) return;
  const auto mode = static_cast<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2) & 0xff);
  if (!IsValidBfpRoundingMode(mode)) return cpu.Interrupt(PgmCode::kSpecification);
  cpu.state().fpc = (cpu.state().fpc & ~7u) | mode;
}

void SetDfpRoundingMode(GuestCpu& cpu, const Insn& insn) {
  if (!AllowDfp(cpu)) return;
  const auto mode = static_cast<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2) & 7);
  cpu.state().fpc = (cpu.state().fpc & ~0x70u) | mode << 4;
}

void LoadExtended(GuestCpu& cpu, const Insn& insn) {
  if (!AllowAfpPair(cpu, insn.r1) || !AllowAfpPair(cpu, insn.r2)) return;
  if (!ArePairs(cpu, insn.r1, insn.r2)) return;
  const uint64_t high = cpu.fpr(insn.r2);
  const uint64_t low = cpu.fpr(insn.r2 + 2);
  cpu.set_fpr(insn.r1, high);
  cpu.set_fpr(insn.r1 + 2, low);
}

void LoadZeroExtended(GuestCpu& cpu, const Insn& insn) {
  if (!AllowAfpPair(cpu, insn.r1) || !ArePairs(cpu, insn.r1)) return;
  cpu.set_fpr(insn.r1, 0);
  cpu.set_fpr(insn.r1 + 2, 0);
}

}  // namespace hypervisor::assist
