// Whom a machine tells what happened to it.
#ifndef UCONTROL_MACHINE_LISTENER_H_
#define UCONTROL_MACHINE_LISTENER_H_

#include <array>
#include <cstdint>
#include <string>

#include "hypervisor/arch/psw.h"
#include "ucontrol/crash_cause.h"

namespace ucontrol {

enum class MachineState : uint8_t {
  kStopped,  // every CPU is in the stopped state
  kRunning,
  kPaused,   // held by a client or a breakpoint
  kCrashed,  // the guest can't go on
};

// A CPU at the moment of a crash or a breakpoint.
struct CpuReport {
  uint16_t cpu_address = 0;
  hypervisor::Psw psw;
  std::array<uint64_t, 16> gpr{};
  std::array<uint64_t, 16> cr{};
  uint32_t prefix = 0;
  // The last interception.
  uint8_t icptcode = 0;
  uint16_t ipa = 0;
  uint32_t ipb = 0;
};

// How the clock of a machine behaves while it is paused.
enum class ClockWhilePaused : uint8_t {
  kContinues,  // the guest sees that time has passed
  kStops,      // it doesn't: TOD, clock comparator and CPU timers stand still
};

struct CrashReport {
  CrashCause cause;
  std::string reason;
  CpuReport cpu;
};

// Called on a thread of the machine that holds none of its locks, one call at a time, in the order
// of the events. A listener may call every method of the machine that any thread may call but
// those that end it.
class MachineListener {
 public:
  virtual ~MachineListener() = default;

  virtual void OnState(MachineState /*state*/) {}
  virtual void OnCrash(const CrashReport& /*report*/) {}
  virtual void OnBreakpoint(const CpuReport& /*report*/) {}
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_LISTENER_H_
