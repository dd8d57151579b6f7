// What becomes of a vCPU after its monitor handled an interception.
#ifndef UCONTROL_DISPOSITION_H_
#define UCONTROL_DISPOSITION_H_

#include "hypervisor/arch/interruption.h"
#include "ucontrol/crash_cause.h"

namespace ucontrol {

// How DIAGNOSE 0x308 and clients restart a machine (monitor.md section 7).
enum class LoadKind {
  kModifiedClear,  // all CPUs: clear reset; the short PSW at absolute 0 is loaded
  kNormal,         // this CPU: initial CPU reset, the others: CPU reset; the same PSW
  kClear,          // all CPUs: clear reset; the machine's loader runs again
};

class Disposition {
 public:
  enum class Kind {
    kResume,      // the instruction is complete
    kRetry,       // the instruction is executed again
    kInterrupt,   // a program interruption ends it; see interruption()
    kStop,        // the CPU enters the stopped state
    kCrash,       // the guest can't go on; see reason()
    kBreakpoint,  // the machine pauses and its listeners are told where
    kClient,      // nobody here handles it: the exit belongs to the client
    kLoad,        // the machine is reset and loaded; see load()
  };

  static constexpr Disposition Resume() { return Disposition(Kind::kResume); }
  static constexpr Disposition Retry() { return Disposition(Kind::kRetry); }
  static constexpr Disposition Stop() { return Disposition(Kind::kStop); }
  static constexpr Disposition Breakpoint() { return Disposition(Kind::kBreakpoint); }
  static constexpr Disposition Client() { return Disposition(Kind::kClient); }

  // Where the old PSW points follows from the code: nullification rewinds to the instruction.
  static constexpr Disposition Interrupt(const hypervisor::ProgramInterruption& interruption) {
    Disposition result(Kind::kInterrupt);
    result.interruption_ = interruption;
    return result;
  }
  static constexpr Disposition Interrupt(hypervisor::PgmCode code) {
    hypervisor::ProgramInterruption interruption;
    interruption.code = code;
    return Interrupt(interruption);
  }

  // `reason` is a string literal.
  static constexpr Disposition Crash(CrashCause cause, const char* reason) {
    Disposition result(Kind::kCrash);
    result.cause_ = cause;
    result.reason_ = reason;
    return result;
  }

  static constexpr Disposition Load(LoadKind kind) {
    Disposition result(Kind::kLoad);
    result.load_ = kind;
    return result;
  }

  constexpr Kind kind() const { return kind_; }
  constexpr const hypervisor::ProgramInterruption& interruption() const { return interruption_; }
  constexpr CrashCause cause() const { return cause_; }
  constexpr const char* reason() const { return reason_; }
  constexpr LoadKind load() const { return load_; }

 private:
  constexpr explicit Disposition(Kind kind) : kind_(kind) {}

  Kind kind_;
  LoadKind load_ = LoadKind::kClear;
  CrashCause cause_ = CrashCause::kUnhandled;
  const char* reason_ = "";
  hypervisor::ProgramInterruption interruption_;
};

}  // namespace ucontrol

#endif  // UCONTROL_DISPOSITION_H_
