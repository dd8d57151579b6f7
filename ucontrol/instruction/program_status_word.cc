#include "ucontrol/instruction/program_status_word.h"

#include <array>
#include <cstdint>

#include "hypervisor/arch/psw.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using hypervisor::Psw;

// A new PSW that isn't valid is loaded all the same; the exception has it as its old PSW.
Disposition Enter(Vcpu& vcpu, const Psw& psw) {
  vcpu.cpu().set_psw(psw);
  return psw.IsValid() ? Disposition::Resume() : Disposition::Interrupt(PgmCode::kSpecification);
}

void NoteBreakingEvent(Vcpu& vcpu) {
  const Psw& behind = vcpu.cpu().psw();
  vcpu.cpu().set_breaking_event_address((behind.address - vcpu.InstructionLength()) &
                                        behind.address_mask());
}

Disposition LoadLong(Vcpu& vcpu, const OperandAddress& operand, bool breaking_event) {
  if (!operand.address.IsAligned(8)) return Disposition::Interrupt(PgmCode::kSpecification);
  std::array<uint8_t, 16> bytes;
  if (!vcpu.storage().Read(operand, bytes.data(), bytes.size())) return vcpu.storage().Fault();
  if (breaking_event) NoteBreakingEvent(vcpu);
  return Enter(vcpu, {LoadBigEndian<uint64_t>(&bytes[0]), LoadBigEndian<uint64_t>(&bytes[8])});
}

}  // namespace

Disposition LoadPsw(Vcpu& vcpu) {
  const OperandAddress operand = SecondOperand(vcpu.cpu(), vcpu.ipb());
  if (!operand.address.IsAligned(8)) return Disposition::Interrupt(PgmCode::kSpecification);
  const auto word = vcpu.storage().Load<uint64_t>(operand);
  if (!word) return vcpu.storage().Fault();
  if ((*word & Psw::kShortForm) == 0) return Disposition::Interrupt(PgmCode::kSpecification);
  NoteBreakingEvent(vcpu);
  constexpr uint64_t kShortAddress = 0x7fffffff;
  return Enter(vcpu, {*word & ~Psw::kShortForm & ~kShortAddress, *word & kShortAddress});
}

Disposition LoadPswExtended(Vcpu& vcpu) {
  return LoadLong(vcpu, SecondOperand(vcpu.cpu(), vcpu.ipb()), /*breaking_event=*/true);
}

Disposition LoadPswExtendedLong(Vcpu& vcpu) {
  return LoadLong(vcpu, LongDisplacementOperand(vcpu.cpu(), vcpu.ipb()), /*breaking_event=*/false);
}

// A problem-state program may execute it.
Disposition ExtractPsw(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  const uint64_t mask = cpu.psw().mask;
  cpu.set_gpr_low(R1OfRre(vcpu.ipb()), static_cast<uint32_t>(mask >> 32));
  const int r2 = R2OfRre(vcpu.ipb());
  if (r2 != 0) cpu.set_gpr_low(r2, static_cast<uint32_t>(mask));
  return Disposition::Resume();
}

}  // namespace ucontrol
