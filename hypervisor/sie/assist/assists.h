// The functions that ASSIST rows of the instruction table name: plain C++, called by every engine.
#ifndef HYPERVISOR_SIE_ASSIST_ASSISTS_H_
#define HYPERVISOR_SIE_ASSIST_ASSISTS_H_

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

#define INSN(...)
#define ASSIST(opcode, mnemonic, format, facility, function) \
  void function(GuestCpu& cpu, const Insn& insn);
#define VECTOR(opcode, mnemonic, format, facility, function, ...) \
  void function(GuestCpu& cpu, const Insn& insn);
#define INTERCEPT(...)
#define GAP(...)
#include "hypervisor/isa/instructions.inc"
#undef INSN
#undef ASSIST
#undef VECTOR
#undef INTERCEPT
#undef GAP

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_ASSISTS_H_
