// What a program in the problem state may do without being in the supervisor state.
#ifndef HYPERVISOR_SIE_ASSIST_AUTHORITY_H_
#define HYPERVISOR_SIE_ASSIST_AUTHORITY_H_

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

// The PSW-key mask, CR3 bits 32-47: may the program use this access key?
inline bool KeyPermitted(const GuestCpu& cpu, int key) {
  return !cpu.problem_state() || (cpu.state().cr[3] << key & Mask<32, 32>()) != 0;
}

// CR0 bit 36, for instructions that only read out control information; false if stopped.
inline bool ExtractionPermitted(GuestCpu& cpu) {
  if (!cpu.problem_state() || (cpu.state().cr[0] & cr0::kExtractionAuthority)) return true;
  cpu.Interrupt(PgmCode::kPrivilegedOperation);
  return false;
}

// False, and stopped, if `address` is not on a boundary of `unit`.
inline bool Aligned(GuestCpu& cpu, uint64_t address, uint64_t unit) {
  if (address % unit == 0) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

inline AddressSpaceControl SpaceControl(const GuestCpu& cpu) {
  return Psw{cpu.psw_mask(), 0}.address_space_control();
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_AUTHORITY_H_
