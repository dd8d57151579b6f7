// Program interruptions that the monitor performs (PoP: Interruptions, "Program Interruption").
#ifndef UCONTROL_PROGRAM_INTERRUPTION_H_
#define UCONTROL_PROGRAM_INTERRUPTION_H_

#include <cstdint>
#include <optional>

#include "hypervisor/arch/interruption.h"
#include "hypervisor/uapi/kvm.h"
#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

struct PerEvent {
  uint8_t code = 0;  // as CR9 bits 32-39 name the events
  uint8_t atmid = 0;
  uint8_t access_id = 0;
  uint64_t address = 0;
};

struct ProgramEvent {
  hypervisor::ProgramInterruption program;
  std::optional<PerEvent> per;
  uint8_t instruction_length = 0;
};

// Stores the parameters and exchanges the PSWs. The PSW already is what the old PSW shall be.
// Resume, or Crash if the guest would loop in program interruptions or has no prefix area.
Disposition InterruptProgram(Vcpu& vcpu, const ProgramEvent& event);

// The end of an intercepted instruction with `interruption`: rewinds if it nullifies, adds the PER
// event that came with the instruction.
Disposition EndWithProgramInterruption(Vcpu& vcpu,
                                       const hypervisor::ProgramInterruption& interruption);

// The end of an intercepted instruction that completed: the PER event alone, if there is one.
Disposition EndWithPerEvent(Vcpu& vcpu);

// Interception 0x08: the parameters are in the SIE block.
Disposition ForwardProgramInterruption(Vcpu& vcpu);

// What a client queued with KVM_S390_PROGRAM_INT.
Disposition InterruptProgram(Vcpu& vcpu, const hypervisor::uapi::Irq& irq);

}  // namespace ucontrol

#endif  // UCONTROL_PROGRAM_INTERRUPTION_H_
