// TEST PROTECTION (PoP: Control Instructions).
#ifndef UCONTROL_INSTRUCTION_TEST_PROTECTION_H_
#define UCONTROL_INSTRUCTION_TEST_PROTECTION_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition TestProtection(Vcpu& vcpu);  // E501

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_TEST_PROTECTION_H_
