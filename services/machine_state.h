// What the states of a machine mean.
#ifndef SERVICES_MACHINE_STATE_H_
#define SERVICES_MACHINE_STATE_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/failure.h"
#include "ucontrol/v1/machine.pb.h"

namespace services {

inline bool IsActive(const ucontrol::v1::Machine& machine) {
  return machine.state() == ucontrol::v1::MACHINE_STATE_RUNNING ||
         machine.state() == ucontrol::v1::MACHINE_STATE_PAUSED ||
         machine.state() == ucontrol::v1::MACHINE_STATE_STOPPING;
}

inline absl::Status NotActive(const ucontrol::v1::Machine& machine) {
  return PreconditionNotMet("MACHINE_NOT_ACTIVE", machine.name(),
                            absl::StrCat("is ", ucontrol::v1::MachineState_Name(machine.state()),
                                         ", and must be active"));
}

inline absl::Status WrongState(const ucontrol::v1::Machine& machine,
                               ucontrol::v1::MachineState needed) {
  return PreconditionNotMet("MACHINE_STATE", machine.name(),
                            absl::StrCat("is ", ucontrol::v1::MachineState_Name(machine.state()),
                                         ", not ", ucontrol::v1::MachineState_Name(needed)));
}

}  // namespace services

#endif  // SERVICES_MACHINE_STATE_H_
