// Program interruptions: which code, which length, and whether the instruction counts as done (PoP:
// Interruptions, "Program Interruption", "Types of Instruction Ending").
#include "gtest/gtest.h"
#include "tests/guests/commands.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMode64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kUser = CommandMachine::kUser;

class ExceptionsTest : public testing::Test {
 protected:
  CommandMachine machine_;
};

TEST_F(ExceptionsTest, CodeLengthAndAddressOfEach) {
  machine_.Put<uint64_t>(kUser, 0x1234567890abcdef);
  const uint64_t execute = machine_.AddressOf(Operation::kExecute);
  const struct {
    const char* name;
    Command command;
    uint16_t code;
    uint16_t ilc;
  } rows[] = {
      {"two bytes that are nothing", {Operation::kInvalid2}, 1, 2},
      {"four", {Operation::kInvalid4}, 1, 4},
      {"six", {Operation::kInvalid6}, 1, 6},
      {"an odd pair", {Operation::kDivideOdd}, 6, 2},
      {"division by zero", {Operation::kDivide, {0, 0, 1, 1, 0}}, 9, 2},
      {"a quotient too large", {Operation::kDivide, {0, 0, 5, 1, 2}}, 9, 2},
      {"an unaligned word", {Operation::kCompareAndSwap, {0, kUser + 1}}, 6, 4},
      {"the target of EXECUTE at an odd address", {Operation::kExecute, {0, kUser + 1}}, 6, 4},
      {"EXECUTE of EXECUTE", {Operation::kExecute, {0, execute}}, 3, 4},
      {"a privileged instruction in the problem state",
       {Operation::kPurge, {}, kMode64 | Psw::kProblemState},
       2,
       4},
      {"PROGRAM RETURN without DAT", {Operation::kProgramReturn}, 0x13, 2},
      {"a digit that is none", {Operation::kAddDecimal, {0, kUser, kUser}}, 7, 6},
  };
  for (const auto& row : rows) {
    const Record record = machine_.Do(row.command);
    EXPECT_EQ(record.kind, Record::kProgram) << row.name;
    EXPECT_EQ(record.code, row.code) << row.name;
    EXPECT_EQ(record.ilc, row.ilc) << row.name;
    EXPECT_EQ(record.psw.address, row.ilc) << row.name;
    for (size_t r = 0; r < 8; ++r) EXPECT_EQ(record.gpr[r], row.command.gpr[r]) << row.name;
  }
  EXPECT_EQ(machine_.Read<uint64_t>(kUser), 0x1234567890abcdefu);
}

TEST_F(ExceptionsTest, AnOverflowCompletesTheInstruction) {
  const uint64_t masked = kMode64 | Psw::kFixedPointOverflow;
  const Record record = machine_.Do({Operation::kAdd, {0, 0x7fffffff, 1}, masked});
  EXPECT_EQ(record.code, 8);
  EXPECT_EQ(record.ilc, 2);
  EXPECT_EQ(record.psw.address, 2u);
  EXPECT_EQ(record.gpr[1], 0x80000000u);
  EXPECT_EQ(record.psw.condition_code(), 3);
  const Record quiet = machine_.Do({Operation::kAdd, {0, 0x7fffffff, 1}});
  EXPECT_EQ(quiet.kind, Record::kCompleted);
  EXPECT_EQ(quiet.psw.condition_code(), 3);
}

TEST_F(ExceptionsTest, DataExceptionsTellTheirCode) {
  Record record = machine_.Do({Operation::kCompareAndTrap, {0, 5, 5}});
  EXPECT_EQ(record.code, 7);
  EXPECT_EQ(record.dxc, 0xffu);
  EXPECT_EQ(record.psw.address, 4u);
  EXPECT_EQ(machine_.Do({Operation::kCompareAndTrap, {0, 5, 6}}).kind, Record::kCompleted);
  machine_.Put<uint32_t>(kUser, 0x001c00ab);
  record = machine_.Do({Operation::kAddDecimal, {0, kUser, kUser + 2}});
  EXPECT_EQ(record.code, 7);
  EXPECT_EQ(record.dxc, 0u);
}

TEST_F(ExceptionsTest, AMonitorCallNamesItsClass) {
  EXPECT_EQ(machine_.Do({Operation::kMonitorCall}).kind, Record::kCompleted);
  machine_.cr[8] = 0x0080;  // class 8
  const Record record = machine_.Do({Operation::kMonitorCall});
  EXPECT_EQ(record.code, 0x40);
  EXPECT_EQ(record.ilc, 4);
  EXPECT_EQ(record.psw.address, 4u);
  EXPECT_EQ(machine_.Read<uint16_t>(0x94), 8);
  EXPECT_EQ(machine_.Read<uint64_t>(0xb0), 0x123u);
}

TEST_F(ExceptionsTest, AnExecutedInstructionHasTheLengthOfItsExecute) {
  // A store at a low address, which is protected.
  machine_.cr[0] |= cr0::kLowAddressProtection;
  machine_.Put<uint64_t>(kUser + 0x2000, 0xe320010000240000);  // stg 2,0x100
  const Record record = machine_.Do({Operation::kExecute, {0, kUser + 0x2000}});
  EXPECT_EQ(record.code, 4);
  EXPECT_EQ(record.ilc, 4);
  EXPECT_EQ(record.psw.address, 4u);
}

}  // namespace
}  // namespace hypervisor
