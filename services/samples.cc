#include "services/samples.h"

#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;

// MACHINE_STATE_RUNNING becomes running.
std::string StateLabel(v1::MachineState state) {
  const std::string& name = v1::MachineState_Name(state);
  return absl::AsciiStrToLower(name.substr(sizeof("MACHINE_STATE_") - 1));
}

void AddVcpus(const std::string& machine, MachineHost& host, std::vector<Sample>& samples) {
  const auto vcpus = host.Vcpus(machine);
  if (!vcpus.ok()) return;
  for (const uint16_t address : *vcpus) {
    const auto report = host.Report(machine, address);
    if (!report.ok()) continue;
    const std::pair<std::string, std::string> of_machine("machine", machine);
    const std::pair<std::string, std::string> of_vcpu("vcpu", absl::StrCat(address));
    samples.push_back({"ucontrol_vcpu_run_seconds_total",
                       "Host time that vCPUs spent running",
                       true,
                       {of_machine, of_vcpu},
                       std::chrono::duration<double>(report->run_time).count()});
    for (const auto& [reason, count] : report->exits) {
      samples.push_back({"ucontrol_vcpu_exits_total",
                         "How often vCPUs left SIE, by interception",
                         true,
                         {of_machine, of_vcpu, {"reason", reason}},
                         static_cast<double>(count)});
    }
  }
}

void AddDevices(const std::string& machine, MachineHost& host, std::vector<Sample>& samples) {
  const auto devices = host.Devices(machine);
  if (!devices.ok()) return;
  for (const DeviceReport& device : *devices) {
    const auto add = [&](const char* name, const char* help, int64_t value) {
      samples.push_back({name,
                         help,
                         true,
                         {{"machine", machine}, {"device", device.id}, {"kind", device.kind}},
                         static_cast<double>(value)});
    };
    add("ucontrol_device_notifications_total", "How often guests notified their devices",
        device.notifications);
    add("ucontrol_device_completions_total", "How often devices gave requests back",
        device.completions);
  }
}

}  // namespace

std::vector<Sample> TakeSamples(const Registry& registry, MachineHost& host, const Budget& budget) {
  std::vector<Sample> samples;
  std::map<v1::MachineState, int> states;
  for (int state = v1::MachineState_MIN + 1; state <= v1::MachineState_MAX; ++state) {
    states[static_cast<v1::MachineState>(state)] = 0;
  }
  for (const auto& machine : registry.List<v1::Machine>()) {
    ++states[machine->state()];
    if (machine->state() != v1::MACHINE_STATE_RUNNING) continue;
    AddVcpus(machine->name(), host, samples);
    AddDevices(machine->name(), host, samples);
  }
  for (const auto& [state, count] : states) {
    samples.push_back({"ucontrol_machines",
                       "Machines, by state",
                       false,
                       {{"state", StateLabel(state)}},
                       static_cast<double>(count)});
  }
  samples.push_back({"ucontrol_memory_bytes",
                     "Bytes of memories and of active machines' storage",
                     false,
                     {},
                     static_cast<double>(budget.taken())});
  samples.push_back({"ucontrol_memories",
                     "Memories",
                     false,
                     {},
                     static_cast<double>(registry.Count<v1::Memory>())});
  return samples;
}

}  // namespace services
