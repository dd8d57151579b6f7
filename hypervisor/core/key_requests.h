// KVM_S390_GET/SET_SKEYS, KVM_S390_KEYOP and KVM_S390_GET/SET_CMMA_BITS: what belongs to pages.
//
// Page numbers are those of the VM's slots; in a UCONTROL VM of our own address space.
#ifndef HYPERVISOR_CORE_KEY_REQUESTS_H_
#define HYPERVISOR_CORE_KEY_REQUESTS_H_

#include <cstdint>

#include "hypervisor/core/vm.h"

namespace hypervisor {

int64_t ReadKeys(Vm& vm, const uapi::Skeys& keys);
int64_t SetKeys(Vm& vm, const uapi::Skeys& keys);
int64_t KeyOperation(Vm& vm, uapi::Keyop& operation);
int64_t ReadCmmaBits(Vm& vm, uapi::CmmaLog& log);
int64_t SetCmmaBits(Vm& vm, const uapi::CmmaLog& log);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_KEY_REQUESTS_H_
