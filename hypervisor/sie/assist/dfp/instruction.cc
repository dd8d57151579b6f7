#include "hypervisor/sie/assist/dfp/instruction.h"

namespace hypervisor::assist {

using dfp::Rounding;

dfp::Environment DfpEnvironment(const GuestCpu& cpu, uint8_t modifier) {
  const uint32_t fpc = cpu.state().fpc;
  dfp::Environment environment;
  environment.masks = MasksOf(fpc);
  environment.reports_quantum = HasFloatingPointExtension(cpu);
  environment.mode = static_cast<Rounding>(fpc >> 4 & 7);
  if (modifier & 8) {
    environment.mode = static_cast<Rounding>(modifier & 7);
    return environment;
  }
  if (!HasFloatingPointExtension(cpu)) return environment;
  switch (modifier) {
    case 1:
      environment.mode = Rounding::kNearestAway;
      break;
    case 3:
      environment.mode = Rounding::kPrepareShorter;
      break;
    case 4:
      environment.mode = Rounding::kNearestEven;
      break;
    case 5:
      environment.mode = Rounding::kTowardZero;
      break;
    case 6:
      environment.mode = Rounding::kUp;
      break;
    case 7:
      environment.mode = Rounding::kDown;
      break;
    default:
      break;
  }
  return environment;
}

}  // namespace hypervisor::assist
