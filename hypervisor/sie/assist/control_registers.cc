// LOAD CONTROL, STORE CONTROL, and what is read out of control registers.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"

namespace hypervisor::assist {
namespace {

int RegisterCount(const Insn& insn) {
  return ((insn.r3 - insn.r1) & 15) + 1;
}

// LCTL(G) of a register that block.lctl names is for the host.
bool LoadIntercepted(GuestCpu& cpu, const Insn& insn) {
  for (int i = 0; i < RegisterCount(insn); ++i) {
    if (cpu.block().lctl & 0x8000 >> ((insn.r1 + i) & 15)) {
      cpu.Intercept(uapi::Interception::kInstruction);
      return true;
    }
  }
  return false;
}

template <typename T>
void Load(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, sizeof(T)) || LoadIntercepted(cpu, insn)) return;
  const int count = RegisterCount(insn);
  uint8_t text[16 * sizeof(T)];
  if (!cpu.LoadBytes(address, text, static_cast<uint32_t>(count * sizeof(T)),
                     Space::ByPsw(insn.b2)))
    return;
  for (int i = 0; i < count; ++i) {
    uint64_t& control = cpu.state().cr[(insn.r1 + i) & 15];
    const T value = LoadStorage<T>(text + i * sizeof(T));
    control = sizeof(T) == 8 ? value : (control & Mask<0, 31>()) | value;
  }
  cpu.ControlChanged();
}

template <typename T>
void Store(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, sizeof(T)) || cpu.InterceptedBy(uapi::kIctlStctl)) return;
  const int count = RegisterCount(insn);
  uint8_t text[16 * sizeof(T)];
  for (int i = 0; i < count; ++i) {
    StoreStorage<T>(text + i * sizeof(T), static_cast<T>(cpu.state().cr[(insn.r1 + i) & 15]));
  }
  cpu.StoreBytes(address, text, static_cast<uint32_t>(count * sizeof(T)), Space::ByPsw(insn.b2));
}

void ExtractAsn(GuestCpu& cpu, const Insn& insn, int control) {
  if (!(cpu.psw_mask() & Psw::kDat)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  if (!ExtractionPermitted(cpu)) return;
  cpu.set_gpr_low(insn.r1, static_cast<uint16_t>(cpu.state().cr[control]));
}

}  // namespace

void LoadControl(GuestCpu& cpu, const Insn& insn) {
  Load<uint32_t>(cpu, insn);
}
void LoadControlLong(GuestCpu& cpu, const Insn& insn) {
  Load<uint64_t>(cpu, insn);
}
void StoreControl(GuestCpu& cpu, const Insn& insn) {
  Store<uint32_t>(cpu, insn);
}
void StoreControlLong(GuestCpu& cpu, const Insn& insn) {
  Store<uint64_t>(cpu, insn);
}
void ExtractPrimaryAsn(GuestCpu& cpu, const Insn& insn) {
  ExtractAsn(cpu, insn, 4);
}
void ExtractSecondaryAsn(GuestCpu& cpu, const Insn& insn) {
  ExtractAsn(cpu, insn, 3);
}

// The extended authorization index is in bits 32-47 of control register 8: R1 gets it there, and
// has the new one in bits 48-63.
void ExtractAndSetExtendedAuthority(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged()) return;
  uint64_t& control = cpu.state().cr[8];
  const auto old = static_cast<uint16_t>(control >> 16);
  const auto fresh = static_cast<uint16_t>(cpu.gpr(insn.r1));
  control = (control & ~Mask<32, 47>()) | static_cast<uint64_t>(fresh) << 16;
  cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(old) << 16 | fresh);
  cpu.ControlChanged();
}

}  // namespace hypervisor::assist
