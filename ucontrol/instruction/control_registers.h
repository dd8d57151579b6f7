// LOAD CONTROL and STORE CONTROL (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_CONTROL_REGISTERS_H_
#define UCONTROL_INSTRUCTION_CONTROL_REGISTERS_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition LoadControl(Vcpu& vcpu);       // B7
Disposition LoadControlLong(Vcpu& vcpu);   // EB2F
Disposition StoreControl(Vcpu& vcpu);      // B6
Disposition StoreControlLong(Vcpu& vcpu);  // EB25

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_CONTROL_REGISTERS_H_
