#include "ucontrol/instruction/service_call.h"

#include <cstdint>

#include "ucontrol/machine.h"
#include "ucontrol/service_call/service_call.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

Disposition CallServiceProcessor(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  auto* processor = vcpu.machine().FindPart<ServiceCall>();
  if (processor == nullptr) {
    cpu.set_condition_code(3);
    return Disposition::Resume();
  }
  const auto command = static_cast<uint32_t>(cpu.gpr(R1OfRre(vcpu.ipb())));
  const uint64_t sccb = cpu.gpr(R2OfRre(vcpu.ipb())) & cpu.psw().address_mask();
  const hypervisor::PgmCode code = processor->Execute(command, sccb, cpu.prefix());
  if (code != hypervisor::PgmCode::kNone) return Disposition::Interrupt(code);
  cpu.set_condition_code(0);
  return Disposition::Resume();
}

}  // namespace ucontrol
