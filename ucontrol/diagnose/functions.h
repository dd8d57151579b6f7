// The functions of DIAGNOSE, by code. Each is called in the supervisor state.
#ifndef UCONTROL_DIAGNOSE_FUNCTIONS_H_
#define UCONTROL_DIAGNOSE_FUNCTIONS_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition ReleasePages(Vcpu& vcpu);           // 0x010
Disposition VoluntaryTimeSliceEnd(Vcpu& vcpu);  // 0x044
Disposition DirectedYield(Vcpu& vcpu);          // 0x09c
Disposition ReferencePages(Vcpu& vcpu);         // 0x258, page_reference.h
Disposition ControlWatchdog(Vcpu& vcpu);        // 0x288, watchdog.h
Disposition ControlProgramLoading(Vcpu& vcpu);  // 0x308, program_loading.h
Disposition NameControlProgram(Vcpu& vcpu);     // 0x318
Disposition CallVirtio(Vcpu& vcpu);             // 0x500
Disposition Break(Vcpu& vcpu);                  // 0x501

}  // namespace ucontrol

#endif  // UCONTROL_DIAGNOSE_FUNCTIONS_H_
