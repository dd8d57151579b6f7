// KVM_S390_UCAS_MAP, KVM_S390_UCAS_UNMAP, KVM_S390_VCPU_FAULT: the address space of one vCPU.
#ifndef HYPERVISOR_CORE_UCAS_H_
#define HYPERVISOR_CORE_UCAS_H_

#include <cstdint>

#include "hypervisor/arch/address.h"
#include "hypervisor/core/vcpu.h"
#include "hypervisor/uapi/device_control.h"

namespace hypervisor {

int64_t UcasMap(Vcpu& vcpu, const uapi::UcasMapping& mapping);
int64_t UcasUnmap(Vcpu& vcpu, const uapi::UcasMapping& mapping);

// The argument is the address itself.
int64_t VcpuFault(Vcpu& vcpu, uint64_t address);

// KVM_PRE_FAULT_MEMORY: of a regular VM only.
int64_t PreFaultMemory(Vcpu& vcpu, const uapi::PreFaultMemory& range);

// Leaves in kvm_run that the guest needs the segment at `address`: KVM_EXIT_S390_UCONTROL.
void ReportMissingSegment(Vcpu& vcpu, VcpuAddress address);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_UCAS_H_
