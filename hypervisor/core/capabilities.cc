#include "hypervisor/core/capabilities.h"

#include <algorithm>
#include <array>
#include <thread>

#include "hypervisor/uapi/capability.h"

namespace hypervisor {
namespace {

struct Extension {
  uint32_t capability;
  uint32_t value;
};

constexpr auto kFixed = std::to_array<Extension>({
    {uapi::kCapUserMemory, 1},
    {uapi::kCapNrMemslots, kMemorySlots},
    {uapi::kCapMpState, 1},
    {uapi::kCapSyncMmu, 1},
    {uapi::kCapDestroyMemoryRegionWorks, 1},
    {uapi::kCapSetGuestDebug, 1},
    {uapi::kCapIrqRouting, kIrqRoutes},
    {uapi::kCapJoinMemoryRegionsWorks, 1},
    {uapi::kCapIrqfd, 1},
    {uapi::kCapIoeventfd, 1},
    {uapi::kCapInternalErrorData, 1},
    {uapi::kCapS390Psw, 1},
    {uapi::kCapEnableCap, 1},
    {uapi::kCapAsyncPf, 1},
    {uapi::kCapMaxVcpus, kMaxVcpus},
    {uapi::kCapOneReg, 1},
    {uapi::kCapS390Gmap, 1},
    {uapi::kCapS390Ucontrol, 1},
    {uapi::kCapSyncRegs, 1},
    {uapi::kCapIrqfdResample, 1},
    {uapi::kCapS390CssSupport, 1},
    {uapi::kCapDeviceCtrl, 1},
    {uapi::kCapEnableCapVm, 1},
    {uapi::kCapS390Irqchip, 1},
    {uapi::kCapVmAttributes, 1},
    {uapi::kCapCheckExtensionVm, 1},
    {uapi::kCapS390UserSigp, 1},
    {uapi::kCapS390MemOp, kMemOpLimit},
    {uapi::kCapS390UserStsi, 1},
    {uapi::kCapS390Skeys, 1},
    {uapi::kCapS390InjectIrq, 1},
    {uapi::kCapS390IrqState, 1},
    {uapi::kCapIoeventfdAnyLength, 1},
    {uapi::kCapMaxVcpuId, kMaxVcpus},
    {uapi::kCapS390UserInstr0, 1},
    {uapi::kCapImmediateExit, 1},
    {uapi::kCapS390Ais, 1},
    {uapi::kCapS390CmmaMigration, 1},
    {uapi::kCapS390AisMigration, 1},
    {uapi::kCapS390VcpuResets, 1},
    {uapi::kCapHaltPoll, 1},
    {uapi::kCapS390Diag318, 1},
    // The kernel also names a bit of its own here, which KVM_SET_GUEST_DEBUG then refuses.
    {uapi::kCapSetGuestDebug2, 0x10000000 | kGuestDebugValid},
    {uapi::kCapBinaryStatsFd, 1},
    {uapi::kCapS390MemOpExtension, 3},  // absolute operations, and compare-and-swap
    {uapi::kCapSystemEventData, 1},
    {uapi::kCapUserMemory2, 1},
    {uapi::kCapPreFaultMemory, 1},
    {uapi::kCapS390UserOperexec, 1},
    {uapi::kCapS390Keyop, 1},
    {uapi::kCapS390VsieEsamode, 1},
});
static_assert(std::is_sorted(kFixed.begin(), kFixed.end(), [](Extension a, Extension b) {
  return a.capability <= b.capability;
}));

// Offered with a facility of the machine.
struct Conditional {
  uint32_t capability;
  int facility;
};

constexpr auto kByFacility = std::to_array<Conditional>({
    {uapi::kCapS390VectorRegisters, 129},
    {uapi::kCapS390Ri, 64},
    {uapi::kCapS390Gs, 133},
    {uapi::kCapS390Bpb, 82},
    {uapi::kCapS390CpuTopology, 11},
});

}  // namespace

int64_t ExtensionValue(const Machine& machine, uint64_t capability) {
  if (capability == uapi::kCapNrVcpus)
    return std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, kMaxVcpus);
  if (capability == uapi::kCapS390Cow) return machine.enhanced_suppression ? 1 : 0;
  for (const Conditional& row : kByFacility) {
    if (row.capability == capability) return machine.facilities.Has(row.facility) ? 1 : 0;
  }
  for (const Extension& row : kFixed) {
    if (row.capability == capability) return row.value;
  }
  return 0;
}

}  // namespace hypervisor
