#include "hypervisor/core/enable_cap.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>

#include "hypervisor/uapi/capability.h"

namespace hypervisor {
namespace {

// Capabilities that give a VM's processors facilities which a fresh VM lacks. All need a VM without
// vCPUs, and the first facility on the machine unless the core itself brings it.
struct FacilityCap {
  uint32_t capability;
  bool of_machine;
  std::array<int, 8> facilities;  // 0 ends the list; those after the first if the machine has them
};

constexpr auto kFacilityCaps = std::to_array<FacilityCap>({
    {uapi::kCapS390VectorRegisters, true, {129, 134, 135, 148, 152, 192, 198, 199}},
    {uapi::kCapS390Ri, true, {64}},
    {uapi::kCapS390Ais, false, {72}},
    {uapi::kCapS390Gs, true, {133}},
    {uapi::kCapS390CpuTopology, true, {11}},
});

int64_t EnableFacility(Vm& vm, const FacilityCap& row) {
  if (vm.has_vcpus()) return -EBUSY;
  const FacilityList& machine = vm.system.machine.facilities;
  if (row.of_machine && !machine.Has(row.facilities[0])) return -EINVAL;
  vm.model.AddFacility(row.facilities[0]);
  for (size_t i = 1; i < row.facilities.size() && row.facilities[i] != 0; ++i) {
    if (machine.Has(row.facilities[i])) vm.model.AddFacility(row.facilities[i]);
  }
  return 0;
}

int64_t InterceptOperationExceptions(Vm& vm) {
  vm.user_instruction_0 = true;
  for (const auto& slot : vm.vcpus) {
    const Vcpu* vcpu = slot.load(std::memory_order_acquire);
    if (vcpu) std::atomic_ref(vcpu->block().ictl).fetch_or(uapi::kIctlOperexc);
  }
  return 0;
}

}  // namespace

int64_t EnableVmCap(Vm& vm, const uapi::EnableCap& cap) {
  if (cap.flags) return -EINVAL;
  const std::lock_guard lock(vm.mutex);
  const auto facility =
      std::find_if(kFacilityCaps.begin(), kFacilityCaps.end(),
                   [&](const FacilityCap& row) { return row.capability == cap.cap; });
  if (facility != kFacilityCaps.end()) return EnableFacility(vm, *facility);
  switch (cap.cap) {
    case uapi::kCapS390Irqchip:
      vm.irqchip = true;
      return 0;
    case uapi::kCapS390UserInstr0:
    case uapi::kCapS390UserOperexec:
      return InterceptOperationExceptions(vm);
    case uapi::kCapS390Hpage1m:
    case uapi::kCapS390Hpage2g:
      return vm.has_vcpus() ? -EBUSY : -EINVAL;  // huge pages are not built in
    case uapi::kCapHaltPoll:
      return cap.args[0] > UINT32_MAX ? -EINVAL : 0;
    // These change what the kernel itself handles of a regular VM; nothing is left for this core.
    case uapi::kCapS390UserSigp:
    case uapi::kCapS390UserStsi:
    case uapi::kCapS390VsieEsamode:
      return 0;
    default:
      return -EINVAL;
  }
}

int64_t EnableVcpuCap(Vcpu& vcpu, const uapi::EnableCap& cap) {
  if (cap.flags) return -EINVAL;
  if (cap.cap != uapi::kCapS390CssSupport) return -EINVAL;
  vcpu.vm().css_support = true;
  return 0;
}

}  // namespace hypervisor
