// COMPARE UNTIL SUBSTRING EQUAL.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

// The next byte of an operand, or the padding byte behind its end.
uint8_t Next(GuestCpu& cpu, int r, RegisterPair& operand, uint8_t pad) {
  if (operand.length() == 0) return pad;
  const uint8_t byte = cpu.Load<uint8_t>(operand.address(), r);
  if (!cpu.Stopped()) operand.Advance(1);
  return byte;
}

void CommitBoth(const RegisterPair& a, const RegisterPair& b) {
  a.Commit();
  b.Commit();
}

}  // namespace

// Bytes are compared in pairs until so many in a row are equal as GR0 says. The registers are left
// at the first byte of the equal substring, or behind the bytes that were compared.
void CompareUntilSubstringEqual(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r2)) return;
  const auto wanted = static_cast<uint8_t>(cpu.gpr(0));
  const auto pad = static_cast<uint8_t>(cpu.gpr(1));
  RegisterPair a(cpu, insn.r1);
  RegisterPair b(cpu, insn.r2);
  if (wanted == 0) return cpu.set_cc(0);
  RegisterPair start_a = a;
  RegisterPair start_b = b;
  uint32_t equal = 0;
  for (uint64_t count = 0; a.length() != 0 || b.length() != 0; ++count) {
    if (equal == 0 && count >= kUnitBytes) {
      CommitBoth(a, b);
      return cpu.set_cc(3);
    }
    const RegisterPair before_a = a;
    const RegisterPair before_b = b;
    const uint8_t x = Next(cpu, insn.r1, a, pad);
    const uint8_t y = Next(cpu, insn.r2, b, pad);
    if (cpu.Stopped()) return;
    if (x != y) {
      equal = 0;
      continue;
    }
    if (equal == 0) {
      start_a = before_a;
      start_b = before_b;
    }
    if (++equal == wanted) {
      CommitBoth(start_a, start_b);
      return cpu.set_cc(0);
    }
  }
  if (equal != 0) {
    CommitBoth(start_a, start_b);
  } else {
    CommitBoth(a, b);
  }
  cpu.set_cc(equal != 0 ? 1 : 2);
}

}  // namespace hypervisor::assist
