// What a VM's CPUs are: identity, facilities, features, subfunctions, and which of them may be
// asked for (device-attribute group KVM_S390_VM_CPU_MODEL).
#ifndef HYPERVISOR_CORE_CPU_MODEL_H_
#define HYPERVISOR_CORE_CPU_MODEL_H_

#include <array>
#include <cstdint>

#include "hypervisor/arch/facility.h"
#include "hypervisor/core/machine.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

// KVM_S390_VM_CPU_MODEL's facility lists are 2048 bytes; ours fit in the first words.
using FacilityWords = std::array<uint64_t, 256>;

using CpuFeatures = std::array<uint64_t, 16>;       // bit 0 is the leftmost of the first word
using CpuSubfunctions = std::array<uint8_t, 2048>;  // struct kvm_s390_vm_cpu_subfunc

struct CpuModel {
  explicit CpuModel(const Machine& machine);

  // A facility that KVM_ENABLE_CAP turned on, or that is always on.
  void AddFacility(int bit);
  bool Has(Facility facility) const;

  // The processor's facilities as the engine sees them.
  FacilityList Facilities() const;

  uint64_t cpuid;
  uint16_t ibc;
  FacilityWords fac_mask{};
  FacilityWords fac_list{};
  CpuFeatures features{};
  CpuSubfunctions subfunctions{};
};

FacilityWords MachineFacilities(const Machine& machine);
CpuFeatures MachineFeatures(const Machine& machine);
CpuSubfunctions MachineSubfunctions(const Machine& machine);

bool HasFacility(const FacilityWords& words, int bit);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_CPU_MODEL_H_
