// What STORE FACILITY LIST and its extended form store: the facilities of the CPU model.
#ifndef UCONTROL_INSTRUCTION_FACILITIES_H_
#define UCONTROL_INSTRUCTION_FACILITIES_H_

#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

Disposition StoreFacilityList(Vcpu& vcpu);          // B2B1
Disposition StoreFacilityListExtended(Vcpu& vcpu);  // B2B0

}  // namespace ucontrol

#endif  // UCONTROL_INSTRUCTION_FACILITIES_H_
