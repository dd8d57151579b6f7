// READ SCP INFO and READ CPU INFO: what a control program learns about its configuration.
#ifndef UCONTROL_SERVICE_CALL_CONFIGURATION_H_
#define UCONTROL_SERVICE_CALL_CONFIGURATION_H_

#include "ucontrol/machine_description.h"
#include "ucontrol/service_call/sccb.h"

namespace ucontrol {

// DIAGNOSE 0x318 is offered in a part of READ SCP INFO that only exists with the extended-length
// SCCB.
bool OffersDiagnose318(const MachineDescription& machine);

// Storage is reported in increments of one size, a power of two of at least 1 MiB, so many that
// their count fits.
struct StorageIncrements {
  uint64_t count = 0;
  uint32_t mebibytes = 1;

  static StorageIncrements Of(uint64_t storage_size);
};

void ReadScpInfo(const MachineDescription& machine, Sccb& sccb);
void ReadCpuInfo(const MachineDescription& machine, Sccb& sccb);

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_CONFIGURATION_H_
