#include "hypervisor/sie/assist/system_mask.h"

namespace hypervisor::assist {

void ReplaceSystemMask(GuestCpu& cpu, uint8_t mask) {
  const uint64_t next = (cpu.psw_mask() & ~Mask<0, 7>()) | uint64_t{mask} << 56;
  cpu.SetPswMask(next);
  if (!Psw{next, 0}.IsValid()) cpu.InterruptAfterCompletion(PgmCode::kSpecification);
}

void StoreThenUpdateSystemMask(GuestCpu& cpu, Update update, uint64_t address, int ar,
                               uint8_t operand) {
  const bool ands = update == Update::kAnd;
  if (!cpu.Privileged() || cpu.InterceptedBy(ands ? uapi::kIctlStnsm : uapi::kIctlStosm)) return;
  const auto mask = static_cast<uint8_t>(cpu.psw_mask() >> 56);
  cpu.Store<uint8_t>(address, ar, mask);
  if (cpu.Stopped()) return;
  ReplaceSystemMask(cpu, static_cast<uint8_t>(ands ? mask & operand : mask | operand));
}

}  // namespace hypervisor::assist
