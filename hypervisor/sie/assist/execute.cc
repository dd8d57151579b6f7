// EXECUTE and EXECUTE RELATIVE LONG.
#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {

void Execute(GuestCpu& cpu, const Insn& insn) {
  const uint64_t target = cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2);
  if (target & 1) return cpu.Interrupt(PgmCode::kSpecification);
  cpu.ExecuteTarget(target, insn.r1 ? static_cast<uint8_t>(cpu.gpr(insn.r1)) : 0);
}

void ExecuteRelativeLong(GuestCpu& cpu, const Insn& insn) {
  const uint64_t target =
      cpu.Wrap(cpu.relative_base() + static_cast<uint64_t>(int64_t{insn.i2} * 2));
  cpu.ExecuteTarget(target, insn.r1 ? static_cast<uint8_t>(cpu.gpr(insn.r1)) : 0);
}

}  // namespace hypervisor::assist
