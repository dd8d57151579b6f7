// READ SCP INFO and READ CPU INFO: what a control program learns about its configuration.
#ifndef UCONTROL_SERVICE_CALL_CONFIGURATION_H_
#define UCONTROL_SERVICE_CALL_CONFIGURATION_H_

#include "ucontrol/machine_description.h"
#include "ucontrol/service_call/sccb.h"

namespace ucontrol {

// What a machine offers beyond the facilities of its CPUs.
struct ScpOffers {
  bool diagnose_318 = true;
};

// Storage is reported in increments of one size, a power of two of at least 1 MiB, so many that
// their count fits.
struct StorageIncrements {
  uint64_t count = 0;
  uint32_t mebibytes = 1;

  static StorageIncrements Of(uint64_t storage_size);
};

void ReadScpInfo(const MachineDescription& machine, const ScpOffers& offers, Sccb& sccb);
void ReadCpuInfo(const MachineDescription& machine, Sccb& sccb);

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_CONFIGURATION_H_
