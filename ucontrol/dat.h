// Dynamic address translation as the monitor does it for operands of intercepted instructions (PoP:
// Storage, "Dynamic Address Translation").
#ifndef UCONTROL_DAT_H_
#define UCONTROL_DAT_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/arch/interruption.h"

namespace ucontrol {

// An address-space-control element.
struct Asce {
  uint64_t raw = 0;

  bool is_private() const { return (raw & 0x100) != 0; }
  bool is_real_space() const { return (raw & 0x20) != 0; }
};

// Which of the enhancements take part: EDAT-1 is installed and CR0 bit 40 is one; EDAT-2 as well.
struct DatControls {
  bool enhanced_1 = false;
  bool enhanced_2 = false;
};

struct DatResult {
  hypervisor::PgmCode fault = hypervisor::PgmCode::kNone;  // nothing below is said if there is one
  hypervisor::GuestReal real;
  bool is_protected = false;
  bool is_large = false;  // of a large frame, whose address is absolute: prefixing doesn't apply
};

// A table entry; nothing if there is no storage.
using ReadTableEntry = absl::FunctionRef<std::optional<uint64_t>(hypervisor::GuestReal)>;

DatResult TranslateLogical(hypervisor::GuestLogical address, Asce asce, DatControls controls,
                           ReadTableEntry read);

}  // namespace ucontrol

#endif  // UCONTROL_DAT_H_
