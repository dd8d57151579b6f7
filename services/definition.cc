#include "services/definition.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "hypervisor/arch/address.h"
#include "services/failure.h"
#include "services/resource_name.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::util::TimeUtil;

constexpr int64_t kSegment = hypervisor::kSegmentSize;
constexpr int kMostLabels = 64;
constexpr size_t kLongestText = 256;
constexpr int kMostDevices = 64;
constexpr int kMostForwards = 64;
constexpr size_t kLongestCommandLine = 65536;
constexpr size_t kLongestImageName = 255;
constexpr size_t kLongestSerial = 20;
constexpr int kMostFacilities = 32;
constexpr int64_t kLongestTtl = int64_t{10} * 366 * 24 * 3600;

bool IsLabelKey(const std::string& key) {
  return !key.empty() && key.size() <= 63 && key[0] >= 'a' && key[0] <= 'z' &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '/' ||
                  c == '_' || c == '-';
         });
}

template <typename Resource>
absl::Status CheckLabels(const std::string& prefix, const Resource& resource) {
  const std::string field = prefix + ".labels";
  if (resource.labels_size() > kMostLabels) {
    return InvalidField(
        field, absl::StrCat("has ", resource.labels_size(), " entries, more than ", kMostLabels));
  }
  for (const auto& [key, value] : resource.labels()) {
    if (!IsLabelKey(key)) {
      return InvalidField(field,
                          "a key has 1 to 63 of a-z, 0-9, '.', '/', '_' and '-' and begins "
                          "with a letter");
    }
    if (value.size() > kLongestText) return InvalidField(field, "a value has more than 256 bytes");
  }
  return absl::OkStatus();
}

template <typename Resource>
absl::Status CompleteExpiration(const std::string& prefix, Resource& resource) {
  if (resource.has_ttl()) {
    const int64_t seconds = resource.ttl().seconds();
    if (seconds < 1 || seconds > kLongestTtl || resource.ttl().nanos() < 0) {
      return InvalidField(prefix + ".ttl", absl::StrCat(seconds, " s isn't 1 s to 10 years"));
    }
    *resource.mutable_expire_time() = TimeUtil::GetCurrentTime() + resource.ttl();
    return absl::OkStatus();
  }
  if (!resource.has_expire_time()) return absl::OkStatus();
  const google::protobuf::Timestamp& time = resource.expire_time();
  if (time.seconds() < TimeUtil::kTimestampMinSeconds ||
      time.seconds() > TimeUtil::kTimestampMaxSeconds || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return InvalidField(prefix + ".expire_time", "isn't a time");
  }
  return absl::OkStatus();
}

absl::Status CheckImage(const std::string& field, const v1::Image& image) {
  if (absl::Status named = CheckMemoryName(field + ".memory", image.memory()); !named.ok()) {
    return named;
  }
  if (image.length() < 1) {
    return InvalidField(field + ".length", absl::StrCat(image.length(), " isn't a length"));
  }
  return absl::OkStatus();
}

absl::Status CheckCommandLine(const std::string& field, const std::string& text) {
  if (text.size() > kLongestCommandLine) {
    return InvalidField(field, absl::StrCat("has ", text.size(), " bytes, more than 65536"));
  }
  if (text.find('\0') != text.npos) return InvalidField(field, "has a zero byte");
  return absl::OkStatus();
}

absl::Status CheckBoot(const v1::Boot& boot) {
  absl::Status status;
  switch (boot.source_case()) {
    case v1::Boot::kLinux:
      status = CheckImage("machine.boot.linux.kernel", boot.linux().kernel());
      if (status.ok() && boot.linux().has_initrd()) {
        status = CheckImage("machine.boot.linux.initrd", boot.linux().initrd());
      }
      if (!status.ok()) return status;
      return CheckCommandLine("machine.boot.linux.command_line", boot.linux().command_line());
    case v1::Boot::kElf:
      status = CheckImage("machine.boot.elf.image", boot.elf().image());
      if (!status.ok()) return status;
      return CheckCommandLine("machine.boot.elf.command_line", boot.elf().command_line());
    case v1::Boot::kRaw:
      return CheckImage("machine.boot.raw.image", boot.raw().image());
    case v1::Boot::kPsw:
    case v1::Boot::SOURCE_NOT_SET:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

bool IsImageName(const std::string& name) {
  return !name.empty() && name.size() <= kLongestImageName && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                  c == '-';
         });
}

absl::Status CheckDisk(const std::string& field, const v1::Disk& disk) {
  switch (disk.backing_case()) {
    case v1::Disk::kMemory:
      if (absl::Status named = CheckMemoryName(field + ".memory", disk.memory()); !named.ok()) {
        return named;
      }
      break;
    case v1::Disk::kImage:
      if (!IsImageName(disk.image())) {
        return InvalidField(field + ".image",
                            "is a file's name alone: 1 to 255 of A-Z, a-z, 0-9, '.', '_' and '-', "
                            "not beginning with '.'");
      }
      break;
    case v1::Disk::BACKING_NOT_SET:
      return InvalidField(field, "needs a memory or an image");
  }
  const bool ascii = std::all_of(disk.serial().begin(), disk.serial().end(),
                                 [](char c) { return c >= 0x20 && c < 0x7f; });
  if (disk.serial().size() > kLongestSerial || !ascii) {
    return InvalidField(field + ".serial", "is at most 20 printable characters of ASCII");
  }
  return absl::OkStatus();
}

absl::Status CheckNetwork(const std::string& field, const v1::Network& network) {
  if (!network.mac_address().empty()) {
    const auto mac = ParseMacAddress(network.mac_address());
    if (!mac) return InvalidField(field + ".mac_address", "is written aa:bb:cc:dd:ee:ff");
    if ((*mac)[0] & 1) return InvalidField(field + ".mac_address", "is a group's address");
  }
  if (network.port_forwards_size() > kMostForwards) {
    return InvalidField(field + ".port_forwards", "has more than 64 entries");
  }
  for (const v1::PortForward& forward : network.port_forwards()) {
    if (forward.host_port() < 1024 || forward.host_port() > 65535) {
      return InvalidField(field + ".port_forwards.host_port",
                          absl::StrCat(forward.host_port(), " isn't 1024 to 65535"));
    }
    if (forward.guest_port() < 1 || forward.guest_port() > 65535) {
      return InvalidField(field + ".port_forwards.guest_port",
                          absl::StrCat(forward.guest_port(), " isn't 1 to 65535"));
    }
  }
  return absl::OkStatus();
}

absl::Status CompleteDevices(v1::Machine& machine) {
  if (machine.devices_size() > kMostDevices) {
    return InvalidField("machine.devices", absl::StrCat("has ", machine.devices_size(),
                                                        " entries, more than ", kMostDevices));
  }
  std::set<std::string> ids;
  std::set<uint32_t> numbers;
  for (const v1::Device& device : machine.devices()) {
    if (!device.id().empty() && !ids.insert(device.id()).second) {
      return InvalidField("machine.devices.id", absl::StrCat("'", device.id(), "' comes twice"));
    }
  }
  for (int i = 0; i < machine.devices_size(); ++i) {
    v1::Device& device = *machine.mutable_devices(i);
    const std::string field = absl::StrCat("machine.devices[", i, "]");
    for (int n = 0; device.id().empty(); ++n) {
      if (ids.insert(absl::StrCat("device-", n)).second) device.set_id(absl::StrCat("device-", n));
    }
    if (!IsResourceId(device.id())) {
      return InvalidField(field + ".id", "has 1 to 63 of a-z, 0-9 and '-'");
    }
    if (device.has_device_number() &&
        (device.device_number() > 0xffff || !numbers.insert(device.device_number()).second)) {
      return InvalidField(
          field + ".device_number",
          absl::StrCat("0x", absl::Hex(device.device_number()), " comes twice or is above 0xffff"));
    }
    absl::Status status;
    switch (device.kind_case()) {
      case v1::Device::kDisk:
        status = CheckDisk(field + ".disk", device.disk());
        break;
      case v1::Device::kNetwork:
        status = CheckNetwork(field + ".network", device.network());
        break;
      case v1::Device::kRandomSource:
        break;
      case v1::Device::KIND_NOT_SET:
        status = InvalidField(field, "is neither disk, network nor random_source");
        break;
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompleteDefinition(const Limits& limits, v1::Machine& machine) {
  if (machine.display_name().size() > kLongestText) {
    return InvalidField("machine.display_name", "has more than 256 bytes");
  }
  if (absl::Status status = CheckLabels("machine", machine); !status.ok()) return status;
  if (absl::Status status = CompleteExpiration("machine", machine); !status.ok()) return status;
  if (!v1::Monitor_IsValid(machine.monitor())) {
    return InvalidField("machine.monitor", absl::StrCat(machine.monitor(), " is no monitor"));
  }
  if (machine.monitor() == v1::MONITOR_UNSPECIFIED) machine.set_monitor(v1::MONITOR_BUILT_IN);
  if (machine.vcpu_count() == 0) machine.set_vcpu_count(1);
  if (machine.vcpu_count() < 0) return InvalidField("machine.vcpu_count", "is negative");
  if (machine.vcpu_count() > limits.vcpus) {
    return LimitReached("vcpus", limits.vcpus,
                        absl::StrCat("a machine with ", machine.vcpu_count(), " vCPUs"));
  }
  if (machine.storage_bytes() < 0 || machine.storage_bytes() % kSegment != 0) {
    return InvalidField("machine.storage_bytes",
                        absl::StrCat(machine.storage_bytes(), " isn't a multiple of 1 MiB"),
                        "NOT_SEGMENT_ALIGNED");
  }
  if (machine.storage_bytes() == 0 && machine.monitor() != v1::MONITOR_CLIENT) {
    return InvalidField("machine.storage_bytes", "is zero, and the monitor isn't CLIENT");
  }
  if (machine.storage_bytes() > limits.machine_memory_bytes) {
    return LimitReached("machine_memory_bytes", limits.machine_memory_bytes,
                        absl::StrCat("a machine with ", machine.storage_bytes(), " bytes"));
  }
  if (machine.cpu_model().facilities_size() > kMostFacilities) {
    return InvalidField("machine.cpu_model.facilities", "has more than 32 doublewords");
  }
  if (absl::Status status = CheckBoot(machine.boot()); !status.ok()) return status;
  return CompleteDevices(machine);
}

absl::Status CompleteDefinition(const Limits& limits, v1::Memory& memory) {
  if (absl::Status status = CheckLabels("memory", memory); !status.ok()) return status;
  if (absl::Status status = CompleteExpiration("memory", memory); !status.ok()) return status;
  if (memory.size_bytes() < kSegment || memory.size_bytes() % kSegment != 0) {
    return InvalidField("memory.size_bytes",
                        absl::StrCat(memory.size_bytes(), " isn't a multiple of 1 MiB, or is zero"),
                        "NOT_SEGMENT_ALIGNED");
  }
  if (memory.size_bytes() > limits.machine_memory_bytes) {
    return LimitReached("machine_memory_bytes", limits.machine_memory_bytes,
                        absl::StrCat("a memory of ", memory.size_bytes(), " bytes"));
  }
  if (!memory.machine().empty()) return CheckMachineName("memory.machine", memory.machine());
  return absl::OkStatus();
}

}  // namespace services
