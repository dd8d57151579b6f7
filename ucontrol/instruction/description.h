// The description of a vCPU's machine; an empty one if the machine was made without.
#ifndef UCONTROL_INSTRUCTION_DESCRIPTION_H_
#define UCONTROL_INSTRUCTION_DESCRIPTION_H_

#include "ucontrol/machine.h"
#include "ucontrol/machine_description.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

inline const MachineDescription& DescriptionOf(Vcpu& vcpu) {
  static const MachineDescription kNone;
  const auto* description = vcpu.machine().FindPart<MachineDescription>();
  return description ? *description : kNone;
}

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_DESCRIPTION_H_
