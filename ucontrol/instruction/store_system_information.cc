#include "ucontrol/instruction/store_system_information.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "ucontrol/big_endian.h"
#include "ucontrol/ebcdic.h"
#include "ucontrol/instruction/description.h"
#include "ucontrol/instruction/system_identity.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using system_identity::CountsOf;
using system_identity::CpuCounts;
using Block = std::array<uint8_t, hypervisor::kPageSize>;

// Function code and selectors, each in its own digit: 0x322 is block 3.2.2.
constexpr uint64_t kCurrentLevel = 3;
constexpr uint64_t kReserved0 = 0x0fffff00;
constexpr uint64_t kReserved1 = 0xffff0000;

// A capability that Linux shows, and an adjustment of it in thousandths.
constexpr uint32_t kCapability = 0x0000044b;
constexpr uint32_t kAdjustment = 1000;
constexpr uint8_t kUtf8 = 2;

// Linux takes a control program of this name for KVM, whose services it has here.
constexpr std::string_view kControlProgram = "KVM/Linux";

// Sequence and plant stand at the same place in both blocks of level 1.
void StoreSerial(const MachineDescription& machine, Block& block) {
  StoreEbcdic(system_identity::Sequence(machine), &block[80], 16);
  StoreEbcdic(system_identity::kPlant, &block[96], 4);
}

// 1.1.1: the basic machine.
void StoreBasicMachine(const MachineDescription& machine, Block& block) {
  StoreEbcdic(system_identity::kManufacturer, &block[32], 16);
  StoreEbcdic(system_identity::Type(machine), &block[48], 4);
  StoreEbcdic(system_identity::kModel, &block[64], 16);
  StoreSerial(machine, block);
}

// 1.2.1 and 2.2.1: the CPU that executes the instruction.
void StoreCpu(const MachineDescription& machine, uint16_t address, Block& block) {
  StoreSerial(machine, block);
  StoreBigEndian<uint16_t>(&block[102], address);
}

// 1.2.2: the machine's CPUs.
void StoreMachineCpus(const MachineDescription& machine, Block& block) {
  const CpuCounts cpus = CountsOf(machine);
  StoreBigEndian<uint32_t>(&block[32], kCapability);
  StoreBigEndian<uint16_t>(&block[36], cpus.total());
  StoreBigEndian<uint16_t>(&block[38], cpus.configured);
  StoreBigEndian<uint16_t>(&block[42], cpus.reserved);
}

// 2.2.2: the logical partition's CPUs.
void StorePartition(const MachineDescription& machine, Block& block) {
  const CpuCounts cpus = CountsOf(machine);
  StoreBigEndian<uint16_t>(&block[36], cpus.total());
  StoreBigEndian<uint16_t>(&block[38], cpus.configured);
  StoreBigEndian<uint16_t>(&block[42], cpus.reserved);
  StoreEbcdic(system_identity::kPartition, &block[44], 8);
  StoreBigEndian<uint32_t>(&block[52], kAdjustment);
  StoreBigEndian<uint16_t>(&block[74], cpus.total());
}

// 3.2.2: the virtual machine.
void StoreVirtualMachine(const MachineDescription& machine, Block& block) {
  constexpr size_t kDescription = 32;
  constexpr size_t kExtendedName = 2048;
  constexpr size_t kExtendedNameSize = 256;
  const CpuCounts cpus = CountsOf(machine);
  uint8_t* const description = &block[kDescription];
  block[31] = 1;  // descriptions that follow
  StoreBigEndian<uint16_t>(description + 4, cpus.total());
  StoreBigEndian<uint16_t>(description + 6, cpus.configured);
  StoreBigEndian<uint16_t>(description + 10, cpus.reserved);
  StoreEbcdic(machine.name, description + 12, 8);
  StoreBigEndian<uint32_t>(description + 20, kAdjustment);
  StoreEbcdic(kControlProgram, description + 24, 16);
  std::ranges::copy(machine.uuid, description + 48);
  if (machine.name.empty()) return;
  description[43] = kUtf8;
  std::ranges::copy(machine.name.substr(0, kExtendedNameSize - 1), block.begin() + kExtendedName);
}

// False for selectors without a block.
bool StoreBlock(const MachineDescription& machine, uint16_t address, uint64_t selectors,
                Block& block) {
  switch (selectors) {
    case 0x111:
      StoreBasicMachine(machine, block);
      return true;
    case 0x121:
    case 0x221:
      StoreCpu(machine, address, block);
      return true;
    case 0x122:
      StoreMachineCpus(machine, block);
      return true;
    case 0x222:
      StorePartition(machine, block);
      return true;
    case 0x322:
      StoreVirtualMachine(machine, block);
      return true;
    default:
      return false;
  }
}

Disposition End(Vcpu& vcpu, uint8_t condition_code) {
  vcpu.cpu().set_condition_code(condition_code);
  return Disposition::Resume();
}

}  // namespace

Disposition StoreSystemInformation(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  const uint64_t function = (cpu.gpr(0) >> 28) & 0xf;
  if (function > kCurrentLevel) return End(vcpu, 3);
  if ((cpu.gpr(0) & kReserved0) != 0 || (cpu.gpr(1) & kReserved1) != 0) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  if (function == 0) {
    cpu.set_gpr_low(0, kCurrentLevel << 28);
    return End(vcpu, 0);
  }
  const OperandAddress operand = SecondOperand(cpu, vcpu.ipb());
  if (!operand.address.IsAligned(hypervisor::kPageSize)) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  const uint64_t selector1 = cpu.gpr(0) & 0xff;
  const uint64_t selector2 = cpu.gpr(1) & 0xffff;
  if (selector1 > 0xf || selector2 > 0xf) return End(vcpu, 3);
  Block block{};
  if (!StoreBlock(DescriptionOf(vcpu), vcpu.address(), function << 8 | selector1 << 4 | selector2,
                  block)) {
    return End(vcpu, 3);
  }
  if (!vcpu.storage().Write(operand, block.data(), block.size())) return vcpu.storage().Fault();
  cpu.set_gpr_low(0, 0);
  return End(vcpu, 0);
}

}  // namespace ucontrol
