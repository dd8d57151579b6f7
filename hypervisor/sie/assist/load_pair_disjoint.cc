// LOAD PAIR DISJOINT.
#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {
namespace {

// Both operands as of one moment, CC 0, where reading them again finds the same; CC 3 otherwise.
template <typename T, typename Set>
void LoadBoth(GuestCpu& cpu, const Insn& insn, Set set) {
  const uint64_t first = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  const uint64_t second = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if ((insn.r3 & 1) || ((first | second) & (sizeof(T) - 1))) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  const T a = cpu.Load<T>(first, insn.b1);
  const T b = cpu.Load<T>(second, insn.b2);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  const bool stable = cpu.Load<T>(first, insn.b1) == a && cpu.Load<T>(second, insn.b2) == b;
  if (cpu.Stopped()) return;
  set(insn.r3, a);
  set(insn.r3 | 1, b);
  cpu.set_cc(stable ? 0 : 3);
}

}  // namespace

void LoadPairDisjoint(GuestCpu& cpu, const Insn& insn) {
  LoadBoth<uint32_t>(cpu, insn, [&](int r, uint32_t value) { cpu.set_gpr_low(r, value); });
}

void LoadPairDisjointLong(GuestCpu& cpu, const Insn& insn) {
  LoadBoth<uint64_t>(cpu, insn, [&](int r, uint64_t value) { cpu.set_gpr(r, value); });
}

}  // namespace hypervisor::assist
