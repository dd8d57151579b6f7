// KVM_S390_VM_MEM_CTRL: collaborative memory management and the storage limit.
#include <cerrno>

#include "hypervisor/arch/address.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"
#include "hypervisor/core/vm_attributes.h"

namespace hypervisor {
namespace {

int64_t Has(Vm& vm, const uapi::DeviceAttr& attr) {
  switch (attr.attr) {
    case uapi::kMemEnableCmma:
    case uapi::kMemClrCmma:
      return vm.system.machine.collaborative_memory ? 0 : -ENXIO;
    case uapi::kMemLimitSize:
      return 0;
    default:
      return -ENXIO;
  }
}

int64_t Read(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.attr != uapi::kMemLimitSize) return -ENXIO;
  return CopyToUser(attr.addr, &vm.storage_limit, sizeof(vm.storage_limit)) ? 0 : -EFAULT;
}

int64_t EnableCmma(Vm& vm) {
  if (!vm.system.machine.collaborative_memory) return -ENXIO;
  if (vm.has_vcpus()) return -EBUSY;
  vm.use_cmma = true;
  return 0;
}

// Forgets what the guest has said of the use of its pages. A UCONTROL VM's are all of the
// process's.
int64_t ClearCmma(const Vm& vm) {
  if (!vm.system.machine.collaborative_memory) return -ENXIO;
  if (!vm.use_cmma) return -EINVAL;
  StorageKeys& keys = vm.system.keys;
  if (vm.ucontrol) keys.ResetUsage(UserAddress(0), UserAddress(~uint64_t{0}));
  for (const uapi::UserMemoryRegion& region : vm.slots.All()) {
    const UserAddress first(region.userspace_addr);
    keys.ResetUsage(first, first + (region.memory_size - 1));
  }
  return 0;
}

int64_t SetLimit(const Vm& vm, uint64_t user) {
  if (vm.ucontrol) return -EINVAL;
  uint64_t limit = 0;
  if (!CopyFromUser(&limit, user, sizeof(limit))) return -EFAULT;
  if (limit > vm.storage_limit) return -E2BIG;
  if (limit == 0) return -EINVAL;
  if (vm.has_vcpus()) return -EBUSY;
  const uint64_t rounded = (limit + kSegmentSize - 1) / kSegmentSize * kSegmentSize;
  return vm.slots.ReachesBeyond(rounded) ? -EBUSY : 0;
}

int64_t Set(Vm& vm, const uapi::DeviceAttr& attr) {
  switch (attr.attr) {
    case uapi::kMemEnableCmma:
      return EnableCmma(vm);
    case uapi::kMemClrCmma:
      return ClearCmma(vm);
    case uapi::kMemLimitSize:
      return SetLimit(vm, attr.addr);
    default:
      return -ENXIO;
  }
}

}  // namespace

constexpr AttributeGroup kMemoryControl = {&Has, &Read, &Set};

}  // namespace hypervisor
