// How machines come to their end: asked for, by themselves, in time, with the daemon.
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "services/failure.h"
#include "services/fleet.h"
#include "services/log.h"
#include "services/machine_state.h"
#include "services/resource_name.h"
#include "services/visible.h"
#include "services/wire.h"

namespace services {
namespace {

namespace v1 = ucontrol::v1;
using google::protobuf::util::TimeUtil;
using v1::Event;
using v1::StopReport;

constexpr int64_t kLongestGrace = 3600;

StopReport ReportOf(StopReport::Reason reason, const std::string& detail, int exit_status) {
  StopReport report;
  report.set_reason(reason);
  report.set_detail(detail);
  report.set_exit_status(exit_status);
  report.set_vcpu(-1);
  return report;
}

}  // namespace

absl::Status Fleet::EraseWithMemories(const MachinePtr& machine, Registry::Kind kind,
                                      const Author& author) {
  const std::string name = machine->name();
  if (absl::Status erased = parts_.registry.Erase<Machine>(name, kind, author); !erased.ok()) {
    return erased;
  }
  parts_.consoles.Delete(name);
  AnswerStops(*machine);
  for (const auto& memory : parts_.registry.List<v1::Memory>()) {
    if (memory->machine() != name || parts_.host.MemoryInUse(memory->name())) continue;
    absl::Status erased =
        parts_.registry.Erase<v1::Memory>(memory->name(), Event::KIND_MEMORY_EXPIRED, {});
    if (!erased.ok() || memory->state() != v1::MEMORY_STATE_READY) continue;
    if (parts_.host.DeleteMemory(memory->name()).ok()) parts_.budget.Release(memory->size_bytes());
  }
  return absl::OkStatus();
}

absl::StatusOr<google::longrunning::Operation> Fleet::Stop(const Caller& caller,
                                                           const v1::StopMachineRequest& request) {
  const int64_t grace = request.grace_period().seconds();
  if (grace < 0 || grace > kLongestGrace || request.grace_period().nanos() < 0) {
    return InvalidField("grace_period", absl::StrCat(grace, " s isn't 0 to 3600 s"));
  }
  NameLocks::Held held(locks_, request.name());
  const auto machine = FindChangeable(caller, request.name(), request.etag());
  if (!machine.ok()) return machine.status();
  const std::string& name = (*machine)->name();
  const bool crashed = (*machine)->state() == v1::MACHINE_STATE_CRASHED;
  if (!IsActive(**machine) && !crashed) return NotActive(**machine);

  bool listens = false;
  const bool gentle = grace > 0 || request.grace_period().nanos() > 0;
  if (gentle && (*machine)->state() == v1::MACHINE_STATE_RUNNING) {
    absl::StatusOr<bool> quiesced = parts_.host.Quiesce(name);
    listens = quiesced.ok() && *quiesced;
  } else if (gentle) {
    listens = (*machine)->state() == v1::MACHINE_STATE_STOPPING;
  }

  v1::StopMachineMetadata metadata;
  metadata.set_machine(name);
  metadata.set_principal(caller.principal);
  *metadata.mutable_create_time() = TimeUtil::GetCurrentTime();
  *metadata.mutable_deadline() = metadata.create_time() + request.grace_period();
  const uint64_t run = RunOf(name);
  auto operation_name = std::make_shared<std::string>();
  auto operation = parts_.operations.Begin(metadata, caller.author(), [this, name, operation_name] {
    {
      std::lock_guard lock(mutex_);
      std::erase_if(stops_, [&](const auto& stop) { return stop.second == *operation_name; });
    }
    parts_.operations.Fail(*operation_name, absl::CancelledError("the client called it off"));
  });
  if (!operation.ok()) return operation.status();
  *operation_name = operation->name();
  {
    std::lock_guard lock(mutex_);
    stops_.emplace(name, operation->name());
  }
  if (listens) {
    SetState(name, {caller.principal, nullptr}, v1::MACHINE_STATE_STOPPING).IgnoreError();
    const auto wait =
        std::chrono::nanoseconds(TimeUtil::DurationToNanoseconds(request.grace_period()));
    parts_.timetable.At(Timetable::Clock::now() + wait, [this, name, run, op = operation->name()] {
      TurnOffAtDeadline(name, run, op);
    });
    return operation;
  }
  TurnOff(*machine, crashed ? (*machine)->stop_report()
                            : ReportOf(StopReport::REASON_CLIENT_REQUEST,
                                       absl::StrCat("turned off by ", caller.principal), 1));
  const auto done = parts_.registry.Find<google::longrunning::Operation>(operation->name());
  return done ? *done : *operation;
}

void Fleet::TurnOffAtDeadline(const std::string& name, uint64_t run, const std::string& operation) {
  NameLocks::Held held(locks_, name);
  {
    std::lock_guard lock(mutex_);
    bool wanted = false;
    const auto [first, last] = stops_.equal_range(name);
    for (auto stop = first; stop != last; ++stop) wanted |= stop->second == operation;
    const auto present = runs_.find(name);
    if (!wanted || present == runs_.end() || present->second != run) return;
  }
  const MachinePtr machine = parts_.registry.Find<Machine>(name);
  if (!machine || !IsActive(*machine)) return;
  TurnOff(machine, ReportOf(StopReport::REASON_CLIENT_REQUEST,
                            "turned off: the guest didn't shut down in time", 1));
}

void Fleet::LeaveHost(const Machine& machine) {
  {
    std::lock_guard lock(mutex_);
    if (runs_.erase(machine.name()) == 0) return;
  }
  parts_.host.Stop(machine.name());
  parts_.budget.Release(machine.storage_bytes());
}

void Fleet::TurnOff(const MachinePtr& machine, const StopReport& report) {
  LeaveHost(*machine);
  const auto changed = parts_.registry.Change<Machine>(
      machine->name(), Event::KIND_MACHINE_STATE_CHANGED, {}, [&](Machine& stopped) {
        stopped.set_state(v1::MACHINE_STATE_STOPPED);
        *stopped.mutable_stop_report() = report;
        if (!stopped.has_stop_time()) *stopped.mutable_stop_time() = TimeUtil::GetCurrentTime();
        return absl::OkStatus();
      });
  // Who reads the console to its end finds the reason then.
  parts_.consoles.Find(machine->name())->SetRunning(false);
  if (!changed.ok()) {
    Log(Severity::kError, "a machine's end isn't recorded",
        {{"machine", machine->name()}, {"detail", std::string(changed.status().message())}});
    AnswerStops(*machine);
    return;
  }
  const bool ends_with_daemon = report.reason() == StopReport::REASON_DAEMON_STOPPED;
  AnswerStops(**changed);
  if ((*changed)->delete_on_stop() && !ends_with_daemon) {
    EraseWithMemories(*changed, Event::KIND_MACHINE_DELETED, {}).IgnoreError();
  }
}

void Fleet::AnswerStops(const Machine& machine) {
  std::vector<std::string> operations;
  {
    std::lock_guard lock(mutex_);
    const auto [first, last] = stops_.equal_range(machine.name());
    for (auto stop = first; stop != last; ++stop) operations.push_back(stop->second);
    stops_.erase(first, last);
  }
  for (const std::string& operation : operations) parts_.operations.Succeed(operation, machine);
}

void Fleet::OnGuestEnd(const std::string& machine, const GuestEnd& end) {
  const uint64_t run = RunOf(machine);
  parts_.timetable.Soon([this, machine, run, end] { Settle(machine, run, end); });
}

void Fleet::Settle(const std::string& name, uint64_t run, const GuestEnd& end) {
  NameLocks::Held held(locks_, name);
  const MachinePtr machine = parts_.registry.Find<Machine>(name);
  if (!machine || !IsActive(*machine) || RunOf(name) != run) return;
  Log(Severity::kInfo, "guest ended", {{"machine", name}, {"detail", end.detail}});
  const StopReport report = ToWire(end);
  if (end.cause == EndCause::kPoweredOff || machine->delete_on_stop()) {
    TurnOff(machine, report);
    return;
  }
  const auto changed = parts_.registry.Change<Machine>(
      name, Event::KIND_MACHINE_STATE_CHANGED, {}, [&](Machine& crashed) {
        crashed.set_state(v1::MACHINE_STATE_CRASHED);
        *crashed.mutable_stop_report() = report;
        *crashed.mutable_stop_time() = TimeUtil::GetCurrentTime();
        return absl::OkStatus();
      });
  parts_.consoles.Find(name)->SetRunning(false);
  if (changed.ok()) AnswerStops(**changed);
}

void Fleet::OnBreakpoint(const std::string& machine, uint16_t vcpu, const hypervisor::Psw& psw) {
  const uint64_t run = RunOf(machine);
  v1::Breakpoint breakpoint;
  breakpoint.set_vcpu(VcpuName{machine, vcpu}.ToString());
  *breakpoint.mutable_psw() = ToWire(psw);
  parts_.timetable.Soon([this, machine, run, breakpoint] {
    NameLocks::Held held(locks_, machine);
    const MachinePtr present = parts_.registry.Find<Machine>(machine);
    if (!present || !IsActive(*present) || RunOf(machine) != run) return;
    parts_.registry
        .Change<Machine>(
            machine, Event::KIND_BREAKPOINT, {},
            [](Machine& paused) {
              paused.set_state(v1::MACHINE_STATE_PAUSED);
              return absl::OkStatus();
            },
            breakpoint)
        .status()
        .IgnoreError();
  });
}

void Fleet::Expire() {
  const google::protobuf::Timestamp now = TimeUtil::GetCurrentTime();
  for (const auto& listed : parts_.registry.List<Machine>()) {
    if (!listed->has_expire_time() || listed->expire_time() > now) continue;
    NameLocks::Held held(locks_, listed->name());
    const MachinePtr machine = parts_.registry.Find<Machine>(listed->name());
    if (!machine || !machine->has_expire_time() || machine->expire_time() > now) continue;
    LeaveHost(*machine);
    if (EraseWithMemories(machine, Event::KIND_MACHINE_EXPIRED, {}).ok()) {
      Log(Severity::kInfo, "machine expired", {{"machine", machine->name()}});
    }
  }
}

void Fleet::TurnAllOff() {
  for (const auto& listed : parts_.registry.List<Machine>()) {
    NameLocks::Held held(locks_, listed->name());
    const MachinePtr machine = parts_.registry.Find<Machine>(listed->name());
    if (!machine) continue;
    if (!IsActive(*machine)) {
      LeaveHost(*machine);
      continue;
    }
    TurnOff(machine, ReportOf(StopReport::REASON_DAEMON_STOPPED, "the daemon ended", 1));
  }
}

}  // namespace services
