// KVM_GET_ONE_REG and KVM_SET_ONE_REG.
#ifndef HYPERVISOR_CORE_ONE_REG_H_
#define HYPERVISOR_CORE_ONE_REG_H_

#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t ReadOneReg(Vcpu& vcpu, const uapi::OneReg& reg);
int64_t WriteOneReg(Vcpu& vcpu, const uapi::OneReg& reg);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_ONE_REG_H_
