// What a guest can ask about the machine it runs in: READ SCP INFO, READ CPU INFO, STORE SYSTEM
// INFORMATION, STORE CPU ID.
#ifndef UCONTROL_MACHINE_DESCRIPTION_H_
#define UCONTROL_MACHINE_DESCRIPTION_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "hypervisor/arch/facility.h"
#include "ucontrol/machine_part.h"

namespace ucontrol {

// Complete before the machine's first vCPU runs, constant from then on.
struct MachineDescription : MachinePart {
  uint64_t storage_size = 0;            // bytes, a multiple of 1 MiB
  std::vector<uint16_t> cpu_addresses;  // of the configured CPUs, ascending
  uint16_t cpu_limit = 1;               // CPUs the machine can have, those included
  hypervisor::FacilityList facilities;  // of the CPU model
  // As STIDP stores it: a version of 0xff is a virtual machine, then serial and machine type.
  uint64_t cpu_id = 0xff00000085610000;
  std::string name;  // UTF-8
  std::array<uint8_t, 16> uuid{};
  std::string load_parameter;  // up to 8 characters
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_DESCRIPTION_H_
