// The table of instructions that the monitor emulates: opcode -> handler. Every instruction that
// isn't in it ends in an operation exception.
#ifndef UCONTROL_INSTRUCTION_INSTRUCTION_TABLE_H_
#define UCONTROL_INSTRUCTION_INSTRUCTION_TABLE_H_

#include <cstdint>

#include "ucontrol/instruction_handler.h"

namespace ucontrol {

// An InstructionTable. Instructions of the channel subsystem and SIGNAL PROCESSOR included.
InstructionHandler FindInstruction(uint16_t ipa, uint32_t ipb);

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_INSTRUCTION_TABLE_H_
