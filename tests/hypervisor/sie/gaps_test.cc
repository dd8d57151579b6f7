// What a guest isn't offered answers as what isn't installed does: an operation exception, whatever
// the rest of the instruction says (PoP: Interruptions, "Operation Exception").
#include <array>
#include <string>

#include "gtest/gtest.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_text.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kHandler = 0x20000;
constexpr uint64_t kMode64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kOperand = 0x2000;
constexpr uint64_t kContent = 0x5a5a5a5a5a5a5a5a;
constexpr uint8_t kInstruction = 0x04;  // interception codes
constexpr uint8_t kOperationException = 0x2c;

// Besides its opcode: registers 0, an address in storage, all ones.
constexpr std::array<uint64_t, 3> kOtherBits = {0, 0x0022200022220000, ~uint64_t{0}};

bool IsAbsent(const TableRow& row) {
  return row.kind == RowKind::kGap || !OfferedFacilities().Has(row.facility);
}

class GapsTest : public testing::Test {
 protected:
  GapsTest() {
    machine_.Put<uint64_t>(prefix_area::kProgramNewPsw, kMode64);
    machine_.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, kHandler);
    machine_.PutCode(kHandler, {0x83, 0x00, 0x00, 0x44});
    machine_.Put(kOperand, kContent);
  }

  // `row` with all its other bits from `text`, in the problem state or not.
  void Run(const TableRow& row, uint64_t text, uint64_t mode) {
    machine_.Put(GuestMachine::kProgram, WithOpcode(row, text));
    machine_.cpu.psw = Psw{kMode64 | mode, GuestMachine::kProgram};
    machine_.cpu.gpr = {};
    machine_.cpu.gpr[2] = kOperand;
    before_ = machine_.cpu;
    machine_.Run();
  }
  void ExpectNothingChanged(const std::string& name) {
    EXPECT_EQ(machine_.cpu.gpr, before_.gpr) << name;
    EXPECT_EQ(machine_.cpu.vr, before_.vr) << name;
    EXPECT_EQ(machine_.cpu.cr, before_.cr) << name;
    EXPECT_EQ(machine_.Read<uint64_t>(kOperand), kContent) << name;
  }

  GuestMachine machine_;
  CpuState before_;
};

TEST_F(GapsTest, AnAbsentInstructionIsAnInterceptionWhereTheHostWantsIt) {
  machine_.block.ictl = uapi::kIctlOperexc;
  int rows = 0;
  for (const TableRow& row : Table()) {
    if (!IsAbsent(row)) continue;
    ++rows;
    for (const uint64_t mode : {uint64_t{0}, Psw::kProblemState}) {
      for (const uint64_t other : kOtherBits) {
        Run(row, other, mode);
        EXPECT_EQ(machine_.block.icptcode, kOperationException) << row.mnemonic;
        EXPECT_EQ(machine_.block.ipa, WithOpcode(row, other) >> 48) << row.mnemonic;
        EXPECT_EQ(machine_.cpu.psw.address, GuestMachine::kProgram + ShapeOf(row.format).length)
            << row.mnemonic;
        ExpectNothingChanged(row.mnemonic);
      }
    }
  }
  EXPECT_GT(rows, 100);
}

TEST_F(GapsTest, AnAbsentInstructionInterruptsTheGuest) {
  machine_.block.ictl = 0;
  for (const TableRow& row : Table()) {
    if (!IsAbsent(row)) continue;
    for (const uint64_t mode : {uint64_t{0}, Psw::kProblemState}) {
      for (const uint64_t other : kOtherBits) {
        machine_.Put<uint64_t>(prefix_area::kProgramOldPsw + 8, 0);
        Run(row, other, mode);
        EXPECT_EQ(machine_.block.icptcode, kInstruction) << row.mnemonic;
        EXPECT_EQ(machine_.block.ipa, 0x8300) << row.mnemonic;
        EXPECT_EQ(machine_.Read<uint16_t>(prefix_area::kProgramCode),
                  static_cast<uint16_t>(PgmCode::kOperation))
            << row.mnemonic;
        EXPECT_EQ(machine_.Read<uint16_t>(prefix_area::kProgramIlc), ShapeOf(row.format).length)
            << row.mnemonic;
        EXPECT_EQ(machine_.Read<uint64_t>(prefix_area::kProgramOldPsw), kMode64 | mode)
            << row.mnemonic;
        EXPECT_EQ(machine_.Read<uint64_t>(prefix_area::kProgramOldPsw + 8),
                  GuestMachine::kProgram + ShapeOf(row.format).length)
            << row.mnemonic;
        ExpectNothingChanged(row.mnemonic);
      }
    }
  }
}

// A program asks STFLE before it uses a facility; no bit promises a gap.
TEST_F(GapsTest, NoFacilityBitPromisesAGap) {
  const struct {
    const char* name;
    int facility;
  } rows[] = {
      {"ASN-and-LX reuse", 6},          {"CPU-measurement counter", 67},
      {"CPU-measurement sampling", 68}, {"constrained transactional execution", 50},
      {"transactional execution", 73},  {"DFP packed conversion", 80},
  };
  for (const auto& row : rows) EXPECT_FALSE(OfferedFacilities().Has(row.facility)) << row.name;
  EXPECT_TRUE(OfferedFacilities().Has(Facility::kZArch));
}

// PoP: Control, "Facility Indications": some bits are one only if another is.
TEST_F(GapsTest, NoFacilityIsOfferedWithoutTheOneItBuildsOn) {
  const std::pair<int, int> rows[] = {{4, 3},     {5, 3},     {57, 17},   {76, 17},
                                      {77, 17},   {134, 129}, {135, 129}, {148, 135},
                                      {152, 134}, {43, 42},   {48, 42},   {33, 32}};
  for (const auto& [facility, other] : rows) {
    EXPECT_TRUE(!OfferedFacilities().Has(facility) || OfferedFacilities().Has(other))
        << facility << " without " << other;
  }
}

}  // namespace
}  // namespace hypervisor
