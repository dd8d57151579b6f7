// DIAGNOSE (83): the calls a guest makes to its hypervisor.
#ifndef UCONTROL_DIAGNOSE_DIAGNOSE_H_
#define UCONTROL_DIAGNOSE_DIAGNOSE_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition Diagnose(Vcpu& vcpu);

}  // namespace ucontrol

#endif  // UCONTROL_DIAGNOSE_DIAGNOSE_H_
