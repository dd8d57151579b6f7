// What the machine says of itself, and what programs say of themselves to it.
#include <algorithm>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"

namespace hypervisor::assist {

void StoreFacilityListExtended(GuestCpu& cpu, const Insn& insn) {
  if (cpu.block().fac == 0 || (cpu.block().ictl & uapi::kIctlFacility)) {
    return cpu.Intercept(uapi::Interception::kInstruction);
  }
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, 8)) return;
  int present = 1;
  for (int i = 0; i < FacilityList::kDoublewords; ++i) {
    if (cpu.facilities().doubleword(i)) present = i + 1;
  }
  const int wanted = static_cast<int>(cpu.gpr(0) & 0xff) + 1;
  const int stored = std::min(wanted, present);
  uint8_t text[8 * FacilityList::kDoublewords];
  for (int i = 0; i < stored; ++i)
    StoreStorage<uint64_t>(text + 8 * i, cpu.facilities().doubleword(i));
  if (!cpu.StoreBytes(address, text, static_cast<uint32_t>(8 * stored), Space::ByPsw(insn.b2)))
    return;
  cpu.set_gpr(0, (cpu.gpr(0) & ~uint64_t{0xff}) | static_cast<uint64_t>(present - 1));
  cpu.set_cc(wanted >= present ? 0 : 3);
}

void SetProgramParameter(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, 8)) return;
  const auto value = cpu.Load<uint64_t>(address, insn.b2);
  if (!cpu.Stopped()) cpu.state().program_parameter = value;
}

}  // namespace hypervisor::assist
