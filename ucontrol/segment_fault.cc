#include "ucontrol/segment_fault.h"

#include "hypervisor/arch/psw.h"
#include "ucontrol/program_interruption.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace {

// What the architecture leaves open where the instruction itself can't be fetched.
constexpr uint8_t kLengthOfUnknownInstruction = 4;

uint8_t LengthOf(uint8_t opcode) {
  return opcode < 0x40 ? 2 : opcode < 0xc0 ? 4 : 6;
}

}  // namespace

Disposition HandleSegmentFault(Vcpu& vcpu, hypervisor::VcpuAddress address) {
  if (vcpu.FaultIn(hypervisor::GuestAbsolute(address.raw()))) return Disposition::Resume();

  // The instruction was nullified, but an addressing exception suppresses: the old PSW points
  // behind it.
  ProgramEvent event;
  event.program.code = hypervisor::PgmCode::kAddressing;
  const auto opcode = vcpu.storage().OpcodeAtPsw();
  event.instruction_length = opcode ? LengthOf(*opcode) : kLengthOfUnknownInstruction;
  hypervisor::Psw psw = vcpu.cpu().psw();
  psw.address = (psw.address + event.instruction_length) & psw.address_mask();
  vcpu.cpu().set_psw(psw);
  return InterruptProgram(vcpu, event);
}

}  // namespace ucontrol
