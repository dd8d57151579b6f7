// STORE CPU ID and STORE CPU ADDRESS (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_IDENTITY_H_
#define UCONTROL_INSTRUCTION_IDENTITY_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition StoreCpuId(Vcpu& vcpu);       // B202
Disposition StoreCpuAddress(Vcpu& vcpu);  // B212

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_IDENTITY_H_
