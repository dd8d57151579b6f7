#include "ucontrol/machine_check.h"

#include <array>

#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/prefix_area.h"
#include "ucontrol/assigned_storage.h"
#include "ucontrol/machine.h"
#include "ucontrol/store_status.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace prefix_area = hypervisor::prefix_area;
using hypervisor::GuestReal;

namespace {

// Validity bits of the MCIC: what the save areas hold. PSW bits 20-23 and the rest are always good.
constexpr uint64_t kValidRegisters = 0x00000f1d40330000;
constexpr uint64_t kValidVectors = 0x0000004000000000;

constexpr uint64_t kExtendedSaveOrigin = ~uint64_t{0x3ff};
constexpr uint64_t kFixedLogout = 0x1300;
constexpr uint64_t kVectorsLength = 512;

// The vector registers go to the machine-check extended save area, if the guest has named one.
bool SaveVectors(Vcpu& vcpu, uint64_t designation) {
  const uint64_t origin = designation & kExtendedSaveOrigin;
  if (!vcpu.machine().facilities().Has(hypervisor::Facility::kVector) || !origin) return false;
  std::array<uint8_t, kVectorsLength> bytes;
  for (int r = 0; r < 32; ++r) {
    StoreBigEndian(&bytes[r * 16], vcpu.cpu().run().s.regs.vrs[r][0]);
    StoreBigEndian(&bytes[r * 16 + 8], vcpu.cpu().run().s.regs.vrs[r][1]);
  }
  const bool stored = vcpu.storage().WriteReal(GuestReal(origin), bytes.data(), bytes.size());
  if (!stored) vcpu.storage().Fault();  // the validity bit tells
  return stored;
}

}  // namespace

Disposition DeliverMachineCheck(Vcpu& vcpu, const MachineCheck& check) {
  AssignedStorage area(vcpu);
  if (!area.exists()) return NoPrefixArea();

  uint64_t code = check.code | kValidRegisters;
  if (SaveVectors(vcpu, area.Load<uint64_t>(prefix_area::kMachineCheckExtendedSave)))
    code |= kValidVectors;
  // As STORE STATUS, but for the PSW, which has its own place here (the logout takes the status's),
  // and the prefix.
  const CpuStatus status = FormatStatus(vcpu.cpu());
  constexpr uint64_t kRest = prefix_area::kStatusPrefix + sizeof(uint32_t);
  area.Store(prefix_area::kStoreStatus, status.data(), prefix_area::kStatusPrefix);
  area.Store(prefix_area::kStoreStatus + kRest, &status[kRest], status.size() - kRest);
  area.Store(kFixedLogout, check.fixed_logout.data(), check.fixed_logout.size());
  area.Store(prefix_area::kArchitecturalModeId, uint8_t{1});
  area.Store(prefix_area::kMachineCheckCode, code);
  area.Store(prefix_area::kExternalDamageCode, check.external_damage_code);
  area.Store(prefix_area::kFailingStorageAddress, check.failing_storage_address);
  area.SwapPsw(prefix_area::kMachineCheckOldPsw, prefix_area::kMachineCheckNewPsw);
  return Disposition::Resume();
}

}  // namespace ucontrol
