#include "services/fleet.h"

#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "services/definition.h"
#include "services/failure.h"
#include "services/identifier.h"
#include "services/machine_state.h"
#include "services/resource_name.h"
#include "services/update_mask.h"
#include "services/visible.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::util::TimeUtil;
using v1::Event;

const std::set<std::string>& Writable() {
  static const auto* const kFields = new std::set<std::string>{
      "display_name",  "labels",    "expire_time", "ttl",     "delete_on_stop",
      "storage_bytes", "cpu_model", "boot",        "devices", "vcpu_count"};
  return *kFields;
}

// Whether what can only change while the machine is off is the same.
bool SameDefinition(v1::Machine a, v1::Machine b) {
  for (v1::Machine* machine : {&a, &b}) {
    machine->clear_display_name();
    machine->clear_labels();
    machine->clear_expiration();
    machine->clear_delete_on_stop();
  }
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

}  // namespace

void Fleet::SetLimits(const Limits& limits) {
  parts_.budget.SetLimit(limits.memory_bytes);
  std::lock_guard lock(mutex_);
  limits_ = limits;
}

Limits Fleet::limits() const {
  std::lock_guard lock(mutex_);
  return limits_;
}

uint64_t Fleet::RunOf(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = runs_.find(name);
  return found == runs_.end() ? 0 : found->second;
}

absl::StatusOr<Fleet::MachinePtr> Fleet::FindChangeable(const Caller& caller,
                                                        const std::string& name,
                                                        const std::string& etag) const {
  absl::StatusOr<MachinePtr> machine =
      services::FindChangeable<Machine>(parts_.registry, caller, name);
  if (!machine.ok()) return machine;
  if (absl::Status same = CheckEtag(name, etag, (*machine)->etag()); !same.ok()) return same;
  return machine;
}

Fleet::MachineOr Fleet::Create(const Caller& caller, const v1::CreateMachineRequest& request) {
  const Limits limits = this->limits();
  const std::string id = request.machine_id().empty() ? RandomId("machine") : request.machine_id();
  if (!IsResourceId(id)) {
    return InvalidField("machine_id",
                        "has 1 to 63 of a-z, 0-9 and '-', begins with a letter and doesn't end in "
                        "'-'",
                        "INVALID_NAME");
  }
  Machine machine;
  absl::Status taken = ApplyUpdate(request.machine(), {}, Writable(), machine);
  if (!taken.ok()) return taken;
  machine.set_monitor(request.machine().monitor());
  machine.set_name("machines/" + id);
  machine.set_uid(RandomUuid());
  machine.set_owner(caller.principal);
  machine.set_state(v1::MACHINE_STATE_DEFINED);
  if (absl::Status status = CompleteDefinition(limits, machine); !status.ok()) return status;
  NameLocks::Held held(locks_, machine.name());
  if (parts_.registry.Find<Machine>(machine.name())) return ResourceExists(machine.name());
  if (static_cast<int64_t>(parts_.registry.Count<Machine>()) >= limits.machines) {
    return LimitReached("machines", limits.machines, "one more machine");
  }
  if (request.validate_only()) return machine;
  const auto created = parts_.registry.Create<Machine>(
      std::move(machine), Event::KIND_MACHINE_CREATED, caller.author());
  if (!created.ok()) return created.status();
  return **created;
}

Fleet::MachineOr Fleet::Update(const Caller& caller, const v1::UpdateMachineRequest& request) {
  const Machine& wanted = request.machine();
  if (absl::Status named = CheckMachineName("machine.name", wanted.name()); !named.ok()) {
    return named;
  }
  NameLocks::Held held(locks_, wanted.name());
  const auto machine = services::FindChangeable<Machine>(parts_.registry, caller, wanted.name());
  if (!machine.ok()) return machine.status();
  absl::Status etag = CheckEtag(wanted.name(), wanted.etag(), (*machine)->etag());
  if (!etag.ok()) return etag;
  const auto edit = [&](Machine& changed) -> absl::Status {
    absl::Status status = ApplyUpdate(wanted, request.update_mask(), Writable(), changed);
    if (status.ok()) status = CompleteDefinition(limits(), changed);
    if (!status.ok()) return status;
    if (IsActive(**machine) && !SameDefinition(**machine, changed)) {
      return PreconditionNotMet("MACHINE_ACTIVE", wanted.name(),
                                "is active: its definition can't be changed now");
    }
    return absl::OkStatus();
  };
  if (request.validate_only()) {
    Machine changed = **machine;
    if (absl::Status status = edit(changed); !status.ok()) return status;
    return changed;
  }
  const auto changed = parts_.registry.Change<Machine>(wanted.name(), Event::KIND_MACHINE_UPDATED,
                                                       caller.author(), edit);
  if (!changed.ok()) return changed.status();
  return **changed;
}

absl::Status Fleet::Delete(const Caller& caller, const v1::DeleteMachineRequest& request) {
  NameLocks::Held held(locks_, request.name());
  const auto machine = FindChangeable(caller, request.name(), request.etag());
  if (absl::IsNotFound(machine.status()) && request.allow_missing()) return absl::OkStatus();
  if (!machine.ok()) return machine.status();
  if (IsActive(**machine) && !request.force()) {
    return PreconditionNotMet("MACHINE_ACTIVE", request.name(),
                              "is active: stop it first, or set force");
  }
  LeaveHost(**machine);
  return EraseWithMemories(*machine, Event::KIND_MACHINE_DELETED, caller.author());
}

absl::Status Fleet::CheckImages(const MachinePlan& plan) const {
  std::vector<std::pair<std::string, uint64_t>> needed;
  const auto need = [&needed](const ImageSource& image) {
    needed.emplace_back(image.memory, image.length);
  };
  if (const auto* program = std::get_if<ProgramBoot>(&plan.boot)) {
    need(program->image);
    if (program->initrd) need(*program->initrd);
  }
  if (const auto* raw = std::get_if<RawBoot>(&plan.boot)) need(raw->image);
  for (const DevicePlan& device : plan.devices) {
    const auto* disk = std::get_if<DiskDevice>(&device.kind);
    if (disk && !disk->memory.empty()) needed.emplace_back(disk->memory, 1);
  }
  const Machine& machine = *parts_.registry.Find<Machine>(plan.name);
  for (const auto& [name, length] : needed) {
    const auto memory = parts_.registry.Find<v1::Memory>(name);
    if (!memory || memory->owner() != machine.owner()) {
      return PreconditionNotMet("MEMORY_MISSING", name,
                                absl::StrCat("isn't a memory of ", machine.owner()));
    }
    if (memory->state() != v1::MEMORY_STATE_READY) {
      return PreconditionNotMet("MEMORY_LOST", name,
                                "lost its bytes when the daemon ended: write it again");
    }
    if (length > static_cast<uint64_t>(memory->size_bytes())) {
      return PreconditionNotMet(
          "IMAGE_TOO_LONG", name,
          absl::StrCat("has ", memory->size_bytes(), " bytes, fewer than ", length));
    }
  }
  return absl::OkStatus();
}

Fleet::MachineOr Fleet::Start(const Caller& caller, const v1::StartMachineRequest& request) {
  NameLocks::Held held(locks_, request.name());
  const auto found = FindChangeable(caller, request.name(), request.etag());
  if (!found.ok()) return found.status();
  const Machine& machine = **found;
  if (IsActive(machine)) {
    return PreconditionNotMet("MACHINE_ACTIVE", machine.name(), "is active already");
  }
  const absl::StatusOr<MachinePlan> plan = PlanOf(machine, parts_.image_directory);
  if (!plan.ok()) return plan.status();
  if (absl::Status images = CheckImages(*plan); !images.ok()) return images;
  LeaveHost(machine);  // what a crash left
  if (absl::Status reserved = parts_.budget.Reserve(machine.storage_bytes()); !reserved.ok()) {
    return reserved;
  }
  {
    std::lock_guard lock(mutex_);
    runs_[machine.name()] = ++last_run_;
  }
  const auto console = parts_.consoles.Find(machine.name());
  console->SetRunning(true);
  if (absl::Status started = parts_.host.Start(*plan, request.paused()); !started.ok()) {
    LeaveHost(machine);
    console->SetRunning(false);
    return started;
  }
  const auto changed = parts_.registry.Change<Machine>(
      machine.name(), Event::KIND_MACHINE_STATE_CHANGED, caller.author(), [&](Machine& running) {
        running.set_state(request.paused() ? v1::MACHINE_STATE_PAUSED : v1::MACHINE_STATE_RUNNING);
        *running.mutable_start_time() = TimeUtil::GetCurrentTime();
        running.clear_stop_time();
        running.clear_stop_report();
        return absl::OkStatus();
      });
  if (changed.ok()) return **changed;
  LeaveHost(machine);
  console->SetRunning(false);
  return changed.status();
}

Fleet::MachineOr Fleet::SetState(const std::string& name, const Author& author,
                                 v1::MachineState state, Registry::Kind kind) {
  const auto changed = parts_.registry.Change<Machine>(name, kind, author, [state](Machine& m) {
    m.set_state(state);
    return absl::OkStatus();
  });
  if (!changed.ok()) return changed.status();
  return **changed;
}

Fleet::MachineOr Fleet::Pause(const Caller& caller, const v1::PauseMachineRequest& request) {
  NameLocks::Held held(locks_, request.name());
  const auto machine = FindChangeable(caller, request.name(), request.etag());
  if (!machine.ok()) return machine.status();
  if ((*machine)->state() != v1::MACHINE_STATE_RUNNING) {
    return WrongState(**machine, v1::MACHINE_STATE_RUNNING);
  }
  absl::Status paused = parts_.host.Pause(request.name(), request.keep_clocks_running());
  if (!paused.ok()) return paused;
  return SetState(request.name(), caller.author(), v1::MACHINE_STATE_PAUSED);
}

Fleet::MachineOr Fleet::Resume(const Caller& caller, const v1::ResumeMachineRequest& request) {
  NameLocks::Held held(locks_, request.name());
  const auto machine = FindChangeable(caller, request.name(), request.etag());
  if (!machine.ok()) return machine.status();
  if ((*machine)->state() != v1::MACHINE_STATE_PAUSED) {
    return WrongState(**machine, v1::MACHINE_STATE_PAUSED);
  }
  if (absl::Status resumed = parts_.host.Resume(request.name()); !resumed.ok()) return resumed;
  return SetState(request.name(), caller.author(), v1::MACHINE_STATE_RUNNING);
}

Fleet::MachineOr Fleet::Reset(const Caller& caller, const v1::ResetMachineRequest& request) {
  NameLocks::Held held(locks_, request.name());
  const auto machine = FindChangeable(caller, request.name(), request.etag());
  if (!machine.ok()) return machine.status();
  if (!IsActive(**machine)) return NotActive(**machine);
  if (absl::Status reset = parts_.host.Reset(request.name()); !reset.ok()) return reset;
  return SetState(request.name(), caller.author(), v1::MACHINE_STATE_RUNNING,
                  Event::KIND_MACHINE_RESET);
}

void Fleet::OnConsoleOutput(const std::string& machine, absl::string_view output) {
  parts_.metrics.CountConsoleBytes(static_cast<double>(output.size()));
  parts_.consoles.Find(machine)->Append(output);
}

}  // namespace services
