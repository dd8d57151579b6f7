// The virtio devices that boot_guest's flags ask for.
#ifndef TOOLS_GUEST_DEVICES_H_
#define TOOLS_GUEST_DEVICES_H_

#include "absl/status/status.h"
#include "ucontrol/console.h"
#include "ucontrol/machine.h"

// Attaches them to an equipped machine. `console` outlives it.
absl::Status AttachGuestDevices(ucontrol::Machine& machine, ucontrol::Console& console);

#endif  // TOOLS_GUEST_DEVICES_H_
