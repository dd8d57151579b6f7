#include "ucontrol/equipment/equipment.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/diagnose/page_reference.h"
#include "ucontrol/diagnose/program_loading.h"
#include "ucontrol/diagnose/watchdog.h"
#include "ucontrol/machine_description.h"
#include "ucontrol/service_call/service_call.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

constexpr size_t kLoadParameterLimit = 8;
constexpr size_t kNameLimit = 255;
constexpr uint16_t kCpuLimit = 255;

constexpr uint64_t kVersion = 0xff00000000000000;  // of a CPU identification: a virtual machine

// Follows the machine: each reset takes over the storage and the CPUs that it has by then.
class CurrentDescription : public MachineDescription {
 public:
  explicit CurrentDescription(Machine& machine) : machine_(machine) {}

  void Reset() override {
    storage_size = machine_.storage_size();
    cpu_addresses.clear();
    for (const Vcpu* vcpu : machine_.vcpus()) cpu_addresses.push_back(vcpu->address());
    std::ranges::sort(cpu_addresses);
    facilities = machine_.facilities();
  }

 private:
  Machine& machine_;
};

absl::Status Check(const Equipment& equipment) {
  if (equipment.name.size() > kNameLimit) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the machine's name is 0x%x bytes long, the limit is 0x%x",
                        equipment.name.size(), kNameLimit));
  }
  if (equipment.load_parameter.size() > kLoadParameterLimit) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the load parameter \"%s\" is longer than 8 characters", equipment.load_parameter));
  }
  if (equipment.cpu_limit == 0 || equipment.cpu_limit > kCpuLimit) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a machine has 1 to 0x%x CPUs, not 0x%x", kCpuLimit, equipment.cpu_limit));
  }
  return absl::OkStatus();
}

// The CPU that a restart interruption goes to: one that operates, or else the first.
void RestartOne(Machine& machine) {
  const std::vector<Vcpu*> vcpus = machine.vcpus();
  if (vcpus.empty()) return;
  const auto operating = std::ranges::find_if(
      vcpus, [](const Vcpu* vcpu) { return vcpu->state() == Vcpu::State::kOperating; });
  (operating == vcpus.end() ? vcpus.front() : *operating)->Restart();
}

}  // namespace

void AddMonitorFacilities(std::span<uint64_t> facilities) {
  constexpr int kBit = static_cast<int>(hypervisor::Facility::kExtendedLengthSccb);
  facilities[kBit / 64] |= uint64_t{1} << (63 - kBit % 64);
}

absl::Status Equip(Machine& machine, const Equipment& equipment) {
  if (absl::Status checked = Check(equipment); !checked.ok()) return checked;
  auto model = machine.vm().ProcessorModel();
  if (!model.ok()) return model.status();
  if (equipment.monitor_facilities) {
    AddMonitorFacilities(model->fac_list);
    if (absl::Status set = machine.vm().SetProcessorModel(*model); !set.ok()) return set;
  }

  auto current = std::make_unique<CurrentDescription>(machine);
  current->cpu_limit = equipment.cpu_limit;
  current->cpu_id = model->cpuid | kVersion;
  current->name = equipment.name;
  current->uuid = equipment.uuid;
  current->load_parameter = equipment.load_parameter;
  const auto& description = machine.AddPart<MachineDescription>(std::move(current));

  machine.AddPart(std::make_unique<ServiceCall>(
      ServiceCall::Environment{.storage = machine,
                               .interruptions = machine,
                               .machine = description,
                               .ascii_console = equipment.ascii_console,
                               .line_mode_console = equipment.line_mode_console}));
  auto& subsystem = machine.AddPart(std::make_unique<ChannelSubsystem>(machine, machine));
  subsystem.SetReportListener([&machine] { machine.InjectChannelReport(); });
  machine.AddPart(std::make_unique<PageReferences>());
  machine.AddPart(std::make_unique<IplParameters>());
  machine.AddPart(std::make_unique<Watchdog>([&machine] { RestartOne(machine); }));
  return absl::OkStatus();
}

}  // namespace ucontrol
