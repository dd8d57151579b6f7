#include "services/local_machine_host.h"

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/cpu_registers.h"
#include "services/failure.h"
#include "services/resource_name.h"
#include "ucontrol/vcpu.h"

namespace services {
namespace {

namespace uapi = hypervisor::uapi;

constexpr std::pair<uint8_t, const char*> kInterceptionNames[] = {
    {0x04, "ICPT_INST"},    {0x08, "ICPT_PROGI"},    {0x0c, "ICPT_INSTPROGI"},
    {0x10, "ICPT_EXTREQ"},  {0x14, "ICPT_EXTINT"},   {0x18, "ICPT_IOREQ"},
    {0x1c, "ICPT_WAIT"},    {0x20, "ICPT_VALIDITY"}, {0x28, "ICPT_STOP"},
    {0x2c, "ICPT_OPEREXC"}, {0x38, "ICPT_PARTEXEC"}, {0x40, "ICPT_IOINST"},
    {0x5c, "ICPT_KSS"},
};

// A vCPU that a client steps.
class LocalClientRun final : public ClientRun {
 public:
  using FindMemory = std::function<absl::StatusOr<std::shared_ptr<HostMemory>>(const std::string&)>;

  LocalClientRun(std::shared_ptr<LocalMachine> machine, ucontrol::Vcpu& vcpu,
                 FindMemory find_memory)
      : machine_(std::move(machine)), vcpu_(vcpu), find_memory_(std::move(find_memory)) {}
  ~LocalClientRun() override { machine_->ReleaseRun(vcpu_.address()); }

  absl::StatusOr<std::optional<RunExit>> Turn(const RunTurn& turn) override {
    for (const SegmentRange& range : turn.unmap) {
      absl::Status status = machine_->Unmap(vcpu_.address(), range);
      if (!status.ok()) return status;
    }
    for (const SegmentRange& range : turn.map) {
      auto memory = find_memory_(range.memory);
      if (!memory.ok()) return memory.status();
      absl::Status status = machine_->Map(vcpu_.address(), range, *std::move(memory));
      if (!status.ok()) return status;
    }
    absl::Status status = vcpu_.Call([&] {
      WriteRegisters(turn.registers, vcpu_.cpu());
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    for (const uapi::Irq& irq : turn.interrupts) {
      if (status = vcpu_.Inject(irq); !status.ok()) return status;
    }
    if (!turn.run) return std::optional<RunExit>();
    const absl::StatusOr<ucontrol::kvm::Exit> exit = vcpu_.RunOnce();
    if (!exit.ok()) return exit.status();
    return Describe(*exit);
  }

  absl::StatusOr<RegisterValues> Registers() override {
    RegisterValues values;
    absl::Status status = vcpu_.Call([&] {
      values = ReadRegisters(vcpu_.cpu());
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return values;
  }

  void Kick() override { vcpu_.CancelRun(); }

 private:
  absl::StatusOr<std::optional<RunExit>> Describe(const ucontrol::kvm::Exit& exit) {
    RunExit described;
    switch (exit.reason) {
      case ucontrol::kvm::Exit::Reason::kIntercepted: {
        described.reason = RunExit::Reason::kIntercepted;
        absl::Status status = vcpu_.Call([&] {
          const uapi::SieBlock& block = vcpu_.block();
          described.icptcode = block.icptcode;
          described.ipa = block.ipa;
          described.ipb = block.ipb;
          described.iprcc = block.iprcc;
          return absl::OkStatus();
        });
        if (!status.ok()) return status;
        break;
      }
      case ucontrol::kvm::Exit::Reason::kFaulted:
        described.reason = RunExit::Reason::kFaulted;
        described.fault_address = exit.address.raw();
        described.pgm_code = 0x10;
        break;
      case ucontrol::kvm::Exit::Reason::kKicked:
        described.reason = RunExit::Reason::kKicked;
        break;
      case ucontrol::kvm::Exit::Reason::kFailed:
        return absl::UnavailableError(absl::StrCat("KVM_RUN: errno ", exit.error));
    }
    return described;
  }

  const std::shared_ptr<LocalMachine> machine_;
  ucontrol::Vcpu& vcpu_;
  const FindMemory find_memory_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<LocalMachine>> LocalMachineHost::Find(
    const std::string& machine) const {
  const std::lock_guard lock(mutex_);
  const auto found = machines_.find(machine);
  if (found != machines_.end()) return found->second;
  return PreconditionNotMet("MACHINE_NOT_ACTIVE", machine, "isn't active");
}

absl::StatusOr<LocalMachineHost::Found> LocalMachineHost::FindVcpu(const std::string& machine,
                                                                   uint16_t vcpu) const {
  auto found = Find(machine);
  if (!found.ok()) return found.status();
  const auto address = (*found)->FindVcpu(vcpu);
  if (!address.ok()) return address.status();
  return Found{*std::move(found), *address};
}

absl::StatusOr<std::shared_ptr<HostMemory>> LocalMachineHost::FindMemory(
    const std::string& memory) const {
  const std::lock_guard lock(mutex_);
  const auto found = memories_.find(memory);
  if (found == memories_.end()) return NoSuchResource(memory);
  return found->second;
}

absl::Status LocalMachineHost::CreateMemory(const std::string& memory, uint64_t size) {
  auto created = HostMemory::Create(memory, size);
  if (!created.ok()) return created.status();
  const std::lock_guard lock(mutex_);
  if (!memories_.emplace(memory, *std::move(created)).second) return ResourceExists(memory);
  return absl::OkStatus();
}

absl::Status LocalMachineHost::DeleteMemory(const std::string& memory) {
  const std::lock_guard lock(mutex_);
  if (memories_.erase(memory) == 0) return NoSuchResource(memory);
  return absl::OkStatus();
}

bool LocalMachineHost::MemoryInUse(const std::string& memory) const {
  std::vector<std::shared_ptr<LocalMachine>> machines;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, machine] : machines_) machines.push_back(machine);
  }
  for (const auto& machine : machines)
    if (machine->Uses(memory)) return true;
  return false;
}

absl::StatusOr<std::string> LocalMachineHost::ReadMemory(const std::string& memory, uint64_t offset,
                                                         uint64_t length) {
  const auto found = FindMemory(memory);
  if (!found.ok()) return found.status();
  return (*found)->Read(offset, length);
}

absl::Status LocalMachineHost::WriteMemory(const std::string& memory, uint64_t offset,
                                           absl::string_view bytes) {
  const auto found = FindMemory(memory);
  return found.ok() ? (*found)->Write(offset, bytes) : found.status();
}

absl::Status LocalMachineHost::Start(const MachinePlan& plan, bool paused) {
  auto machine = LocalMachine::Create(
      *device_, plan, [this](const std::string& name) { return FindMemory(name); }, *listener_);
  if (!machine.ok()) return machine.status();
  {
    const std::lock_guard lock(mutex_);
    machines_[plan.name] = *machine;
  }
  absl::Status started = (*machine)->Start(paused);
  if (!started.ok()) Stop(plan.name);
  return started;
}

absl::Status LocalMachineHost::Pause(const std::string& machine, bool keep_clocks_running) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->Pause(keep_clocks_running) : found.status();
}

absl::Status LocalMachineHost::Resume(const std::string& machine) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->Resume() : found.status();
}

absl::Status LocalMachineHost::Reset(const std::string& machine) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->Reset() : found.status();
}

absl::StatusOr<bool> LocalMachineHost::Quiesce(const std::string& machine) {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->Quiesce();
}

void LocalMachineHost::Stop(const std::string& machine) {
  std::shared_ptr<LocalMachine> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto found = machines_.find(machine);
    if (found == machines_.end()) return;
    ended = std::move(found->second);
    machines_.erase(found);
  }
  // Clients of Run hold on to it: their vCPUs must leave the guest.
  ended->End();
}

absl::StatusOr<uint64_t> LocalMachineHost::StorageSize(const std::string& machine) const {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->machine().storage_size();
}

absl::StatusOr<std::string> LocalMachineHost::ReadStorage(const std::string& machine,
                                                          uint64_t address, uint64_t length) {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->ReadStorage(address, length);
}

absl::Status LocalMachineHost::WriteStorage(const std::string& machine, uint64_t address,
                                            absl::string_view bytes) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->WriteStorage(address, bytes) : found.status();
}

absl::Status LocalMachineHost::AddVcpu(const std::string& machine, uint16_t address) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->AddVcpu(address) : found.status();
}

absl::StatusOr<std::vector<uint16_t>> LocalMachineHost::Vcpus(const std::string& machine) const {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->Vcpus();
}

absl::StatusOr<VcpuReport> LocalMachineHost::Report(const std::string& machine, uint16_t vcpu) {
  const auto found = FindVcpu(machine, vcpu);
  if (!found.ok()) return found.status();
  VcpuReport report;
  report.address = vcpu;
  report.condition = found->vcpu->state() == ucontrol::Vcpu::State::kOperating
                         ? CpuCondition::kOperating
                         : CpuCondition::kStopped;
  const ucontrol::VcpuStatistics& statistics = found->vcpu->statistics();
  report.run_time = statistics.run_time();
  for (const auto& [code, name] : kInterceptionNames) {
    if (const uint64_t count = statistics.interceptions(code); count != 0) {
      report.exits[name] = static_cast<int64_t>(count);
    }
  }
  if (statistics.faults() != 0) {
    report.exits["KVM_EXIT_S390_UCONTROL"] = static_cast<int64_t>(statistics.faults());
  }
  if (statistics.kicks() != 0) report.exits["EINTR"] = static_cast<int64_t>(statistics.kicks());
  absl::Status status = found->vcpu->Call([&] {
    report.psw = found->vcpu->cpu().psw();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return report;
}

absl::StatusOr<RegisterValues> LocalMachineHost::Registers(const std::string& machine,
                                                           uint16_t vcpu) {
  const auto found = FindVcpu(machine, vcpu);
  if (!found.ok()) return found.status();
  RegisterValues values;
  absl::Status status = found->vcpu->Call([&] {
    values = ReadRegisters(found->vcpu->cpu());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return values;
}

absl::Status LocalMachineHost::SetRegisters(const std::string& machine, uint16_t vcpu,
                                            const RegisterValues& registers) {
  const auto found = FindVcpu(machine, vcpu);
  if (!found.ok()) return found.status();
  return found->vcpu->Call([&] {
    WriteRegisters(registers, found->vcpu->cpu());
    found->vcpu->PurgeTranslations();
    return absl::OkStatus();
  });
}

absl::StatusOr<uapi::SieBlock> LocalMachineHost::SieBlock(const std::string& machine,
                                                          uint16_t vcpu) {
  const auto found = FindVcpu(machine, vcpu);
  if (!found.ok()) return found.status();
  uapi::SieBlock block;
  absl::Status status = found->vcpu->Call([&] {
    block = found->vcpu->block();
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return block;
}

absl::Status LocalMachineHost::SetInitialPsw(const std::string& machine, uint16_t vcpu,
                                             const hypervisor::Psw& psw) {
  const auto found = FindVcpu(machine, vcpu);
  return found.ok() ? found->vcpu->SetInitialPsw(psw) : found.status();
}

absl::Status LocalMachineHost::ResetVcpu(const std::string& machine, uint16_t vcpu,
                                         CpuReset reset) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->ResetVcpu(vcpu, reset) : found.status();
}

absl::Status LocalMachineHost::StartVcpu(const std::string& machine, uint16_t vcpu) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->StartVcpu(vcpu) : found.status();
}

absl::Status LocalMachineHost::StopVcpu(const std::string& machine, uint16_t vcpu) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->StopVcpu(vcpu) : found.status();
}

absl::Status LocalMachineHost::StoreStatus(const std::string& machine, uint16_t vcpu,
                                           const StatusLocation& location) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->StoreStatus(vcpu, location) : found.status();
}

absl::StatusOr<std::vector<DeviceReport>> LocalMachineHost::Devices(
    const std::string& machine) const {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->Devices();
}

absl::Status LocalMachineHost::Map(const std::string& machine, std::optional<uint16_t> vcpu,
                                   const SegmentRange& range) {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  auto memory = FindMemory(range.memory);
  if (!memory.ok()) return memory.status();
  return (*found)->Map(vcpu, range, *std::move(memory));
}

absl::Status LocalMachineHost::Unmap(const std::string& machine, std::optional<uint16_t> vcpu,
                                     const SegmentRange& range) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->Unmap(vcpu, range) : found.status();
}

absl::Status LocalMachineHost::FaultIn(const std::string& machine, uint16_t vcpu,
                                       uint64_t address) {
  const auto found = Find(machine);
  return found.ok() ? (*found)->FaultIn(vcpu, address) : found.status();
}

absl::StatusOr<std::vector<MappedRange>> LocalMachineHost::Mappings(const std::string& machine,
                                                                    uint16_t vcpu) {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->Mappings(vcpu);
}

absl::Status LocalMachineHost::Inject(const std::string& machine, std::optional<uint16_t> vcpu,
                                      const uapi::Irq& irq) {
  if (!vcpu) {
    const auto found = Find(machine);
    return found.ok() ? (*found)->machine().Inject(irq) : found.status();
  }
  const auto found = FindVcpu(machine, *vcpu);
  return found.ok() ? found->vcpu->Inject(irq) : found.status();
}

absl::StatusOr<std::vector<uapi::Irq>> LocalMachineHost::Pending(const std::string& machine,
                                                                 std::optional<uint16_t> vcpu) {
  if (!vcpu) {
    const auto found = Find(machine);
    if (!found.ok()) return found.status();
    return (*found)->machine().floating().List();
  }
  const auto found = FindVcpu(machine, *vcpu);
  if (!found.ok()) return found.status();
  return found->vcpu->pending().List();
}

absl::StatusOr<std::vector<uapi::Irq>> LocalMachineHost::ClearPending(
    const std::string& machine, std::optional<uint16_t> vcpu) {
  absl::StatusOr<std::vector<uapi::Irq>> pending = Pending(machine, vcpu);
  if (!pending.ok()) return pending;
  if (!vcpu) {
    const auto found = Find(machine);
    if (!found.ok()) return found.status();
    (*found)->machine().floating().Clear();
  } else {
    const auto found = FindVcpu(machine, *vcpu);
    if (!found.ok()) return found.status();
    found->vcpu->pending().Clear();
  }
  return pending;
}

absl::StatusOr<size_t> LocalMachineHost::TypeIntoConsole(const std::string& machine,
                                                         absl::string_view input) {
  const auto found = Find(machine);
  if (!found.ok()) return found.status();
  return (*found)->Type(input);
}

absl::StatusOr<std::unique_ptr<ClientRun>> LocalMachineHost::OpenRun(const std::string& machine,
                                                                     uint16_t vcpu) {
  auto found = FindVcpu(machine, vcpu);
  if (!found.ok()) return found.status();
  if (!found->machine->client_monitor()) {
    return PreconditionNotMet("MONITOR_BUILT_IN", machine,
                              "has the built-in monitor: only one with MONITOR_CLIENT can be run");
  }
  if (!found->machine->ClaimRun(vcpu)) {
    return ResourceExists(absl::StrCat(VcpuName{machine, vcpu}.ToString(), "/run"));
  }
  return std::make_unique<LocalClientRun>(
      std::move(found->machine), *found->vcpu,
      [this](const std::string& name) { return FindMemory(name); });
}

}  // namespace services
