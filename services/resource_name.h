// Names of resources (AIP-122): what clients write, checked.
#ifndef SERVICES_RESOURCE_NAME_H_
#define SERVICES_RESOURCE_NAME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace services {

// 1 to 63 of a-z, 0-9 and '-'; begins with a letter, doesn't end in '-'.
bool IsResourceId(absl::string_view id);

// machines/ID, memories/ID, operations/ID: OK, or INVALID_ARGUMENT about `field`.
absl::Status CheckMachineName(absl::string_view field, absl::string_view name);
absl::Status CheckMemoryName(absl::string_view field, absl::string_view name);
absl::Status CheckOperationName(absl::string_view field, absl::string_view name);

bool IsMemoryName(absl::string_view name);

struct VcpuName {
  std::string machine;  // machines/ID
  uint16_t cpu_address = 0;

  std::string ToString() const;
};
absl::StatusOr<VcpuName> ParseVcpuName(absl::string_view field, absl::string_view name);

// A machine, or one of its vCPUs.
struct Target {
  std::string machine;
  std::optional<uint16_t> cpu_address;
};
absl::StatusOr<Target> ParseTarget(absl::string_view field, absl::string_view name);

// machines/ID/consoles/sclp: the machine.
absl::StatusOr<std::string> ParseConsoleName(absl::string_view field, absl::string_view name);
std::string ConsoleName(absl::string_view machine);

// A CPU address in decimal, without leading zeros.
std::optional<uint16_t> ParseCpuAddress(absl::string_view text);

}  // namespace services

#endif  // SERVICES_RESOURCE_NAME_H_
