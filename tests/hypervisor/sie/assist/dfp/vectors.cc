// Executes every decimal-floating-point row with random states and states on the edges, and writes
// what was before and after, one line each, for decimal_oracle.py to judge.
//
//   vectors [states for each row [seed [mnemonic]]]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/sie/assist/dfp/random_states.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kOperand = 0x20000;
constexpr uint32_t kOperandSize = 40;

void Write(GuestMachine& machine) {
  for (const uint64_t gpr : machine.cpu.gpr) std::printf(" %lx", gpr);
  for (size_t r = 0; r < 16; ++r) std::printf(" %lx", machine.cpu.vr[r].high);
  std::printf(" %x ", machine.cpu.fpc);
  for (uint32_t i = 0; i < kOperandSize; ++i) std::printf("%02x", *machine.At(kOperand + i));
}

void Execute(GuestMachine& machine, const TableRow& row, RandomStates& random) {
  uint8_t code[6];
  const int length = random.Instruction(row, code);
  std::memset(machine.At(GuestMachine::kProgram), 0, 16);
  std::memcpy(machine.At(GuestMachine::kProgram), code, static_cast<size_t>(length));
  std::memcpy(machine.At(GuestMachine::kProgram + static_cast<uint64_t>(length)),
              "\x83\x00\x00\x44", 4);
  random.Registers(row, machine.cpu);
  machine.cpu.gpr[12] = kOperand;
  machine.cpu.psw.address = GuestMachine::kProgram;
  machine.cpu.psw.set_condition_code(random.ConditionCode());
  for (uint32_t i = 0; i < kOperandSize; ++i) *machine.At(kOperand + i) = random.OperandByte();
  machine.Put<uint32_t>(prefix_area::kDataExceptionCode, 0);
  std::printf("%s ", row.mnemonic);
  for (const uint8_t byte : code) std::printf("%02x", byte);
  std::printf(" %d", machine.cpu.psw.condition_code());
  Write(machine);
  machine.Run();
  const bool completed = machine.block.ipb == 0x00440000;
  const int cc = completed
                     ? machine.cpu.psw.condition_code()
                     : Psw{machine.Read<uint64_t>(prefix_area::kProgramOldPsw), 0}.condition_code();
  std::printf(" %d %x %d", completed ? 0 : machine.Read<uint16_t>(prefix_area::kProgramCode),
              machine.Read<uint32_t>(prefix_area::kDataExceptionCode), cc);
  Write(machine);
  std::printf("\n");
}

bool IsDecimal(const TableRow& row) {
  if (row.kind != RowKind::kAssist) return false;
  const bool later = row.facility == Facility::kFloatingPointExtension &&
                     (row.opcode & 0xff00) == 0xb900;  // CONVERT FROM and TO FIXED and LOGICAL
  return later || row.facility == Facility::kDfp || row.facility == Facility::kPfpo ||
         row.facility == Facility::kDfpZonedConversion;
}

}  // namespace
}  // namespace hypervisor

int main(int argc, char** argv) {
  using namespace hypervisor;
  const int states = argc > 1 ? std::atoi(argv[1]) : 1000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 1;
  GuestMachine machine;
  machine.block.ecb |= uapi::kEcbSpeci;
  machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x180000000);
  machine.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, 0x8000);
  std::memcpy(machine.At(0x8000), "\x83\x00\x00\x45", 4);
  RandomStates random(seed);
  for (const TableRow& row : Table()) {
    if (!IsDecimal(row) || (argc > 3 && std::string_view(row.mnemonic) != argv[3])) continue;
    // Changes of radix are 54 instructions in one.
    const int times = row.facility == Facility::kPfpo ? 3 : 1;
    for (int i = 0; i < states * times; ++i) Execute(machine, row, random);
  }
}
