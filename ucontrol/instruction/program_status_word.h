// LOAD PSW and its kin, when the monitor asked to see new PSWs (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_PROGRAM_STATUS_WORD_H_
#define UCONTROL_INSTRUCTION_PROGRAM_STATUS_WORD_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition LoadPsw(Vcpu& vcpu);              // 82
Disposition LoadPswExtended(Vcpu& vcpu);      // B2B2
Disposition LoadPswExtendedLong(Vcpu& vcpu);  // EB71
Disposition ExtractPsw(Vcpu& vcpu);           // B98D

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_PROGRAM_STATUS_WORD_H_
