#include "hypervisor/core/system.h"

#include <memory>
#include <utility>

#include "hypervisor/arch/address.h"
#include "hypervisor/core/capabilities.h"
#include "hypervisor/core/request.h"
#include "hypervisor/core/vm.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {
namespace {

int64_t ApiVersion(System&, uint64_t argument) {
  return argument == 0 ? uapi::kApiVersion : -EINVAL;
}

int64_t CreateVm(System& system, uint64_t type) {
  if (type & ~uapi::kUcontrolVm) return -EINVAL;
  const bool ucontrol = type == uapi::kUcontrolVm;
  if (ucontrol && !system.sys_admin) return -EINVAL;
  auto vm = std::make_shared<Vm>(system, ucontrol);
  return system.files.Open(std::make_unique<VmFile>(std::move(vm)));
}

int64_t CheckExtension(System& system, uint64_t capability) {
  return ExtensionValue(system.machine, capability);
}

int64_t VcpuMmapSize(System&, uint64_t argument) {
  return argument == 0 ? static_cast<int64_t>(kPageSize) : -EINVAL;
}

// Once made page tables fit for SIE; the reference kernel does nothing.
int64_t EnableSie(System&, uint64_t) {
  return 0;
}

constexpr auto kRequests = ByCode(std::to_array<Request<System>>({
    {uapi::kGetApiVersion, &ApiVersion},
    {uapi::kCreateVm, &CreateVm},
    {uapi::kCheckExtension, &CheckExtension},
    {uapi::kGetVcpuMmapSize, &VcpuMmapSize},
    {uapi::kEnableSie, &EnableSie},
}));

}  // namespace

int64_t SystemFile::Ioctl(uint32_t request, uint64_t argument) {
  const auto* row = FindRequest(kRequests, request);
  return row ? row->answer(system_, argument) : -EINVAL;
}

}  // namespace hypervisor
