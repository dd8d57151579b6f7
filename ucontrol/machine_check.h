// Machine-check interruptions (PoP: Machine-Check Handling).
#ifndef UCONTROL_MACHINE_CHECK_H_
#define UCONTROL_MACHINE_CHECK_H_

#include "ucontrol/disposition.h"
#include "ucontrol/pending_interruptions.h"

namespace ucontrol {

class Vcpu;

// Saves the registers, stores the code and exchanges the PSWs. Resume, or Crash.
Disposition DeliverMachineCheck(Vcpu& vcpu, const MachineCheck& check);

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_CHECK_H_
