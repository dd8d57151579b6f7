#include "hypervisor/core/vm_attributes.h"

#include <array>
#include <cerrno>
#include <mutex>

#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

// By group number.
constexpr std::array<const AttributeGroup*, 6> kGroups = {
    &kMemoryControl,    // KVM_S390_VM_MEM_CTRL
    &kTodControl,       // KVM_S390_VM_TOD
    &kCryptoControl,    // KVM_S390_VM_CRYPTO
    &kCpuModelControl,  // KVM_S390_VM_CPU_MODEL
    &kMigrationControl, &kTopologyControl,
};

const AttributeGroup* Find(const uapi::DeviceAttr& attr) {
  return attr.group < kGroups.size() ? kGroups[attr.group] : nullptr;
}

}  // namespace

int64_t HasVmAttribute(Vm& vm, const uapi::DeviceAttr& attr) {
  const AttributeGroup* group = Find(attr);
  return group ? group->has(vm, attr) : -ENXIO;
}

int64_t ReadVmAttribute(Vm& vm, const uapi::DeviceAttr& attr) {
  const AttributeGroup* group = Find(attr);
  if (!group) return -ENXIO;
  const std::lock_guard lock(vm.mutex);
  return group->read(vm, attr);
}

int64_t SetVmAttribute(Vm& vm, const uapi::DeviceAttr& attr) {
  const AttributeGroup* group = Find(attr);
  if (!group) return -ENXIO;
  const std::lock_guard lock(vm.mutex);
  return group->set(vm, attr);
}

}  // namespace hypervisor
