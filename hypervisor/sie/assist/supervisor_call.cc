// SUPERVISOR CALL, MONITOR CALL.
#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {
namespace {

// SVC interception controls: the first byte of svcc tells whether all calls leave SIE, or those
// that one of the other three bytes names.
bool InterceptsSupervisorCall(uint32_t svcc, uint8_t number) {
  if (svcc & 0x80000000) return true;
  for (int i = 1; i < 4; ++i) {
    if ((svcc & 0x80000000u >> i) && static_cast<uint8_t>(svcc >> (24 - 8 * i)) == number) {
      return true;
    }
  }
  return false;
}

}  // namespace

void SupervisorCall(GuestCpu& cpu, const Insn& insn) {
  const auto number = static_cast<uint8_t>(insn.i2);
  if (InterceptsSupervisorCall(cpu.block().svcc, number)) {
    return cpu.Intercept(uapi::Interception::kInstruction);
  }
  cpu.DeliverSupervisorCall(number);
}

// A monitor event, if control register 8 has a one for the class. The first-operand address is the
// monitor code.
void MonitorCall(GuestCpu& cpu, const Insn& insn) {
  if (insn.i2 & 0xf0) return cpu.Interrupt(PgmCode::kSpecification);
  if (!(cpu.state().cr[8] << insn.i2 & 0x8000)) return;
  cpu.Interrupt(PgmCode::kMonitorEvent);
  cpu.program_interruption().monitor_class = static_cast<uint8_t>(insn.i2);
  cpu.program_interruption().monitor_code = cpu.EffectiveAddress(0, insn.b1, insn.d1);
}

}  // namespace hypervisor::assist
