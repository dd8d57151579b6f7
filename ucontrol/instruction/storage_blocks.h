// Instructions on whole blocks of real or absolute storage (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_STORAGE_BLOCKS_H_
#define UCONTROL_INSTRUCTION_STORAGE_BLOCKS_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition TestBlock(Vcpu& vcpu);                       // B22C
Disposition PerformFrameManagementFunction(Vcpu& vcpu);  // B9AF

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_STORAGE_BLOCKS_H_
