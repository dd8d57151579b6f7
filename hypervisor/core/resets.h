// KVM_S390_NORMAL_RESET, KVM_S390_INITIAL_RESET, KVM_S390_CLEAR_RESET: each does what the one
// before does, and more (PoP: Control, "Resets").
#ifndef HYPERVISOR_CORE_RESETS_H_
#define HYPERVISOR_CORE_RESETS_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t NormalReset(Vcpu& vcpu, uint64_t);
int64_t InitialReset(Vcpu& vcpu, uint64_t);
int64_t ClearReset(Vcpu& vcpu, uint64_t);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_RESETS_H_
