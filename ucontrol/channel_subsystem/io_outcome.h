// How an I/O instruction ended: with a condition code or a program interruption.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_IO_OUTCOME_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_IO_OUTCOME_H_

#include <cstdint>

#include "hypervisor/arch/interruption.h"

namespace ucontrol {

struct IoOutcome {
  hypervisor::PgmCode interruption = hypervisor::PgmCode::kNone;
  uint8_t condition_code = 0;

  static constexpr IoOutcome Cc(uint8_t cc) { return {hypervisor::PgmCode::kNone, cc}; }
  static constexpr IoOutcome Interrupt(hypervisor::PgmCode code) { return {code, 0}; }
  friend constexpr bool operator==(const IoOutcome&, const IoOutcome&) = default;
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_IO_OUTCOME_H_
