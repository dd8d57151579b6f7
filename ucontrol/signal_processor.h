// SIGNAL PROCESSOR (AE), all orders (PoP: Control Instructions).
#ifndef UCONTROL_SIGNAL_PROCESSOR_H_
#define UCONTROL_SIGNAL_PROCESSOR_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition SignalProcessor(Vcpu& vcpu);

}  // namespace ucontrol

#endif  // UCONTROL_SIGNAL_PROCESSOR_H_
