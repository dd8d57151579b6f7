// The device attributes of a VM (KVM_SET/GET/HAS_DEVICE_ATTR): a table of all groups, answered in
// the files that the groups are named after.
#ifndef HYPERVISOR_CORE_VM_ATTRIBUTES_H_
#define HYPERVISOR_CORE_VM_ATTRIBUTES_H_

#include <cstdint>

#include "hypervisor/uapi/device_control.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

class Vm;

int64_t HasVmAttribute(Vm& vm, const uapi::DeviceAttr& attr);
int64_t ReadVmAttribute(Vm& vm, const uapi::DeviceAttr& attr);
int64_t SetVmAttribute(Vm& vm, const uapi::DeviceAttr& attr);

// The groups. Each answers ENXIO for what it doesn't have. The caller holds vm.mutex.
struct AttributeGroup {
  int64_t (*has)(Vm&, const uapi::DeviceAttr&);
  int64_t (*read)(Vm&, const uapi::DeviceAttr&);
  int64_t (*set)(Vm&, const uapi::DeviceAttr&);
};
extern const AttributeGroup kMemoryControl;
extern const AttributeGroup kTodControl;
extern const AttributeGroup kCryptoControl;
extern const AttributeGroup kCpuModelControl;
extern const AttributeGroup kMigrationControl;
extern const AttributeGroup kTopologyControl;

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_VM_ATTRIBUTES_H_
