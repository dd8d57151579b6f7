#include "hypervisor/sie/assist/bfp/instruction.h"

namespace hypervisor::assist {

using bfp::Rounding;

bool RoundingOf(GuestCpu& cpu, int modifier, Rounding& rounding) {
  switch (modifier) {
    case 0:
      return true;
    case 1:
      rounding = Rounding::kNearestAway;
      return true;
    case 3:
      if (!cpu.facilities().Has(Facility::kFloatingPointExtension)) break;
      rounding = Rounding::kPrepareShorter;
      return true;
    case 4:
      rounding = Rounding::kNearestEven;
      return true;
    case 5:
      rounding = Rounding::kTowardZero;
      return true;
    case 6:
      rounding = Rounding::kUp;
      return true;
    case 7:
      rounding = Rounding::kDown;
      return true;
    default:
      break;
  }
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

bool ModifiedEnvironment(GuestCpu& cpu, int m3, int m4, bfp::Environment& environment) {
  environment = EnvironmentOf(cpu);
  environment.suppress_inexact =
      cpu.facilities().Has(Facility::kFloatingPointExtension) && (m4 & 4);
  return RoundingOf(cpu, m3, environment.rounding);
}

}  // namespace hypervisor::assist
