#include "ucontrol/instruction/prefix.h"

#include <cstdint>

#include "hypervisor/arch/prefix_area.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

using hypervisor::GuestAbsolute;
using hypervisor::PgmCode;

Disposition SetPrefix(Vcpu& vcpu) {
  constexpr uint32_t kPrefix = 0x7fffe000;
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(4)) return Disposition::Interrupt(PgmCode::kSpecification);
  const auto word = vcpu.storage().Load<uint32_t>(operand);
  if (!word) return vcpu.storage().Fault();
  const uint32_t prefix = *word & kPrefix;
  if (!vcpu.Resolve(GuestAbsolute(prefix))) return Disposition::Interrupt(PgmCode::kAddressing);
  vcpu.cpu().set_prefix(prefix);
  vcpu.PurgeTranslations();
  return Disposition::Resume();
}

Disposition StorePrefix(Vcpu& vcpu) {
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(4)) return Disposition::Interrupt(PgmCode::kSpecification);
  if (!vcpu.storage().Store(operand, vcpu.cpu().prefix())) return vcpu.storage().Fault();
  return Disposition::Resume();
}

}  // namespace ucontrol
