#include "ucontrol/instruction/store_hypervisor_information.h"

#include <array>
#include <cstdint>

#include "hypervisor/arch/facility.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/ebcdic.h"
#include "ucontrol/instruction/description.h"
#include "ucontrol/instruction/system_identity.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using Block = std::array<uint8_t, hypervisor::kPageSize>;

// The sections follow each other.
constexpr uint16_t kHeader = 48;
constexpr uint16_t kMachine = 64;
constexpr uint16_t kPartition = 56;

constexpr uint8_t kNoPerformanceFigures = 0x80;  // header flag
constexpr uint8_t kMachineCountsValid = 0x80;
constexpr uint8_t kMachineIdValid = 0x40;
constexpr uint8_t kPartitionCountsValid = 0x80;
constexpr uint8_t kPartitionNameValid = 0x10;

constexpr uint64_t kUnsupported = 4;  // return code, with condition code 3

void StoreHeader(uint8_t* header) {
  header[0] = kNoPerformanceFigures;
  StoreBigEndian<uint16_t>(header + 8, kHeader + kMachine + kPartition);
  StoreBigEndian<uint16_t>(header + 10, kHeader);
  StoreBigEndian<uint16_t>(header + 12, kHeader);
  StoreBigEndian<uint16_t>(header + 14, kMachine);
  StoreBigEndian<uint16_t>(header + 16, kHeader + kMachine);
  StoreBigEndian<uint16_t>(header + 18, kPartition);
}

void StoreMachine(const MachineDescription& machine, uint8_t* section) {
  section[2] = kMachineCountsValid | kMachineIdValid;
  StoreBigEndian<uint16_t>(section + 4, system_identity::CountsOf(machine).configured);
  StoreEbcdic(system_identity::Type(machine), section + 20, 4);
  StoreEbcdic(system_identity::kManufacturer, section + 24, 16);
  StoreEbcdic(system_identity::Sequence(machine), section + 40, 16);
  StoreEbcdic(system_identity::kPlant, section + 56, 4);
}

void StorePartition(const MachineDescription& machine, uint8_t* section) {
  section[2] = kPartitionCountsValid | kPartitionNameValid;
  StoreBigEndian<uint16_t>(section + 6, system_identity::CountsOf(machine).configured);
  StoreEbcdic(system_identity::kPartition, section + 16, 8);
}

}  // namespace

// A problem-state program may execute it.
Disposition StoreHypervisorInformation(Vcpu& vcpu) {
  const MachineDescription& machine = DescriptionOf(vcpu);
  if (!machine.facilities.Has(hypervisor::Facility::kSthyi)) {
    return Disposition::Interrupt(PgmCode::kOperation);
  }
  Cpu& cpu = vcpu.cpu();
  const int r1 = R1OfRre(vcpu.ipb());
  const int r2 = R2OfRre(vcpu.ipb());
  if (r1 == r2 || r1 % 2 != 0 || r2 % 2 != 0) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  const bool supported = (cpu.gpr(r1) & 0xffff) == 0;
  if (supported) {
    const OperandAddress operand = RegisterOperand(cpu, r2);
    if (!operand.address.IsAligned(hypervisor::kPageSize)) {
      return Disposition::Interrupt(PgmCode::kSpecification);
    }
    Block block{};
    StoreHeader(&block[0]);
    StoreMachine(machine, &block[kHeader]);
    StorePartition(machine, &block[kHeader + kMachine]);
    if (!vcpu.storage().Write(operand, block.data(), block.size())) return vcpu.storage().Fault();
  }
  cpu.set_gpr(r2 + 1, supported ? 0 : kUnsupported);
  cpu.set_condition_code(supported ? 0 : 3);
  return Disposition::Resume();
}

}  // namespace ucontrol
