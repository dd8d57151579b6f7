#include "hypervisor/sie/assist/crypto/operands.h"

#include <initializer_list>

namespace hypervisor::crypto {
namespace {

bool Mode64(const GuestCpu& cpu) {
  return (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
}

}  // namespace

bool OperandPair(GuestCpu& cpu, int r) {
  if (r != 0 && r % 2 == 0) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

uint64_t RemainingLength(const GuestCpu& cpu, int r) {
  return Mode64(cpu) ? cpu.gpr(r + 1) : cpu.gpr_low(r + 1);
}

void AdvanceAddress(GuestCpu& cpu, int r, uint64_t bytes) {
  const uint64_t next = cpu.Wrap(cpu.gpr(r) + bytes);
  if (Mode64(cpu)) {
    cpu.set_gpr(r, next);
  } else {
    cpu.set_gpr_low(r, static_cast<uint32_t>(next));
  }
}

void Advance(GuestCpu& cpu, int r, uint64_t bytes) {
  AdvanceAddress(cpu, r, bytes);
  const uint64_t rest = RemainingLength(cpu, r) - bytes;
  if (Mode64(cpu)) {
    cpu.set_gpr(r + 1, rest);
  } else {
    cpu.set_gpr_low(r + 1, static_cast<uint32_t>(rest));
  }
}

void StoreQuery(GuestCpu& cpu, std::initializer_list<int> functions) {
  uint8_t mask[16] = {};
  for (int function : functions) mask[function / 8] |= static_cast<uint8_t>(0x80 >> function % 8);
  if (cpu.StoreBytes(ParameterBlock(cpu), mask, sizeof(mask), Space::ByPsw(1))) cpu.set_cc(0);
}

}  // namespace hypervisor::crypto
