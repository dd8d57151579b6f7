// SERVICE CALL: the guest's way to the service-call logical processor (SCLP), which knows the
// machine's configuration and carries its consoles.
#ifndef UCONTROL_SERVICE_CALL_SERVICE_CALL_H_
#define UCONTROL_SERVICE_CALL_SERVICE_CALL_H_

#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "hypervisor/arch/interruption.h"
#include "ucontrol/absolute_storage.h"
#include "ucontrol/console.h"
#include "ucontrol/interruption_sink.h"
#include "ucontrol/machine_description.h"
#include "ucontrol/machine_part.h"
#include "ucontrol/service_call/ascii_console.h"
#include "ucontrol/service_call/configuration.h"
#include "ucontrol/service_call/event_facility.h"
#include "ucontrol/service_call/line_mode_console.h"
#include "ucontrol/service_call/signal_quiesce.h"

namespace ucontrol {

// One a machine; any thread. Everything named here outlives it. Its lock is taken before the
// sink's and the consoles'.
class ServiceCall : public MachinePart {
 public:
  struct Environment {
    AbsoluteStorage& storage;
    InterruptionSink& interruptions;
    const MachineDescription& machine;
    Console* ascii_console = nullptr;      // none: its events aren't offered
    Console* line_mode_console = nullptr;  // may be the same
  };

  explicit ServiceCall(const Environment& environment);
  ServiceCall(const ServiceCall&) = delete;
  ServiceCall& operator=(const ServiceCall&) = delete;
  ~ServiceCall() override;

  // What SERVC does behind its test for the problem state. kNone: condition code 0, and a service
  // signal tells when the response stands in the SCCB, which is before this returns.
  hypervisor::PgmCode Execute(uint32_t command, uint64_t sccb_address, uint32_t prefix);

  // Asks the guest to shut down; false if it doesn't listen for that.
  bool RequestQuiesce();

  // Part of every reset of the machine: no event masks, no events of ours pending.
  void Reset() override;

 private:
  void Dispatch(uint32_t command, uint64_t sccb_address, Sccb& sccb)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SignalEvents();

  const Environment environment_;
  absl::Mutex mutex_;
  std::optional<AsciiConsole> ascii_console_ ABSL_GUARDED_BY(mutex_);
  std::optional<OperatorMessage> message_ ABSL_GUARDED_BY(mutex_);
  std::optional<OperatorMessage> priority_message_ ABSL_GUARDED_BY(mutex_);
  std::optional<OperatorCommand> command_ ABSL_GUARDED_BY(mutex_);
  SignalQuiesce quiesce_ ABSL_GUARDED_BY(mutex_);
  EventFacility events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_SERVICE_CALL_H_
