// Instructions that set the TOD clock (PoP: Control Instructions). A handler named Privileged in
// the table is called in the supervisor state only.
#ifndef UCONTROL_INSTRUCTION_CLOCK_H_
#define UCONTROL_INSTRUCTION_CLOCK_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition SetClock(Vcpu& vcpu);                       // B204
Disposition SetClockProgrammableField(Vcpu& vcpu);      // 0107
Disposition PerformTimingFacilityFunction(Vcpu& vcpu);  // 0104

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_CLOCK_H_
