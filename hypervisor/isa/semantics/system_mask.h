// PoP: Control Instructions, what changes the system mask.
#ifndef HYPERVISOR_ISA_SEMANTICS_SYSTEM_MASK_H_
#define HYPERVISOR_ISA_SEMANTICS_SYSTEM_MASK_H_

#include "hypervisor/isa/semantics/row.h"

namespace hypervisor {

// STORE THEN AND SYSTEM MASK, STORE THEN OR SYSTEM MASK.
template <Update kUpdate>
struct StoreThenUpdate {
  using Type = U8;
  static void Of(auto& cpu, auto address, int b1, int i2) {
    cpu.StoreThenUpdateSystemMask(kUpdate, address, b1, static_cast<U8>(i2));
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_SEMANTICS_SYSTEM_MASK_H_
