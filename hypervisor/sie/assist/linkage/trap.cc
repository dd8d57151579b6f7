// TRAP: a call of the dispatchable unit's trap program, which finds the state in a save area (PoP:
// Control Instructions, "TRAP"). Control block and save area are in the home space.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/assist/trace_table.h"

namespace hypervisor::assist {
namespace {

constexpr uint32_t kEnabled = 1;        // of word 11 of the dispatchable-unit control table
constexpr uint32_t kLongPsw = 0x40000;  // of word 0 of the trap control block
constexpr uint32_t kLongRegisters = 0x20000;
constexpr uint32_t kExecuted = 0x80000000;  // of word 0 of the save area
constexpr uint32_t kTrap4 = 0x40000000;

constexpr Space kHomeSpace{Space::kHome, 0, Space::kPswKey};

// Word `index` of the trap control block; 0 if stopped.
uint32_t WordOf(GuestCpu& cpu, uint32_t block, uint32_t index) {
  uint8_t text[4] = {};
  cpu.LoadBytes(block + 4 * index, text, sizeof(text), kHomeSpace);
  return LoadStorage<uint32_t>(text);
}

// The PSW as ESA/390 has it, its bit 12 one.
void StoreShortPsw(const Psw& psw, uint8_t* text) {
  StoreStorage<uint32_t>(text, static_cast<uint32_t>(psw.mask >> 32) | 0x80000);
  StoreStorage<uint32_t>(text + 4, (psw.mask & Psw::kBasicAddressing ? 0x80000000 : 0) |
                                       (static_cast<uint32_t>(psw.address) & 0x7fffffff));
}

void Trap(GuestCpu& cpu, uint32_t flags, uint32_t operand) {
  CpuState& state = cpu.state();
  const AddressSpaceControl control = SpaceControl(cpu);
  if (!(cpu.psw_mask() & Psw::kDat) || control == AddressSpaceControl::kSecondary ||
      control == AddressSpaceControl::kHome) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  const uint32_t table = static_cast<uint32_t>(state.cr[2]) & 0x7fffffc0;
  const auto designation = cpu.LoadReal<uint32_t>(table + 44);
  if (cpu.Stopped()) return;
  if (!(designation & kEnabled)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  const uint32_t block = designation & 0x7ffffff8;
  const uint32_t options = WordOf(cpu, block, 0);
  const uint32_t save_area = WordOf(cpu, block, 3) & 0x7ffffff8;
  const uint32_t program = WordOf(cpu, block, 5) & 0x7fffffff;
  if (cpu.Stopped()) return;
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  if (mode64 && !(options & kLongPsw)) return cpu.Interrupt(PgmCode::kSpecialOperation);

  uint8_t saved[32 + 16 * 8] = {};
  Psw psw = cpu.psw();
  psw.address = cpu.next_address();
  StoreStorage<uint32_t>(saved, flags | uint32_t{cpu.instruction_length()} << 16);
  StoreStorage<uint32_t>(saved + 8, operand);
  StoreStorage<uint32_t>(saved + 12, state.ar[15]);
  if (options & kLongPsw) {
    StoreStorage<uint64_t>(saved + 16, psw.mask);
    StoreStorage<uint64_t>(saved + 24, psw.address);
  } else {
    StoreShortPsw(psw, saved + 16);
  }
  const bool wide = options & kLongRegisters;
  for (int r = 0; r < 16; ++r) {
    if (wide) {
      StoreStorage<uint64_t>(saved + 32 + 8 * r, cpu.gpr(r));
    } else {
      StoreStorage<uint32_t>(saved + 32 + 4 * r, cpu.gpr_low(r));
    }
  }
  TraceTable trace(cpu);
  if (!trace.AddBranch(program, Psw::kBasicAddressing)) return;
  if (!cpu.StoreBytes(save_area, saved, wide ? 160 : 96, kHomeSpace)) return;
  trace.Commit();
  if (mode64) {
    cpu.set_gpr(15, block);
  } else {
    cpu.set_gpr_low(15, block);
  }
  cpu.SetPswMask((cpu.psw_mask() & ~(Psw::kExtendedAddressing | Psw::kAddressSpaceControl)) |
                 Psw::kBasicAddressing);
  cpu.BranchTo(program);
}

}  // namespace

void Trap2(GuestCpu& cpu, const Insn&) {
  Trap(cpu, cpu.executing() ? kExecuted : 0, 0);
}

void Trap4(GuestCpu& cpu, const Insn& insn) {
  const auto operand = static_cast<uint32_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2));
  Trap(cpu, kTrap4 | (cpu.executing() ? kExecuted : 0), operand & 0x7fffffff);
}

}  // namespace hypervisor::assist
