// PROGRAM CALL, PROGRAM RETURN and BRANCH AND STACK in a program (PoP: Program Execution, "Linkage
// Stack").
#include "gtest/gtest.h"
#include "tests/guests/commands.h"
#include "tests/guests/translation_tables.h"

namespace hypervisor {
namespace {

constexpr uint64_t kDat64 = Psw::kDat | Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kStack = 0x40000;
constexpr uint64_t kPrimaryEntry = 0x50000;
constexpr uint64_t kLinkageTable = 0x51000;
constexpr uint64_t kEntryTable = 0x52000;

class CallsTest : public testing::Test {
 protected:
  CallsTest() : tables_(machine_, 1, 0x800000) {
    machine_.cr[1] = machine_.cr[7] = machine_.cr[13] = tables_.asce();
    machine_.cr[5] = kPrimaryEntry;
    machine_.cr[15] = kStack + 8;
    machine_.Put<uint64_t>(kPrimaryEntry + 8, tables_.asce());
    machine_.Put<uint32_t>(kPrimaryEntry + 24, 0x80000000 | kLinkageTable);
    machine_.Put<uint32_t>(kLinkageTable, kEntryTable);
    *machine_.At(kStack + 8) = 0x09;
    machine_.Put<uint16_t>(kStack + 10, 296);
  }
  // Entry 1: stacking, 64-bit, supervisor state, for the keys of `authority`.
  void MakeEntry(uint32_t authority) {
    const uint64_t entry = kEntryTable + 32;
    machine_.Put<uint64_t>(entry, machine_.called_address());
    machine_.Put<uint32_t>(entry + 8, authority);
    machine_.Put<uint32_t>(entry + 16, 0xc0000000);
    machine_.Put<uint64_t>(entry + 24, 0xfeedfacecafebeef);
  }

  CommandMachine machine_;
  TranslationTables tables_;
};

TEST_F(CallsTest, AProgramCallReturnsWithItsRegisters) {
  MakeEntry(0x00800000);
  machine_.cr[3] = 0x00800000;
  Command command{Operation::kProgramCall, {0, 1, 2, 3, 4, 5, 6, 7}, kDat64 | Psw::kProblemState};
  const Record record = machine_.Do(command);
  EXPECT_EQ(record.kind, Record::kCompleted) << record.code;
  EXPECT_EQ(record.gpr[0], 0xfeedfacecafebeefu) << "the entry parameter was in GR4";
  for (uint64_t r = 1; r < 8; ++r) EXPECT_EQ(record.gpr[r], r);
  EXPECT_TRUE(record.psw.problem_state());
  EXPECT_EQ(machine_.cr[15], kStack + 8);
}

TEST_F(CallsTest, WhoHasNoneOfTheKeysMayNotCall) {
  MakeEntry(0x00800000);
  machine_.cr[3] = 0x00400000;
  const Record record = machine_.Do({Operation::kProgramCall, {0, 1}, kDat64 | Psw::kProblemState});
  EXPECT_EQ(record.code, 2);
  EXPECT_EQ(record.ilc, 4);
  EXPECT_EQ(record.psw.address, 4u);
  EXPECT_EQ(machine_.cr[15], kStack + 8);
}

TEST_F(CallsTest, NumbersWithoutAnEntryAreNamed) {
  MakeEntry(0);
  Record record = machine_.Do({Operation::kProgramCall, {0, 0x3fff00}, kDat64});
  EXPECT_EQ(record.code, 0x22);  // LX translation
  EXPECT_EQ(record.teid, 0xfff00u);
  EXPECT_EQ(record.psw.address, 0u);
  record = machine_.Do({Operation::kProgramCall, {0, 0x04}, kDat64});
  EXPECT_EQ(record.code, 0x23);  // EX translation
  EXPECT_EQ(record.teid, 4u);
}

TEST_F(CallsTest, BranchAndStackReturnsBehindItself) {
  const Record record = machine_.Do(
      {Operation::kBranchAndStack, {0, machine_.called_address(), 2, 3, 4, 5, 6, 7}, kDat64});
  EXPECT_EQ(record.kind, Record::kCompleted) << record.code;
  EXPECT_EQ(record.gpr[0], 4u);
  EXPECT_EQ(record.gpr[5], 5u);
  EXPECT_EQ(machine_.cr[15], kStack + 8);
}

TEST_F(CallsTest, AFullStackNullifiesAndAnEmptyOneToo) {
  machine_.Put<uint16_t>(kStack + 10, 0);
  Record record = machine_.Do({Operation::kBranchAndStack, {0, machine_.called_address()}, kDat64});
  EXPECT_EQ(record.code, 0x30);
  EXPECT_EQ(record.psw.address, 0u);
  record = machine_.Do({Operation::kProgramReturn, {}, kDat64});
  EXPECT_EQ(record.code, 0x31);
  EXPECT_EQ(record.psw.address, 0u);
}

}  // namespace
}  // namespace hypervisor
