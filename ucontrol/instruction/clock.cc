#include "ucontrol/instruction/clock.h"

#include <cstdint>

#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

using hypervisor::PgmCode;

Disposition SetClock(Vcpu& vcpu) {
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(8)) return Disposition::Interrupt(PgmCode::kSpecification);
  const auto tod = vcpu.storage().Load<uint64_t>(operand);
  if (!tod) return vcpu.storage().Fault();
  // Condition code 3: the clock is in the not-operational state.
  vcpu.cpu().set_condition_code(vcpu.machine().clock().Set(*tod).ok() ? 0 : 3);
  return Disposition::Resume();
}

Disposition SetClockProgrammableField(Vcpu& vcpu) {
  const uint64_t field = vcpu.cpu().gpr(0);
  if ((field & 0xffff0000) != 0) return Disposition::Interrupt(PgmCode::kSpecification);
  vcpu.cpu().set_tod_programmable(static_cast<uint32_t>(field & 0xffff));
  return Disposition::Resume();
}

// The engine interprets the query functions; of the others none is available.
Disposition PerformTimingFacilityFunction(Vcpu& vcpu) {
  constexpr uint64_t kFunctionCode = 0x7f;
  constexpr uint64_t kFirstControl = 0x40;
  const bool control = (vcpu.cpu().gpr(0) & kFunctionCode) >= kFirstControl;
  if (control && vcpu.cpu().psw().problem_state()) {
    return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  }
  vcpu.cpu().set_condition_code(3);
  return Disposition::Resume();
}

}  // namespace ucontrol
