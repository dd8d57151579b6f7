// Access-register translation as the monitor does it for operands of intercepted instructions (PoP:
// Storage, "Access-Register Translation").
#ifndef UCONTROL_ACCESS_REGISTER_H_
#define UCONTROL_ACCESS_REGISTER_H_

#include <cstdint>

#include "hypervisor/arch/interruption.h"
#include "ucontrol/dat.h"

namespace ucontrol {

class Cpu;

struct ArtResult {
  hypervisor::PgmCode fault = hypervisor::PgmCode::kNone;  // nothing below is said if there is one
  Asce asce;
  bool is_fetch_only = false;  // access-list-controlled protection
};

// `alet` is what the access register holds; `read` gets doublewords of tables.
ArtResult TranslateAccessRegister(const Cpu& cpu, uint32_t alet, ReadTableEntry read);

}  // namespace ucontrol

#endif  // UCONTROL_ACCESS_REGISTER_H_
