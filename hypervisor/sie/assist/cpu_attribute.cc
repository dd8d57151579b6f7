// EXTRACT CPU ATTRIBUTE.
#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {

// Attribute indication 0 is the summary of cache topology, here: no cache at any level. Whatever
// asks further names a level that does not exist, and gets all ones.
void ExtractCpuAttribute(GuestCpu& cpu, const Insn& insn) {
  const uint64_t attribute = cpu.EffectiveAddress(0, insn.b2, insn.d2) >> 4 & 0xf;
  cpu.set_gpr(insn.r1, attribute == 0 ? 0 : ~uint64_t{0});
}

}  // namespace hypervisor::assist
