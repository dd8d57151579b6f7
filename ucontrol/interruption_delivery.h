// Interruptions of a vCPU: performing those that are enabled, and having the engine tell when the
// others become so.
#ifndef UCONTROL_INTERRUPTION_DELIVERY_H_
#define UCONTROL_INTERRUPTION_DELIVERY_H_

#include <cstdint>
#include <optional>

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

// Performs all that the PSW and the control registers allow, the highest in priority first, each
// under the masks that the one before it left. Resume, or Crash.
//
// The engine recognises the clock comparator and the CPU timer while it runs; `timers` asks for
// them as well, after a wait or when the engine left them to us.
Disposition DeliverInterruptions(Vcpu& vcpu, bool timers);

// For what remains: the controls that make the engine leave the guest when a mask opens. They were
// cleared before the delivery, so one that another thread sets meanwhile stays.
void ClearInterceptionRequests(Vcpu& vcpu);
void SetInterceptionRequests(Vcpu& vcpu);

// How long a CPU in the enabled wait state may sleep until a timer interrupts it, in TOD units;
// nothing if no timer will.
std::optional<uint64_t> UnitsUntilTimer(Vcpu& vcpu);

}  // namespace ucontrol

#endif  // UCONTROL_INTERRUPTION_DELIVERY_H_
