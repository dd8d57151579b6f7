#include "services/resource_name.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/failure.h"

namespace services {
namespace {

constexpr absl::string_view kMachines = "machines/";
constexpr absl::string_view kMemories = "memories/";
constexpr absl::string_view kOperations = "operations/";
constexpr absl::string_view kVcpus = "/vcpus/";
constexpr absl::string_view kConsoles = "/consoles/";
constexpr absl::string_view kConsoleId = "sclp";

bool IsNameIn(absl::string_view collection, absl::string_view name) {
  return name.substr(0, collection.size()) == collection &&
         IsResourceId(name.substr(collection.size()));
}

absl::Status CheckName(absl::string_view collection, absl::string_view field,
                       absl::string_view name) {
  if (IsNameIn(collection, name)) return absl::OkStatus();
  return InvalidField(field,
                      absl::StrCat("must be ", collection,
                                   "ID; an ID has 1 to 63 of a-z, 0-9 and '-', begins with a "
                                   "letter and doesn't end in '-'"),
                      "INVALID_NAME");
}

std::string Copy(absl::string_view text) {
  return std::string(text.data(), text.size());
}

}  // namespace

bool IsResourceId(absl::string_view id) {
  if (id.empty() || id.size() > 63) return false;
  if (id.front() < 'a' || id.front() > 'z' || id.back() == '-') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

absl::Status CheckMachineName(absl::string_view field, absl::string_view name) {
  return CheckName(kMachines, field, name);
}

absl::Status CheckMemoryName(absl::string_view field, absl::string_view name) {
  return CheckName(kMemories, field, name);
}

absl::Status CheckOperationName(absl::string_view field, absl::string_view name) {
  return CheckName(kOperations, field, name);
}

bool IsMemoryName(absl::string_view name) {
  return IsNameIn(kMemories, name);
}

std::string VcpuName::ToString() const {
  return absl::StrCat(machine, kVcpus, cpu_address);
}

std::optional<uint16_t> ParseCpuAddress(absl::string_view text) {
  uint32_t value = 0;
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return {};
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return {};
  }
  if (!absl::SimpleAtoi(text, &value) || value > 0xffff) return {};
  return static_cast<uint16_t>(value);
}

absl::StatusOr<Target> ParseTarget(absl::string_view field, absl::string_view name) {
  const size_t slash = name.find(kVcpus);
  Target target;
  if (slash == name.npos) {
    target.machine = Copy(name);
  } else {
    target.machine = Copy(name.substr(0, slash));
    target.cpu_address = ParseCpuAddress(name.substr(slash + kVcpus.size()));
    if (!target.cpu_address) {
      return InvalidField(field, "must end in a CPU address in decimal, as vcpus/0",
                          "INVALID_NAME");
    }
  }
  if (absl::Status checked = CheckMachineName(field, target.machine); !checked.ok()) return checked;
  return target;
}

absl::StatusOr<VcpuName> ParseVcpuName(absl::string_view field, absl::string_view name) {
  absl::StatusOr<Target> target = ParseTarget(field, name);
  if (!target.ok()) return target.status();
  if (!target->cpu_address) {
    return InvalidField(field, "must be machines/ID/vcpus/ADDRESS", "INVALID_NAME");
  }
  return VcpuName{std::move(target->machine), *target->cpu_address};
}

absl::StatusOr<std::string> ParseConsoleName(absl::string_view field, absl::string_view name) {
  const size_t slash = name.find(kConsoles);
  if (slash == name.npos || name.substr(slash + kConsoles.size()) != kConsoleId) {
    return InvalidField(field, "must be machines/ID/consoles/sclp", "INVALID_NAME");
  }
  std::string machine = Copy(name.substr(0, slash));
  if (absl::Status checked = CheckMachineName(field, machine); !checked.ok()) return checked;
  return machine;
}

std::string ConsoleName(absl::string_view machine) {
  return absl::StrCat(machine, kConsoles, kConsoleId);
}

}  // namespace services
