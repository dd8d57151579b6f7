// STORE SYSTEM INFORMATION (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_STORE_SYSTEM_INFORMATION_H_
#define UCONTROL_INSTRUCTION_STORE_SYSTEM_INFORMATION_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition StoreSystemInformation(Vcpu& vcpu);  // B27D

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_STORE_SYSTEM_INFORMATION_H_
