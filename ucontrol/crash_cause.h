// Why a guest can't go on.
#ifndef UCONTROL_CRASH_CAUSE_H_
#define UCONTROL_CRASH_CAUSE_H_

#include <cstdint>

namespace ucontrol {

enum class CrashCause : uint8_t {
  kDisabledWait,
  kProgramInterruptionLoop,
  kOperationExceptionLoop,
  kExternalInterruptionLoop,
  kNoPrefixArea,  // an interruption has no storage to go to
  kValidity,
  kBackingLost,  // KVM_RUN failed: no memory behind a mapped segment
  kLoadRefused,  // DIAGNOSE 0x308 could not load anything
  kUnhandled,    // an exit that nobody knows
};

}  // namespace ucontrol

#endif  // UCONTROL_CRASH_CAUSE_H_
