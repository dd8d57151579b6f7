// What guests are told of the hardware under a machine, which isn't hardware: STORE SYSTEM
// INFORMATION and STORE HYPERVISOR INFORMATION agree on it.
#ifndef UCONTROL_INSTRUCTION_SYSTEM_IDENTITY_H_
#define UCONTROL_INSTRUCTION_SYSTEM_IDENTITY_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "ucontrol/machine_description.h"

namespace ucontrol::system_identity {

inline constexpr std::string_view kManufacturer = "IBM";
inline constexpr std::string_view kModel = "ucontrol";
inline constexpr std::string_view kPlant = "00";
inline constexpr std::string_view kPartition = "UCONTROL";

// From the CPU identification: four digits, and a serial number of sixteen.
inline std::string Type(const MachineDescription& machine) {
  return absl::StrFormat("%04X", static_cast<uint16_t>(machine.cpu_id >> 16));
}
inline std::string Sequence(const MachineDescription& machine) {
  return absl::StrFormat("%016X", static_cast<uint32_t>(machine.cpu_id >> 32) & 0xffffff);
}

struct CpuCounts {
  uint16_t configured;
  uint16_t reserved;
  uint16_t total() const { return static_cast<uint16_t>(configured + reserved); }
};

inline CpuCounts CountsOf(const MachineDescription& machine) {
  const auto configured = static_cast<uint16_t>(machine.cpu_addresses.size());
  const uint16_t limit = std::max(machine.cpu_limit, configured);
  return {configured, static_cast<uint16_t>(limit - configured)};
}

}  // namespace ucontrol::system_identity

#endif  // UCONTROL_INSTRUCTION_SYSTEM_IDENTITY_H_
