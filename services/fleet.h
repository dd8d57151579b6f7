// The machines of the daemon: what they are, which of them live, and how each came to its end.
//
// One change of one machine at a time, under its name's lock; the registry is changed after the
// host, so that what it says was true.
#ifndef SERVICES_FLEET_H_
#define SERVICES_FLEET_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/longrunning/operations.pb.h"
#include "services/access.h"
#include "services/budget.h"
#include "services/console_log.h"
#include "services/limits.h"
#include "services/machine_host.h"
#include "services/metrics.h"
#include "services/name_locks.h"
#include "services/operations.h"
#include "services/registry.h"
#include "services/timetable.h"
#include "ucontrol/v1/machine.pb.h"

namespace services {

// Any thread.
class Fleet final : public HostListener {
 public:
  using Machine = ucontrol::v1::Machine;
  using MachineOr = absl::StatusOr<Machine>;

  struct Parts {
    Registry& registry;
    MachineHost& host;
    Budget& budget;
    ConsoleLogs& consoles;
    Operations& operations;
    Timetable& timetable;
    Metrics& metrics;
    std::string image_directory;
  };

  explicit Fleet(Parts parts) : parts_(std::move(parts)) {}

  void SetLimits(const Limits& limits);
  Limits limits() const;

  MachineOr Create(const Caller& caller, const ucontrol::v1::CreateMachineRequest& request);
  MachineOr Update(const Caller& caller, const ucontrol::v1::UpdateMachineRequest& request);
  absl::Status Delete(const Caller& caller, const ucontrol::v1::DeleteMachineRequest& request);
  MachineOr Start(const Caller& caller, const ucontrol::v1::StartMachineRequest& request);
  MachineOr Pause(const Caller& caller, const ucontrol::v1::PauseMachineRequest& request);
  MachineOr Resume(const Caller& caller, const ucontrol::v1::ResumeMachineRequest& request);
  MachineOr Reset(const Caller& caller, const ucontrol::v1::ResetMachineRequest& request);
  absl::StatusOr<google::longrunning::Operation> Stop(
      const Caller& caller, const ucontrol::v1::StopMachineRequest& request);

  // Deletes what is past its time.
  void Expire();

  // Turns every machine off, because the daemon ends.
  void TurnAllOff();

  void OnGuestEnd(const std::string& machine, const GuestEnd& end) override;
  void OnBreakpoint(const std::string& machine, uint16_t vcpu, const hypervisor::Psw& psw) override;
  void OnConsoleOutput(const std::string& machine, absl::string_view output) override;

 private:
  using MachinePtr = Registry::Ptr<Machine>;

  // The machine if the caller may change it and the etag is right.
  absl::StatusOr<MachinePtr> FindChangeable(const Caller& caller, const std::string& name,
                                            const std::string& etag) const;

  MachineOr SetState(const std::string& name, const Author& author,
                     ucontrol::v1::MachineState state,
                     Registry::Kind kind = ucontrol::v1::Event::KIND_MACHINE_STATE_CHANGED);

  absl::Status CheckImages(const MachinePlan& plan) const;

  // With the name's lock held: takes the machine off the host and says why. Deletes it if it is to
  // be.
  void TurnOff(const MachinePtr& machine, const ucontrol::v1::StopReport& report);
  // With the name's lock held: ends what the host has of it, if it has anything.
  void LeaveHost(const Machine& machine);
  absl::Status EraseWithMemories(const MachinePtr& machine, Registry::Kind kind,
                                 const Author& author);
  void AnswerStops(const Machine& machine);

  void Settle(const std::string& name, uint64_t run, const GuestEnd& end);
  void TurnOffAtDeadline(const std::string& name, uint64_t run, const std::string& operation);

  uint64_t RunOf(const std::string& name) const;

  Parts parts_;
  NameLocks locks_;

  mutable std::mutex mutex_;  // the innermost
  Limits limits_;
  uint64_t last_run_ = 0;
  std::map<std::string, uint64_t> runs_;  // of machines that the host has: which start it was
  std::multimap<std::string, std::string> stops_;  // operations that stop a machine, by machine
};

}  // namespace services

#endif  // SERVICES_FLEET_H_
