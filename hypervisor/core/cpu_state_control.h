// The stopped and the operating state (CPUSTAT_STOPPED) as KVM keeps them.
#ifndef HYPERVISOR_CORE_CPU_STATE_CONTROL_H_
#define HYPERVISOR_CORE_CPU_STATE_CONTROL_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

// No effect on a CPU that is in that state already.
void StartCpu(Vcpu& vcpu);
void StopCpu(Vcpu& vcpu);

// KVM_GET_MP_STATE: the state is the result, the structure is never written.
int64_t MpState(Vcpu& vcpu, uint64_t argument);

// KVM_SET_MP_STATE.
int64_t SetMpState(Vcpu& vcpu, const uapi::MpState& wanted);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_CPU_STATE_CONTROL_H_
