// Facilities that the engine interprets once a guest uses them: the first use is intercepted, and
// executed again.
#ifndef UCONTROL_INSTRUCTION_LAZY_FACILITIES_H_
#define UCONTROL_INSTRUCTION_LAZY_FACILITIES_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition EnableStorageKeys(Vcpu& vcpu);             // B229, B22A, B22B
Disposition EnableGuardedStorage(Vcpu& vcpu);          // E349, E34D
Disposition EnableRuntimeInstrumentation(Vcpu& vcpu);  // AA0-AA4, EB60-EB62

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_LAZY_FACILITIES_H_
