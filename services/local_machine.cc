#include "services/local_machine.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/failure.h"
#include "services/resource_name.h"
#include "services/virtio_devices.h"
#include "ucontrol/boot/boot_image.h"
#include "ucontrol/equipment/equipment.h"
#include "ucontrol/equipment/program_source.h"
#include "ucontrol/instruction/instruction_table.h"
#include "ucontrol/service_call/service_call.h"
#include "ucontrol/store_status.h"

namespace services {
namespace {

using hypervisor::GuestAbsolute;
using ucontrol::CrashCause;
namespace uapi = hypervisor::uapi;

constexpr size_t kConsolePiece = size_t{64} * 1024;
constexpr std::chrono::milliseconds kConsolePatience{500};
constexpr absl::Duration kTypingPatience = absl::Milliseconds(50);

EndCause CauseOf(CrashCause cause) {
  switch (cause) {
    case CrashCause::kDisabledWait:
      return EndCause::kDisabledWait;
    case CrashCause::kProgramInterruptionLoop:
    case CrashCause::kOperationExceptionLoop:
    case CrashCause::kExternalInterruptionLoop:
      return EndCause::kInterruptionLoop;
    case CrashCause::kNoPrefixArea:
      return EndCause::kUnresolvedFault;
    case CrashCause::kValidity:
      return EndCause::kValidity;
    case CrashCause::kBackingLost:
    case CrashCause::kLoadRefused:
    case CrashCause::kUnhandled:
      return EndCause::kHostError;
  }
  return EndCause::kHostError;
}

// The 16 bytes of a UUID's text; zeros if it is none.
std::array<uint8_t, 16> UuidBytes(const std::string& text) {
  std::array<uint8_t, 16> bytes{};
  size_t digits = 0;
  for (const char c : text) {
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0 || digits == 32) continue;
    bytes[digits / 2] = static_cast<uint8_t>(bytes[digits / 2] << 4 | value);
    ++digits;
  }
  return bytes;
}

uapi::UcasMapping MappingOf(const SegmentRange& range, const HostMemory& memory) {
  return {memory.user().raw() + range.memory_offset, range.vcpu_address, range.length};
}

// What a client wrote may change while it is read: parsing works on a copy.
absl::StatusOr<std::string> CopyImage(const HostMemory& memory, uint64_t length) {
  return memory.Read(0, length);
}

ucontrol::FileBytes BytesOf(const std::string& file) {
  return {reinterpret_cast<const uint8_t*>(file.data()), file.size()};
}

}  // namespace

LocalMachine::LocalMachine(const MachinePlan& plan, HostListener& listener)
    : plan_(plan), listener_(listener), client_monitor_(plan.client_monitor) {}

absl::StatusOr<std::shared_ptr<LocalMachine>> LocalMachine::Create(hypervisor::Device& device,
                                                                   const MachinePlan& plan,
                                                                   FindMemory find_memory,
                                                                   HostListener& listener) {
  std::shared_ptr<LocalMachine> machine(new LocalMachine(plan, listener));
  if (absl::Status built = machine->Build(device, find_memory); !built.ok()) return built;
  return machine;
}

LocalMachine::~LocalMachine() {
  End();
  machine_.reset();
}

void LocalMachine::End() {
  if (!machine_) return;
  for (ucontrol::Vcpu* vcpu : machine_->vcpus()) vcpu->Retire();
  console_.Close();
  const std::lock_guard lock(ending_);
  if (console_thread_.joinable()) console_thread_.join();
}

bool LocalMachine::boots() const {
  return !std::holds_alternative<std::monostate>(plan_.boot);
}

absl::Status LocalMachine::SetModel() {
  if (!plan_.cpu_id && plan_.facilities.empty()) return absl::OkStatus();
  auto model = machine_->vm().ProcessorModel();
  if (!model.ok()) return model.status();
  if (plan_.cpu_id) model->cpuid = *plan_.cpu_id;
  if (!plan_.facilities.empty()) {
    auto offered = machine_->vm().MachineModel();
    if (!offered.ok()) return offered.status();
    ucontrol::AddMonitorFacilities(offered->fac_list);
    for (size_t i = 0; i < std::size(model->fac_list); ++i) {
      const uint64_t wanted = i < plan_.facilities.size() ? plan_.facilities[i] : 0;
      if (const uint64_t missing = wanted & ~offered->fac_list[i]; missing != 0) {
        return InvalidField(
            "machine.cpu_model.facilities",
            absl::StrFormat("doubleword %d has 0x%016x, which the engine hasn't", i, missing));
      }
      model->fac_list[i] = wanted;
    }
  }
  return machine_->vm().SetProcessorModel(*model);
}

absl::Status LocalMachine::Build(hypervisor::Device& device, FindMemory find_memory) {
  const auto hold = [&](const std::string& name) -> absl::Status {
    auto memory = find_memory(name);
    if (!memory.ok()) return memory.status();
    held_[name] = *std::move(memory);
    return absl::OkStatus();
  };
  absl::Status status;
  if (const auto* program = std::get_if<ProgramBoot>(&plan_.boot)) {
    status = hold(program->image.memory);
    if (status.ok() && program->initrd) status = hold(program->initrd->memory);
  } else if (const auto* raw = std::get_if<RawBoot>(&plan_.boot)) {
    status = hold(raw->image.memory);
  }
  if (!status.ok()) return status;

  auto machine = ucontrol::Machine::Create(
      device, {.instructions = ucontrol::FindInstruction,
               .listener = this,
               .loader = [this](ucontrol::Machine& loaded, ucontrol::Vcpu& first) {
                 return LoadProgram(loaded, first);
               }});
  if (!machine.ok()) return machine.status();
  machine_ = *std::move(machine);
  if (status = SetModel(); !status.ok()) return status;

  ucontrol::Equipment equipment;
  equipment.name =
      plan_.display_name.empty() ? plan_.name.substr(plan_.name.find('/') + 1) : plan_.display_name;
  equipment.uuid = UuidBytes(plan_.uuid);
  equipment.cpu_limit = std::max<uint16_t>(plan_.vcpus, 64);
  equipment.ascii_console = &console_;
  equipment.monitor_facilities = plan_.facilities.empty();
  if (status = ucontrol::Equip(*machine_, equipment); !status.ok()) return status;
  if (status = AttachDevices(find_memory); !status.ok()) return status;

  if (plan_.storage_bytes != 0) {
    auto storage = HostMemory::CreateAnonymous(plan_.name, plan_.storage_bytes);
    if (!storage.ok()) return storage.status();
    storage_ = *std::move(storage);
    status = Map(std::nullopt, {plan_.name, 0, 0, plan_.storage_bytes}, storage_);
    if (!status.ok()) return status;
  }
  for (uint16_t address = 0; address < plan_.vcpus; ++address) {
    if (status = AddVcpu(address); !status.ok()) return status;
  }

  auto writer = console_.OpenWriter();
  if (!writer.ok()) return writer.status();
  console_writer_ = *std::move(writer);
  console_reader_ = console_.OpenReader(0);
  console_thread_ = std::thread([this] { PumpConsole(); });
  return absl::OkStatus();
}

absl::Status LocalMachine::AttachDevices(FindMemory find_memory) {
  uint16_t number = 0;
  for (const DevicePlan& device : plan_.devices) {
    std::shared_ptr<HostMemory> backing;
    const auto* disk = std::get_if<DiskDevice>(&device.kind);
    if (disk && !disk->memory.empty()) {
      auto memory = find_memory(disk->memory);
      if (!memory.ok()) return memory.status();
      backing = *std::move(memory);
      held_[disk->memory] = backing;
    }
    device_counts_.push_back(std::make_shared<DeviceCounts>());
    absl::Status attached =
        AttachDevice(*machine_, plan_, device, backing.get(), device_counts_.back(), number);
    if (!attached.ok()) return attached;
  }
  return absl::OkStatus();
}

std::vector<DeviceReport> LocalMachine::Devices() const {
  static constexpr const char* kKinds[] = {"disk", "network", "random"};
  std::vector<DeviceReport> reports;
  for (size_t i = 0; i < device_counts_.size(); ++i) {
    const DevicePlan& device = plan_.devices[i];
    const DeviceCounts& counts = *device_counts_[i];
    reports.push_back(
        {device.id, kKinds[device.kind.index()], counts.notifications, counts.completions});
  }
  return reports;
}

absl::Status LocalMachine::LoadProgram(ucontrol::Machine& machine, ucontrol::Vcpu& first) {
  ucontrol::ClearStorage(machine);
  if (const auto* psw = std::get_if<hypervisor::Psw>(&plan_.boot)) return first.SetInitialPsw(*psw);
  if (const auto* raw = std::get_if<RawBoot>(&plan_.boot)) {
    const auto image = CopyImage(*held_.at(raw->image.memory), raw->image.length);
    if (!image.ok()) return image.status();
    absl::Status stored = ucontrol::StoreImage(machine, "raw image",
                                               GuestAbsolute(raw->load_address), BytesOf(*image));
    if (!stored.ok()) return stored;
    if (raw->psw) return first.SetInitialPsw(*raw->psw);
    const auto psw = ucontrol::LoadShortPsw(machine);
    return psw.ok() ? first.SetInitialPsw(*psw) : psw.status();
  }
  const auto* program = std::get_if<ProgramBoot>(&plan_.boot);
  if (!program) return absl::FailedPreconditionError("the machine has nothing to boot");
  const auto image = CopyImage(*held_.at(program->image.memory), program->image.length);
  if (!image.ok()) return image.status();
  std::string initrd;
  if (program->initrd) {
    auto copied = CopyImage(*held_.at(program->initrd->memory), program->initrd->length);
    if (!copied.ok()) return copied.status();
    initrd = *std::move(copied);
  }
  const auto psw = ucontrol::LoadProgram(
      machine,
      {.image = BytesOf(*image), .initrd = BytesOf(initrd), .command_line = program->command_line});
  return psw.ok() ? first.SetInitialPsw(*psw) : psw.status();
}

absl::Status LocalMachine::Start(bool paused) {
  was_running_ = true;
  if (client_monitor_) {
    if (!boots()) return absl::OkStatus();
    const auto first = FindVcpu(0);
    return first.ok() ? LoadProgram(*machine_, **first) : first.status();
  }
  if (boots()) return machine_->Load(ucontrol::LoadKind::kClear, 0, paused);
  stopped_by_client_ = true;
  return paused ? machine_->Pause(ucontrol::ClockWhilePaused::kStops) : absl::OkStatus();
}

absl::Status LocalMachine::Pause(bool keep_clocks_running) {
  return machine_->Pause(keep_clocks_running ? ucontrol::ClockWhilePaused::kContinues
                                             : ucontrol::ClockWhilePaused::kStops);
}

absl::Status LocalMachine::Resume() {
  return machine_->Resume();
}

absl::Status LocalMachine::Reset() {
  if (client_monitor_ || !boots()) {
    stopped_by_client_ = true;
    for (const uint16_t address : Vcpus()) {
      if (absl::Status reset = ResetVcpu(address, CpuReset::kClear); !reset.ok()) return reset;
    }
    return client_monitor_ && boots() ? Start(false) : absl::OkStatus();
  }
  stopped_by_client_ = false;
  return machine_->Load(ucontrol::LoadKind::kClear);
}

bool LocalMachine::Quiesce() {
  auto* service_call = machine_->FindPart<ucontrol::ServiceCall>();
  return service_call && service_call->RequestQuiesce();
}

absl::StatusOr<std::string> LocalMachine::ReadStorage(uint64_t address, uint64_t length) {
  std::string bytes(length, '\0');
  if (!machine_->Read(GuestAbsolute(address), bytes.data(), length)) {
    return absl::OutOfRangeError(
        absl::StrFormat("0x%x bytes at absolute 0x%x aren't all storage", length, address));
  }
  return bytes;
}

absl::Status LocalMachine::WriteStorage(uint64_t address, absl::string_view bytes) {
  if (machine_->Write(GuestAbsolute(address), bytes.data(), bytes.size())) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrFormat("0x%x bytes at absolute 0x%x aren't all storage", bytes.size(), address));
}

absl::Status LocalMachine::AddVcpu(uint16_t address) {
  const absl::StatusOr<ucontrol::Vcpu*> vcpu = machine_->AddVcpu(address);
  if (!vcpu.ok()) return vcpu.status();
  if (!client_monitor_) return absl::OkStatus();
  if (absl::Status set = (*vcpu)->SetMonitor(ucontrol::Vcpu::Monitor::kClient); !set.ok()) {
    return set;
  }
  // Nobody maps the machine's own storage for a client when its guest touches it.
  if (!storage_) return absl::OkStatus();
  return (*vcpu)->Map(MappingOf({plan_.name, 0, 0, plan_.storage_bytes}, *storage_));
}

std::vector<uint16_t> LocalMachine::Vcpus() const {
  std::vector<uint16_t> addresses;
  for (const ucontrol::Vcpu* vcpu : machine_->vcpus()) addresses.push_back(vcpu->address());
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

absl::StatusOr<ucontrol::Vcpu*> LocalMachine::FindVcpu(uint16_t address) const {
  if (ucontrol::Vcpu* vcpu = machine_->FindVcpu(address)) return vcpu;
  return NoSuchResource(VcpuName{plan_.name, address}.ToString());
}

absl::Status LocalMachine::StartVcpu(uint16_t address) {
  const auto vcpu = FindVcpu(address);
  if (!vcpu.ok()) return vcpu.status();
  stopped_by_client_ = false;
  (*vcpu)->Start();
  return absl::OkStatus();
}

absl::Status LocalMachine::StopVcpu(uint16_t address) {
  const auto vcpu = FindVcpu(address);
  if (!vcpu.ok()) return vcpu.status();
  stopped_by_client_ = true;
  (*vcpu)->RequestStop();
  return absl::OkStatus();
}

absl::Status LocalMachine::ResetVcpu(uint16_t address, CpuReset reset) {
  const auto vcpu = FindVcpu(address);
  if (!vcpu.ok()) return vcpu.status();
  stopped_by_client_ = true;
  const auto kind = reset == CpuReset::kInitial  ? ucontrol::Vcpu::Reset::kInitial
                    : reset == CpuReset::kNormal ? ucontrol::Vcpu::Reset::kNormal
                                                 : ucontrol::Vcpu::Reset::kClear;
  return (*vcpu)->Call([&] { return (*vcpu)->ApplyReset(kind); });
}

absl::Status LocalMachine::StoreStatus(uint16_t address, const StatusLocation& location) {
  const auto vcpu = FindVcpu(address);
  if (!vcpu.ok()) return vcpu.status();
  return (*vcpu)->Call([&]() -> absl::Status {
    const bool stored =
        location.kind == StatusLocation::Kind::kAddress
            ? ucontrol::StoreStatusAt(**vcpu, GuestAbsolute(location.address))
            : ucontrol::StoreStatus(**vcpu, location.kind == StatusLocation::Kind::kAbsolute
                                                ? ucontrol::StatusArea::kAbsolute
                                                : ucontrol::StatusArea::kPrefixed);
    if (stored) return absl::OkStatus();
    return FieldOutOfRange("SEGMENT_ABSENT", "location", "has no storage for 512 bytes");
  });
}

absl::Status LocalMachine::Map(std::optional<uint16_t> vcpu, const SegmentRange& range,
                               std::shared_ptr<HostMemory> memory) {
  const uapi::UcasMapping mapping = MappingOf(range, *memory);
  const std::lock_guard lock(mutex_);
  if (vcpu) {
    const auto found = FindVcpu(*vcpu);
    if (!found.ok()) return found.status();
    if (absl::Status mapped = (*found)->Map(mapping); !mapped.ok()) return mapped;
    own_mappings_[*vcpu].Map(range.vcpu_address, range.length, std::move(memory),
                             range.memory_offset);
    return absl::OkStatus();
  }
  if (absl::Status mapped = machine_->MapStorage(mapping); !mapped.ok()) return mapped;
  if (client_monitor_) {
    for (ucontrol::Vcpu* each : machine_->vcpus()) {
      if (absl::Status mapped = each->Map(mapping); !mapped.ok()) return mapped;
    }
  }
  for (auto& [address, ledger] : own_mappings_) ledger.Unmap(range.vcpu_address, range.length);
  shared_mappings_.Map(range.vcpu_address, range.length, std::move(memory), range.memory_offset);
  return absl::OkStatus();
}

absl::Status LocalMachine::Unmap(std::optional<uint16_t> vcpu, const SegmentRange& range) {
  const std::lock_guard lock(mutex_);
  if (vcpu) {
    const auto found = FindVcpu(*vcpu);
    if (!found.ok()) return found.status();
    absl::Status unmapped = (*found)->Unmap({0, range.vcpu_address, range.length});
    if (!unmapped.ok()) return unmapped;
    own_mappings_[*vcpu].Unmap(range.vcpu_address, range.length);
    return absl::OkStatus();
  }
  absl::Status unmapped = machine_->UnmapStorage(GuestAbsolute(range.vcpu_address), range.length);
  if (!unmapped.ok()) return unmapped;
  for (auto& [address, ledger] : own_mappings_) ledger.Unmap(range.vcpu_address, range.length);
  shared_mappings_.Unmap(range.vcpu_address, range.length);
  return absl::OkStatus();
}

absl::Status LocalMachine::FaultIn(uint16_t vcpu, uint64_t address) {
  const auto found = FindVcpu(vcpu);
  if (!found.ok()) return found.status();
  return (*found)->Call([&]() -> absl::Status {
    (*found)->FaultIn(GuestAbsolute(address));
    absl::Status status = (*found)->kvm().Fault(hypervisor::VcpuAddress(address));
    if (!absl::IsNotFound(status)) return status;
    return FieldOutOfRange("SEGMENT_ABSENT", "vcpu_address",
                           absl::StrFormat("nothing is mapped at 0x%x", address));
  });
}

absl::StatusOr<std::vector<MappedRange>> LocalMachine::Mappings(uint16_t vcpu) const {
  if (const auto found = FindVcpu(vcpu); !found.ok()) return found.status();
  const std::lock_guard lock(mutex_);
  const auto own = own_mappings_.find(vcpu);
  if (own == own_mappings_.end()) return shared_mappings_.List();
  return shared_mappings_.Under(own->second).List();
}

bool LocalMachine::Uses(const std::string& memory) const {
  if (held_.contains(memory)) return true;
  const std::lock_guard lock(mutex_);
  return shared_mappings_.Uses(memory) ||
         std::any_of(own_mappings_.begin(), own_mappings_.end(),
                     [&](const auto& entry) { return entry.second.Uses(memory); });
}

size_t LocalMachine::Type(absl::string_view input) {
  const std::lock_guard lock(console_mutex_);
  return console_writer_->Write({input.data(), input.size()}, absl::Now() + kTypingPatience);
}

void LocalMachine::PumpConsole() {
  while (const auto output = console_reader_->Read(kConsolePiece, absl::InfiniteFuture())) {
    listener_.OnConsoleOutput(plan_.name, output->characters);
    pumped_ = output->position + output->characters.size();
  }
}

void LocalMachine::AwaitConsole() {
  const auto deadline = std::chrono::steady_clock::now() + kConsolePatience;
  while (pumped_ < console_.position() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool LocalMachine::ClaimRun(uint16_t vcpu) {
  const std::lock_guard lock(mutex_);
  return !std::exchange(claimed_[vcpu], true);
}

void LocalMachine::ReleaseRun(uint16_t vcpu) {
  const std::lock_guard lock(mutex_);
  claimed_[vcpu] = false;
}

void LocalMachine::OnState(ucontrol::MachineState state) {
  if (state != ucontrol::MachineState::kStopped || client_monitor_) return;
  if (stopped_by_client_ || !was_running_) return;
  GuestEnd end;
  end.cause = EndCause::kPoweredOff;
  end.detail = "every CPU is stopped";
  AwaitConsole();
  listener_.OnGuestEnd(plan_.name, end);
}

void LocalMachine::OnCrash(const ucontrol::CrashReport& report) {
  GuestEnd end;
  end.cause = CauseOf(report.cause);
  end.detail = absl::StrFormat(
      "%s: CPU %d, PSW 0x%016x 0x%016x, icptcode 0x%02x ipa 0x%04x ipb "
      "0x%08x",
      report.reason, report.cpu.cpu_address, report.cpu.psw.mask, report.cpu.psw.address,
      report.cpu.icptcode, report.cpu.ipa, report.cpu.ipb);
  end.vcpu = report.cpu.cpu_address;
  end.psw = report.cpu.psw;
  end.gpr.assign(report.cpu.gpr.begin(), report.cpu.gpr.end());
  AwaitConsole();
  listener_.OnGuestEnd(plan_.name, end);
}

void LocalMachine::OnBreakpoint(const ucontrol::CpuReport& report) {
  listener_.OnBreakpoint(plan_.name, report.cpu_address, report.psw);
}

}  // namespace services
