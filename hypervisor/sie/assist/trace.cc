// TRACE: explicit entries in the trace table of CR12 (PoP: Control, "Tracing").
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/trace_table.h"

namespace hypervisor::assist {
namespace {

// Fetches the operand word and stores an entry of `head` bytes and the registers R1 to R3.
template <typename T>
void Trace(GuestCpu& cpu, const Insn& insn, uint32_t head) {
  if (!cpu.Privileged()) return;
  const uint64_t operand_address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, operand_address, 4)) return;
  TraceTable table(cpu);
  if (!table.wants(TraceTable::kExplicit)) return;
  const auto operand = cpu.Load<uint32_t>(operand_address, insn.b2);
  if (cpu.Stopped()) return;
  // Bit 0 of the operand turns this entry off.
  if (operand & 0x80000000) return;

  const uint32_t count = static_cast<uint32_t>((insn.r3 - insn.r1) & 15) + 1;
  const auto length = static_cast<uint32_t>(head + count * sizeof(T));
  uint8_t entry[16 + 16 * sizeof(T)] = {};
  entry[0] = static_cast<uint8_t>(0x70 | (count - 1));
  const uint64_t tod = cpu.GuestTod();
  if constexpr (sizeof(T) == 8) {
    entry[1] = 0x80;
    StoreStorage<uint64_t>(entry + 2, tod);
  } else {
    StoreStorage<uint32_t>(entry + 2, static_cast<uint32_t>(tod >> 16));
    StoreStorage<uint16_t>(entry + 6, static_cast<uint16_t>(tod));
  }
  StoreStorage<uint32_t>(entry + head - 4, operand);
  for (uint32_t i = 0; i < count; ++i) {
    StoreStorage<T>(entry + head + i * sizeof(T), static_cast<T>(cpu.gpr((insn.r1 + i) & 15)));
  }
  if (table.AddBytes(entry, length)) table.Commit();
}

}  // namespace

void TraceRegisters(GuestCpu& cpu, const Insn& insn) {
  Trace<uint32_t>(cpu, insn, 12);
}
void TraceRegistersLong(GuestCpu& cpu, const Insn& insn) {
  Trace<uint64_t>(cpu, insn, 16);
}

}  // namespace hypervisor::assist
