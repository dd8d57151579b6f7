#include "ucontrol/instruction/identity.h"

#include "ucontrol/instruction/description.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

using hypervisor::PgmCode;

Disposition StoreCpuId(Vcpu& vcpu) {
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(8)) return Disposition::Interrupt(PgmCode::kSpecification);
  if (!vcpu.storage().Store(operand, DescriptionOf(vcpu).cpu_id)) return vcpu.storage().Fault();
  return Disposition::Resume();
}

Disposition StoreCpuAddress(Vcpu& vcpu) {
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(2)) return Disposition::Interrupt(PgmCode::kSpecification);
  if (!vcpu.storage().Store(operand, vcpu.address())) return vcpu.storage().Fault();
  return Disposition::Resume();
}

}  // namespace ucontrol
