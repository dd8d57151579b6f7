// Equips a machine with all that an operating system expects beyond CPUs and storage: its
// description, the service-call processor with its consoles, the channel subsystem, what the
// DIAGNOSE functions work on.
#ifndef UCONTROL_EQUIPMENT_EQUIPMENT_H_
#define UCONTROL_EQUIPMENT_EQUIPMENT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "ucontrol/console.h"
#include "ucontrol/machine.h"

namespace ucontrol {

struct Equipment {
  std::string name;                  // of the machine, UTF-8
  std::array<uint8_t, 16> uuid{};    // shown to the guest
  uint16_t cpu_limit = 1;            // CPUs the machine can have
  std::string load_parameter;        // up to 8 characters
  Console* ascii_console = nullptr;  // as ServiceCall::Environment; both outlive the machine
  Console* line_mode_console = nullptr;
  bool monitor_facilities = true;  // AddMonitorFacilities to the processor model
};

// Adds to a list of facilities, as STFLE stores them, those that the monitor has itself, whatever
// the engine has: the service-call processor's extended-length SCCB.
void AddMonitorFacilities(std::span<uint64_t> facilities);

// Once for each machine, its processor model set, before its first vCPU is added. INVALID_ARGUMENT
// for what the guest couldn't be told.
absl::Status Equip(Machine& machine, const Equipment& equipment);

}  // namespace ucontrol

#endif  // UCONTROL_EQUIPMENT_EQUIPMENT_H_
