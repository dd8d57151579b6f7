// The machine that the software device pretends to run on: what a kernel would read from its
// firmware. Everything a VM may be offered derives from here.
#ifndef HYPERVISOR_CORE_MACHINE_H_
#define HYPERVISOR_CORE_MACHINE_H_

#include <cstdint>

#include "hypervisor/arch/facility.h"
#include "hypervisor/sie/offered_facilities.h"

namespace hypervisor {

struct Machine {
  FacilityList facilities = OfferedFacilities();  // what the engine implements

  // Version 0x00, type 2827 (zEC12), format bit as z/Architecture machines have it.
  uint64_t cpuid = 0x0001234528270000;
  uint32_t ibc = 0;  // no instruction blocking

  // Firmware features.
  bool enhanced_suppression = true;   // ESOP: a host-protected store is a host fault
  bool conditional_external = true;   // CEI: timers interrupt the guest without an exit
  bool keyless_subset = true;         // KSS: the first key instruction exits
  bool page_frame_management = true;  // PFMFI
  bool collaborative_memory = true;   // CMMA
  bool guest_per = true;              // GPERE
  uint64_t last_storage_byte = 0xfffffffffffff000 - 1;  // HAMAX
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_MACHINE_H_
