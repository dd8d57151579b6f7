#include "hypervisor/sie/assist/crypto/operands.h"

namespace hypervisor::crypto {
namespace {

bool Mode64(const GuestCpu& cpu) {
  return (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
}

}  // namespace

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

void StoreQuery(GuestCpu& cpu, const FunctionMask& functions) {
  if (cpu.StoreBytes(ParameterBlock(cpu), functions.data(), functions.size(), Space::ByPsw(1))) {
    cpu.set_cc(0);
  }
}

}  // namespace hypervisor::crypto
