// The exits of KVM_RUN and what the monitor does about them.
#ifndef UCONTROL_INTERCEPTION_H_
#define UCONTROL_INTERCEPTION_H_

#include "ucontrol/disposition.h"
#include "ucontrol/kvm_client.h"

namespace ucontrol {

class Vcpu;

Disposition HandleExit(Vcpu& vcpu, const kvm::Exit& exit);

}  // namespace ucontrol

#endif  // UCONTROL_INTERCEPTION_H_
