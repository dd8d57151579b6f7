// How the monitor finds the handler of an intercepted instruction. The table stands in
// ucontrol/instruction/; a machine is given it when it is made.
#ifndef UCONTROL_INSTRUCTION_HANDLER_H_
#define UCONTROL_INSTRUCTION_HANDLER_H_

#include <cstdint>

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

// Runs on the vCPU's own thread. The PSW already points behind the instruction.
using InstructionHandler = Disposition (*)(Vcpu& vcpu);

// The handler for an instruction that begins with these halfwords; null means operation exception.
using InstructionTable = InstructionHandler (*)(uint16_t ipa, uint32_t ipb);

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_HANDLER_H_
