// What the engine implements: a facility bit stands here only when all of its instructions work.
#ifndef HYPERVISOR_SIE_OFFERED_FACILITIES_H_
#define HYPERVISOR_SIE_OFFERED_FACILITIES_H_

#include "hypervisor/arch/facility.h"

namespace hypervisor {

constexpr FacilityList OfferedFacilities() {
  return {0,  1,  2,  3,  4,  7,  8,  9,  10, 13, 14, 16,  17,  18,  19,  21,  22,  24,
          25, 26, 27, 28, 30, 31, 32, 33, 34, 35, 37, 40,  41,  42,  44,  45,  48,  49,
          51, 52, 53, 57, 58, 61, 66, 75, 76, 77, 78, 129, 130, 134, 135, 138, 148, 152};
}

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_OFFERED_FACILITIES_H_
