// KVM_S390_VM_CPU_MODEL: what the machine has and what the VM's processors are to be.
#include <algorithm>
#include <cerrno>

#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"
#include "hypervisor/core/vm_attributes.h"

namespace hypervisor {
namespace {

int64_t Has(Vm&, const uapi::DeviceAttr& attr) {
  return attr.attr <= uapi::kCpuMachineUvFeat ? 0 : -ENXIO;
}

template <typename Value>
int64_t Give(uint64_t user, const Value& value) {
  return CopyToUser(user, &value, sizeof(value)) ? 0 : -EFAULT;
}

int64_t GiveProcessor(const CpuModel& model, uint64_t user) {
  uapi::CpuModelProcessor processor{};
  processor.cpuid = model.cpuid;
  processor.ibc = model.ibc;
  std::copy(model.fac_list.begin(), model.fac_list.end(), processor.fac_list);
  return Give(user, processor);
}

int64_t GiveMachine(const Vm& vm, uint64_t user) {
  const Machine& machine = vm.system.machine;
  const FacilityWords facilities = MachineFacilities(machine);
  uapi::CpuModelMachine answer{};
  answer.cpuid = machine.cpuid;
  answer.ibc = machine.ibc;
  std::copy(vm.model.fac_mask.begin(), vm.model.fac_mask.end(), answer.fac_mask);
  std::copy(facilities.begin(), facilities.end(), answer.fac_list);
  return Give(user, answer);
}

int64_t Read(Vm& vm, const uapi::DeviceAttr& attr) {
  switch (attr.attr) {
    case uapi::kCpuProcessor:
      return GiveProcessor(vm.model, attr.addr);
    case uapi::kCpuMachine:
      return GiveMachine(vm, attr.addr);
    case uapi::kCpuProcessorFeat:
      return Give(attr.addr, vm.model.features);
    case uapi::kCpuMachineFeat:
      return Give(attr.addr, MachineFeatures(vm.system.machine));
    case uapi::kCpuProcessorSubfunc:
      return Give(attr.addr, vm.model.subfunctions);
    case uapi::kCpuMachineSubfunc:
      return Give(attr.addr, MachineSubfunctions(vm.system.machine));
    case uapi::kCpuProcessorUvFeat:
    case uapi::kCpuMachineUvFeat:
      return Give(attr.addr, uint64_t{0});  // no ultravisor
    default:
      return -ENXIO;
  }
}

int64_t SetProcessor(Vm& vm, uint64_t user) {
  if (vm.has_vcpus()) return -EBUSY;
  uapi::CpuModelProcessor processor;
  if (!CopyFromUser(&processor, user, sizeof(processor))) return -EFAULT;
  vm.model.cpuid = processor.cpuid;
  const auto lowest = static_cast<uint16_t>(vm.system.machine.ibc >> 16);
  const auto newest = static_cast<uint16_t>(vm.system.machine.ibc);
  if (lowest != 0 && processor.ibc != 0)
    vm.model.ibc = std::clamp(processor.ibc, lowest, std::max(lowest, newest));
  // Taken as it is: the kernel does not hold it against the mask either.
  std::copy(std::begin(processor.fac_list), std::end(processor.fac_list),
            vm.model.fac_list.begin());
  return 0;
}

int64_t SetFeatures(Vm& vm, uint64_t user) {
  CpuFeatures features;
  if (!CopyFromUser(&features, user, sizeof(features))) return -EFAULT;
  const CpuFeatures machine = MachineFeatures(vm.system.machine);
  for (size_t i = 0; i < features.size(); ++i) {
    if (features[i] & ~machine[i]) return -EINVAL;
  }
  if (vm.has_vcpus()) return -EBUSY;
  vm.model.features = features;
  return 0;
}

int64_t SetSubfunctions(Vm& vm, uint64_t user) {
  if (vm.has_vcpus()) return -EBUSY;
  CpuSubfunctions subfunctions;
  if (!CopyFromUser(&subfunctions, user, sizeof(subfunctions))) return -EFAULT;
  vm.model.subfunctions = subfunctions;
  return 0;
}

int64_t SetUltravisorFeatures(const Vm& vm, uint64_t user) {
  uint64_t features = 0;
  if (!CopyFromUser(&features, user, sizeof(features))) return -EFAULT;
  if (features != 0) return -EINVAL;
  return vm.has_vcpus() ? -EBUSY : 0;
}

int64_t Set(Vm& vm, const uapi::DeviceAttr& attr) {
  switch (attr.attr) {
    case uapi::kCpuProcessor:
      return SetProcessor(vm, attr.addr);
    case uapi::kCpuProcessorFeat:
      return SetFeatures(vm, attr.addr);
    case uapi::kCpuProcessorSubfunc:
      return SetSubfunctions(vm, attr.addr);
    case uapi::kCpuProcessorUvFeat:
      return SetUltravisorFeatures(vm, attr.addr);
    default:
      return -ENXIO;
  }
}

}  // namespace

constexpr AttributeGroup kCpuModelControl = {&Has, &Read, &Set};

}  // namespace hypervisor
