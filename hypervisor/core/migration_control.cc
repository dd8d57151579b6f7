// KVM_S390_VM_MIGRATION and KVM_S390_VM_CPU_TOPOLOGY.
#include <cerrno>

#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"
#include "hypervisor/core/vm_attributes.h"

namespace hypervisor {
namespace {

// The kernel knows every attribute of this group to be there.
int64_t HasMigration(Vm&, const uapi::DeviceAttr&) {
  return 0;
}

int64_t ReadMigration(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.attr != uapi::kMigrationStatus) return -ENXIO;
  const uint64_t migrating = vm.migrating ? 1 : 0;
  return CopyToUser(attr.addr, &migrating, sizeof(migrating)) ? 0 : -EFAULT;
}

int64_t StartMigration(Vm& vm) {
  if (vm.migrating) return 0;
  // A UCONTROL VM has its identity slot, which has no dirty bitmap.
  if (!vm.ucontrol && vm.slots.empty()) return -EINVAL;
  if (vm.use_cmma && (vm.ucontrol || !vm.slots.AllLogDirtyPages())) return -EINVAL;
  vm.migrating = true;
  return 0;
}

int64_t SetMigration(Vm& vm, const uapi::DeviceAttr& attr) {
  switch (attr.attr) {
    case uapi::kMigrationStop:
      vm.migrating = false;
      return 0;
    case uapi::kMigrationStart:
      return StartMigration(vm);
    default:
      return -ENXIO;
  }
}

bool HasTopologyFacility(const Vm& vm) {
  return vm.model.Has(Facility::kTopology);
}

int64_t HasTopology(Vm& vm, const uapi::DeviceAttr&) {
  return HasTopologyFacility(vm) ? 0 : -ENXIO;
}

int64_t ReadTopology(Vm& vm, const uapi::DeviceAttr& attr) {
  if (!HasTopologyFacility(vm)) return -ENXIO;
  const uint8_t report = vm.topology_change_report ? 1 : 0;
  return CopyToUser(attr.addr, &report, sizeof(report)) ? 0 : -EFAULT;
}

int64_t SetTopology(Vm& vm, const uapi::DeviceAttr& attr) {
  if (!HasTopologyFacility(vm)) return -ENXIO;
  vm.topology_change_report = attr.attr != 0;
  return 0;
}

}  // namespace

constexpr AttributeGroup kMigrationControl = {&HasMigration, &ReadMigration, &SetMigration};
constexpr AttributeGroup kTopologyControl = {&HasTopology, &ReadTopology, &SetTopology};

}  // namespace hypervisor
