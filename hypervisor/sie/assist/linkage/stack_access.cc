// Reading and changing the last entry of the linkage stack: EREG, EREGG, ESTA, MSTA.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/linkage/stack.h"

namespace hypervisor::assist {
namespace {

bool StackAccessible(GuestCpu& cpu) {
  if ((cpu.psw_mask() & Psw::kDat) && SpaceControl(cpu) != AddressSpaceControl::kSecondary)
    return true;
  cpu.Interrupt(PgmCode::kSpecialOperation);
  return false;
}

}  // namespace

void ExtractStackedRegisters(GuestCpu& cpu, const Insn& insn) {
  linkage::StateEntry entry;
  if (!StackAccessible(cpu) || !linkage::FindLast(cpu, false, entry)) return;
  for (int r = insn.r1;; r = (r + 1) & 15) {
    cpu.set_gpr_low(r, LoadStorage<uint32_t>(entry.bytes + linkage::kGprs + 8 * r + 4));
    cpu.state().ar[r] = LoadStorage<uint32_t>(entry.bytes + linkage::kAccessRegisters + 4 * r);
    if (r == insn.r2) return;
  }
}

void ExtractStackedRegistersLong(GuestCpu& cpu, const Insn& insn) {
  linkage::StateEntry entry;
  if (!StackAccessible(cpu) || !linkage::FindLast(cpu, false, entry)) return;
  linkage::RestoreRegisters(cpu, entry, insn.r1, insn.r2);
}

void ExtractStackedState(GuestCpu& cpu, const Insn& insn) {
  constexpr uint64_t kLastCode = 4;
  const uint64_t code = cpu.gpr(insn.r2) & 0xff;
  if (!StackAccessible(cpu)) return;
  if (insn.r1 % 2 || code > kLastCode) return cpu.Interrupt(PgmCode::kSpecification);
  linkage::StateEntry entry;
  if (!linkage::FindLast(cpu, false, entry)) return;
  const uint8_t* bytes = entry.bytes;
  if (code == 4) {
    cpu.set_gpr(insn.r1, LoadStorage<uint64_t>(bytes + linkage::kPswMask));
    cpu.set_gpr(insn.r1 + 1, LoadStorage<uint64_t>(bytes + linkage::kPswAddress));
  } else if (code == 1) {
    // The PSW in its short form.
    const auto mask = LoadStorage<uint64_t>(bytes + linkage::kPswMask);
    const auto address = LoadStorage<uint64_t>(bytes + linkage::kPswAddress);
    cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(mask >> 32) | 0x80000);
    cpu.set_gpr_low(insn.r1 + 1, (static_cast<uint32_t>(mask) & 0x80000000) |
                                     (static_cast<uint32_t>(address) & 0x7fffffff));
  } else {
    constexpr uint32_t kOffsets[] = {linkage::kKeyMask, 0, linkage::kCalled, linkage::kModifiable};
    cpu.set_gpr_low(insn.r1, LoadStorage<uint32_t>(bytes + kOffsets[code]));
    cpu.set_gpr_low(insn.r1 + 1, LoadStorage<uint32_t>(bytes + kOffsets[code] + 4));
  }
  cpu.set_cc(entry.type == linkage::kProgramCallState ? 1 : 0);
}

void ModifyStackedState(GuestCpu& cpu, const Insn& insn) {
  if (!StackAccessible(cpu)) return;
  if (insn.r1 % 2) return cpu.Interrupt(PgmCode::kSpecification);
  linkage::StateEntry entry;
  if (!linkage::FindLast(cpu, false, entry)) return;
  uint8_t text[8];
  StoreStorage<uint32_t>(text, cpu.gpr_low(insn.r1));
  StoreStorage<uint32_t>(text + 4, cpu.gpr_low(insn.r1 + 1));
  cpu.StoreBytes(entry.address + linkage::kModifiable, text, 8, linkage::kStackSpace);
}

}  // namespace hypervisor::assist
