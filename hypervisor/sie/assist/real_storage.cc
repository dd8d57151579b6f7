// Loads and stores by real address.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"

namespace hypervisor::assist {
namespace {

template <typename T>
bool Operand(GuestCpu& cpu, const Insn& insn, Access access, OperandBytes& bytes) {
  if (!cpu.Privileged()) return false;
  const uint64_t address = cpu.Wrap(cpu.gpr(insn.r2));
  if (!Aligned(cpu, address, sizeof(T))) return false;
  return cpu.Find(address, sizeof(T), access, Space{Space::kReal, 0, Space::kPswKey}, bytes);
}

}  // namespace

void LoadUsingRealAddress(GuestCpu& cpu, const Insn& insn) {
  OperandBytes bytes;
  if (Operand<uint32_t>(cpu, insn, Access::kFetch, bytes)) {
    cpu.set_gpr_low(insn.r1, LoadStorage<uint32_t>(bytes.first));
  }
}

void LoadUsingRealAddressLong(GuestCpu& cpu, const Insn& insn) {
  OperandBytes bytes;
  if (Operand<uint64_t>(cpu, insn, Access::kFetch, bytes)) {
    cpu.set_gpr(insn.r1, LoadStorage<uint64_t>(bytes.first));
  }
}

void StoreUsingRealAddress(GuestCpu& cpu, const Insn& insn) {
  OperandBytes bytes;
  if (!Operand<uint32_t>(cpu, insn, Access::kStore, bytes)) return;
  StoreStorage<uint32_t>(bytes.first, cpu.gpr_low(insn.r1));
  cpu.PerStoreUsingRealAddress();
}

void StoreUsingRealAddressLong(GuestCpu& cpu, const Insn& insn) {
  OperandBytes bytes;
  if (!Operand<uint64_t>(cpu, insn, Access::kStore, bytes)) return;
  StoreStorage<uint64_t>(bytes.first, cpu.gpr(insn.r1));
  cpu.PerStoreUsingRealAddress();
}

}  // namespace hypervisor::assist
