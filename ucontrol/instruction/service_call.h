// SERVICE CALL, whose work ucontrol/service_call does.
#ifndef UCONTROL_INSTRUCTION_SERVICE_CALL_H_
#define UCONTROL_INSTRUCTION_SERVICE_CALL_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition CallServiceProcessor(Vcpu& vcpu);  // B220

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_SERVICE_CALL_H_
