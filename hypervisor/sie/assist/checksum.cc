// CHECKSUM.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {

void Checksum(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r2)) return;
  RegisterPair operand(cpu, insn.r2);
  for (int unit = 0; operand.length() != 0; ++unit) {
    if (unit == kUnitsPerExecution) return cpu.set_cc(3);
    const auto length = static_cast<uint32_t>(std::min(operand.length(), kUnitBytes));
    uint8_t bytes[kUnitBytes + 3];
    if (!cpu.LoadBytes(operand.address(), bytes, length, operand.space())) return;
    bytes[length] = bytes[length + 1] = bytes[length + 2] = 0;
    uint64_t sum = cpu.gpr_low(insn.r1);
    for (uint32_t at = 0; at < length; at += 4) sum += LoadStorage<uint32_t>(bytes + at);
    while (sum >> 32) sum = (sum & 0xffffffff) + (sum >> 32);
    operand.Advance(length);
    operand.Commit();
    cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(sum));
  }
  operand.Commit();
  cpu.set_cc(0);
}

}  // namespace hypervisor::assist
