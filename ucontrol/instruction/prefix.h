// SET PREFIX and STORE PREFIX (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_PREFIX_H_
#define UCONTROL_INSTRUCTION_PREFIX_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition SetPrefix(Vcpu& vcpu);    // B210
Disposition StorePrefix(Vcpu& vcpu);  // B211

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_PREFIX_H_
