// The registers of a CPU as STORE STATUS leaves them in storage. KVM_S390_STORE_STATUS knows
// nothing of a UCONTROL VM's storage, so the monitor writes the area itself.
#ifndef UCONTROL_STORE_STATUS_H_
#define UCONTROL_STORE_STATUS_H_

#include <array>
#include <cstdint>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/prefix_area.h"
#include "ucontrol/cpu.h"

namespace ucontrol {

class Vcpu;

using CpuStatus = std::array<uint8_t, hypervisor::prefix_area::kStatusSize>;
CpuStatus FormatStatus(const Cpu& cpu);

// All on the vCPU's own thread. False: a byte of the area is no storage; nothing was stored.

// KVM_S390_STORE_STATUS with an address: 512 bytes at the absolute `address`.
bool StoreStatusAt(Vcpu& vcpu, hypervisor::GuestAbsolute address);

enum class StatusArea : uint8_t {
  kAbsolute,  // KVM_S390_STORE_STATUS_NOADDR: absolute 0x1200
  kPrefixed,  // KVM_S390_STORE_STATUS_PREFIXED: real 0x1200
};
bool StoreStatus(Vcpu& vcpu, StatusArea area);

// SIGP STORE ADDITIONAL STATUS: vector registers, then the guarded-storage controls if the area has
// 2 KiB (`length`) or more.
bool StoreAdditionalStatus(Vcpu& vcpu, hypervisor::GuestAbsolute address, uint64_t length);

}  // namespace ucontrol

#endif  // UCONTROL_STORE_STATUS_H_
