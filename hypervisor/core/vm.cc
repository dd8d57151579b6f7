#include "hypervisor/core/vm.h"

#include <utility>

#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/create_vcpu.h"
#include "hypervisor/core/enable_cap.h"
#include "hypervisor/core/key_requests.h"
#include "hypervisor/core/mem_op.h"
#include "hypervisor/core/process.h"
#include "hypervisor/core/request.h"
#include "hypervisor/core/run.h"
#include "hypervisor/core/stats_file.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vfio_file.h"
#include "hypervisor/core/vm_attributes.h"

namespace hypervisor {

Vm::Vm(System& owner, bool user_controlled)
    : system(owner),
      ucontrol(user_controlled),
      model(owner.machine),
      aes_key_wrapping(model.Has(Facility::kMsa3)),
      dea_key_wrapping(model.Has(Facility::kMsa3)),
      storage_limit(user_controlled ? uapi::kNoMemLimit : owner.machine.last_storage_byte + 1),
      process_((WatchForks(), ProcessGeneration())) {}

Vm::~Vm() {
  for (auto& vcpu : vcpus) delete vcpu.load(std::memory_order_relaxed);
}

Vcpu* Vm::FindVcpu(uint64_t id) const {
  return id < vcpus.size() ? vcpus[id].load(std::memory_order_acquire) : nullptr;
}

namespace {

int64_t CheckExtension(Vm& vm, uint64_t capability) {
  return ExtensionValue(vm.system.machine, capability);
}

int64_t SetRegion(Vm& vm, const uapi::UserMemoryRegion& region) {
  return vm.slots.Set(region,
                      {.limit = vm.storage_limit, .reserved_end = vm.ucontrol ? kUserSpaceEnd : 0});
}

int64_t SetRegion2(Vm& vm, const uapi::UserMemoryRegion2& region) {
  return SetRegion(vm, {.slot = region.slot,
                        .flags = region.flags,
                        .guest_phys_addr = region.guest_phys_addr,
                        .memory_size = region.memory_size,
                        .userspace_addr = region.userspace_addr});
}

int64_t DirtyLog(Vm& vm, const uapi::DirtyLog& log) {
  return vm.ucontrol ? -EINVAL : vm.slots.DirtyLog(log);
}

int64_t CreateIrqchip(Vm& vm, uint64_t) {
  const std::lock_guard lock(vm.mutex);
  return vm.irqchip ? 0 : -EINVAL;
}

// KVM_S390_INTERRUPT of a VM. A UCONTROL VM is refused before the argument is looked at.
int64_t FloatingInterrupt(Vm& vm, uint64_t argument) {
  if (vm.ucontrol) return -EINVAL;
  uapi::Interrupt interrupt;
  if (!CopyFromUser(&interrupt, argument, sizeof(interrupt))) return -EFAULT;
  uapi::Irq irq;
  return WidenFloating(interrupt, irq) ? -vm.floating.Add(irq) : -EINVAL;
}

int64_t CreateDevice(Vm& vm, uapi::CreateDevice& device) {
  if (device.type != uapi::kDeviceFlic && device.type != uapi::kDeviceVfio) return -ENODEV;
  if (device.flags & uapi::kCreateDeviceTest) return 0;
  std::unique_ptr<File> file;
  if (device.type == uapi::kDeviceFlic) {
    const std::lock_guard lock(vm.mutex);
    if (vm.has_flic) return -EINVAL;
    vm.has_flic = true;
    file = std::make_unique<FlicFile>(vm.shared_from_this());
  } else {
    file = std::make_unique<VfioFile>(vm.shared_from_this());
  }
  const int number = vm.system.files.Open(std::move(file));
  if (number < 0) return number;
  device.fd = static_cast<uint32_t>(number);
  return 0;
}

constexpr auto kRequests = ByCode(std::to_array<Request<Vm>>({
    {uapi::kCreateVcpu, &CreateVcpu},
    {uapi::kCheckExtension, &CheckExtension},
    {uapi::kEnableCap, &In<Vm, uapi::EnableCap, EnableVmCap>},
    {uapi::kHasDeviceAttr, &In<Vm, uapi::DeviceAttr, HasVmAttribute>},
    {uapi::kGetDeviceAttr, &In<Vm, uapi::DeviceAttr, ReadVmAttribute>},
    {uapi::kSetDeviceAttr, &In<Vm, uapi::DeviceAttr, SetVmAttribute>},
    {uapi::kCreateDevice, &InOut<Vm, uapi::CreateDevice, CreateDevice>},
    {uapi::kGetStatsFd, &OpenVmStats},

    {uapi::kSetUserMemoryRegion, &In<Vm, uapi::UserMemoryRegion, SetRegion>},
    {uapi::kSetUserMemoryRegion2, &In<Vm, uapi::UserMemoryRegion2, SetRegion2>},
    {uapi::kGetDirtyLog, &In<Vm, uapi::DirtyLog, DirtyLog>},
    {uapi::kMemOp, &In<Vm, uapi::MemOp, VmMemOp>},
    {uapi::kGetSkeys, &In<Vm, uapi::Skeys, ReadKeys>},
    {uapi::kSetSkeys, &In<Vm, uapi::Skeys, SetKeys>},
    {uapi::kKeyop, &InOut<Vm, uapi::Keyop, KeyOperation>},
    {uapi::kGetCmmaBits, &InOut<Vm, uapi::CmmaLog, ReadCmmaBits>},
    {uapi::kSetCmmaBits, &In<Vm, uapi::CmmaLog, SetCmmaBits>},

    {uapi::kInterrupt, &FloatingInterrupt},
    {uapi::kCreateIrqchip, &CreateIrqchip},
    {uapi::kSetGsiRouting, &SetGsiRouting},
    {uapi::kIrqfd, &In<Vm, uapi::Irqfd, BindIrqfd>},
    {uapi::kIoeventfd, &In<Vm, uapi::Ioeventfd, WatchIoeventfd>},

    {uapi::kPvCommand, &Refuse<EINVAL, Vm>},        // needs an ultravisor
    {uapi::kZpciOp, &Refuse<EINVAL, Vm>},           // needs zPCI interpretation
    {uapi::kResetDirtyRings, &Refuse<EINVAL, Vm>},  // there is no dirty ring
}));

}  // namespace

int64_t VmFile::Ioctl(uint32_t request, uint64_t argument) {
  if (vm_->IsForeign()) return -EIO;
  const auto* row = FindRequest(kRequests, request);
  return row ? row->answer(*vm_, argument) : -ENOTTY;
}

int64_t VcpuFile::Ioctl(uint32_t request, uint64_t argument) {
  if (vm_->IsForeign()) return -EIO;
  return AnswerVcpu(vcpu_, request, argument);
}

int64_t VcpuFile::IoctlAlone(uint32_t request, uint64_t argument) {
  if (request != uapi::kRun) return -ENOTTY;
  return vm_->IsForeign() ? -EIO : RunVcpu(vcpu_, argument);
}

bool VcpuFile::Overlaps(uint32_t request) const {
  return vm_->IsForeign() || !NeedsVcpu(request);
}

}  // namespace hypervisor
