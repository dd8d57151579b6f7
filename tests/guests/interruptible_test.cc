// Interruptible instructions whose operands meet faults: what has been done stays done, and the
// registers say where to go on (PoP: General Instructions, "MOVE LONG", "COMPARE LOGICAL LONG").
#include <algorithm>

#include "gtest/gtest.h"
#include "tests/guests/commands.h"
#include "tests/guests/translation_tables.h"

namespace hypervisor {
namespace {

constexpr uint64_t kDat64 = Psw::kDat | Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kSource = 0x200000;
constexpr uint64_t kTarget = 0x300800;
constexpr uint64_t kLength = 0x5000;
constexpr uint64_t kRealSource = CommandMachine::kUser;
constexpr uint64_t kRealTarget = CommandMachine::kUser + 0x100000;

class InterruptibleTest : public testing::Test {
 protected:
  InterruptibleTest() : tables_(machine_, 1, 0x800000) {
    machine_.cr[1] = tables_.asce();
    for (uint64_t page = 0; page <= kLength; page += kPageSize) {
      tables_.Map(kSource + page, kRealSource + page);
      tables_.Map((kTarget & ~kPageMask) + page, kRealTarget + page);
    }
    for (uint64_t i = 0; i < kLength; ++i)
      *machine_.At(kRealSource + i) = static_cast<uint8_t>(i * 7 + i / 256);
  }
  bool Moved(uint64_t bytes) {
    return std::equal(machine_.At(kRealSource), machine_.At(kRealSource + bytes),
                      machine_.At(kRealTarget + 0x800));
  }

  CommandMachine machine_;
  TranslationTables tables_;
};

TEST_F(InterruptibleTest, MoveLongStopsAtTheFaultAndGoesOn) {
  constexpr uint64_t kAbsent = kTarget - 0x800 + 0x2000;
  tables_.Or(0, kAbsent, TranslationTables::kPageInvalid);
  Command command{Operation::kMoveLong, {0, 0, kTarget, kLength, kSource, kLength}, kDat64};
  const Record fault = machine_.Do(command);
  EXPECT_EQ(fault.code, 0x11);
  EXPECT_EQ(fault.teid & ~uint64_t{0xfff}, kAbsent);
  EXPECT_EQ(fault.psw.address, 0u);
  const uint64_t done = fault.gpr[2] - kTarget;
  EXPECT_LE(done, 0x1800u);
  EXPECT_GT(done, 0u);
  EXPECT_EQ(fault.gpr[3], kLength - done);
  EXPECT_EQ(fault.gpr[4], kSource + done);
  EXPECT_EQ(fault.gpr[5], kLength - done);
  EXPECT_TRUE(Moved(done));

  tables_.Map(kAbsent, kRealTarget + 0x2000);
  command.gpr = fault.gpr;
  const Record rest = machine_.Do(command);
  EXPECT_EQ(rest.kind, Record::kCompleted);
  EXPECT_EQ(rest.psw.condition_code(), 0);
  EXPECT_EQ(rest.gpr[2], kTarget + kLength);
  EXPECT_EQ(rest.gpr[3], 0u);
  EXPECT_EQ(rest.gpr[5], 0u);
  EXPECT_TRUE(Moved(kLength));
}

TEST_F(InterruptibleTest, MoveLongIntoAProtectedPageKeepsThatPage) {
  constexpr uint64_t kProtected = kTarget - 0x800 + 0x1000;
  tables_.Or(0, kProtected, TranslationTables::kProtected);
  const Record fault =
      machine_.Do({Operation::kMoveLong, {0, 0, kTarget, kLength, kSource, kLength}, kDat64});
  EXPECT_EQ(fault.code, 4);
  EXPECT_EQ(fault.psw.address, 2u);
  const uint64_t done = fault.gpr[2] - kTarget;
  EXPECT_LE(done, 0x800u);
  EXPECT_EQ(fault.gpr[3], kLength - done);
  EXPECT_EQ(fault.gpr[4], kSource + done);
  EXPECT_EQ(*machine_.At(kRealTarget + 0x1000), 0);
}

TEST_F(InterruptibleTest, MoveLongThatWouldDestroyItsSourceDoesNothing) {
  const Record record =
      machine_.Do({Operation::kMoveLong, {0, 0, kSource + 0x100, 0x1000, kSource, 0x1000}, kDat64});
  EXPECT_EQ(record.kind, Record::kCompleted);
  EXPECT_EQ(record.psw.condition_code(), 3);
  EXPECT_EQ(record.gpr[3], 0x1000u);
}

TEST_F(InterruptibleTest, CompareLongStopsAtTheFaultAndGoesOn) {
  std::copy_n(machine_.At(kRealSource), kLength, machine_.At(kRealTarget + 0x800));
  *machine_.At(kRealTarget + 0x800 + 0x4321) ^= 0xff;
  constexpr uint64_t kAbsent = kSource + 0x3000;
  tables_.Or(0, kAbsent, TranslationTables::kPageInvalid);
  Command command{Operation::kCompareLong, {0, 0, kTarget, kLength, kSource, kLength}, kDat64};
  const Record fault = machine_.Do(command);
  EXPECT_EQ(fault.code, 0x11);
  EXPECT_EQ(fault.psw.address, 0u);
  EXPECT_EQ(fault.gpr[2] - kTarget, fault.gpr[4] - kSource);
  EXPECT_LE(fault.gpr[4], kAbsent);
  EXPECT_EQ(fault.gpr[3], kLength - (fault.gpr[2] - kTarget));
  tables_.Map(kAbsent, kRealSource + 0x3000);
  command.gpr = fault.gpr;
  const Record rest = machine_.Do(command);
  EXPECT_EQ(rest.kind, Record::kCompleted);
  EXPECT_NE(rest.psw.condition_code(), 0);
  EXPECT_EQ(rest.gpr[2], kTarget + 0x4321);
  EXPECT_EQ(rest.gpr[4], kSource + 0x4321);
}

TEST_F(InterruptibleTest, MoveLongExtendedComesBackWithConditionCode3) {
  Command command{Operation::kMoveLongExtended, {0, 0, kTarget, kLength, kSource, kLength}, kDat64};
  for (int executions = 0; executions < 100; ++executions) {
    const Record record = machine_.Do(command);
    ASSERT_EQ(record.kind, Record::kCompleted);
    command.gpr = record.gpr;
    if (record.psw.condition_code() != 3) {
      EXPECT_EQ(record.psw.condition_code(), 0);
      break;
    }
  }
  EXPECT_EQ(command.gpr[3], 0u);
  EXPECT_TRUE(Moved(kLength));
}

// MVC and CLC are not interruptible: a fault on the second page leaves everything.
TEST_F(InterruptibleTest, AMoveOverAnAbsentPageMovesNothing) {
  constexpr uint64_t kAbsent = kTarget - 0x800 + 0x1000;
  tables_.Or(0, kAbsent, TranslationTables::kPageInvalid);
  const Record record = machine_.Do({Operation::kMove, {0, kAbsent - 100, kSource}, kDat64});
  EXPECT_EQ(record.code, 0x11);
  EXPECT_EQ(record.ilc, 6);
  EXPECT_EQ(record.psw.address, 0u);
  EXPECT_EQ(*machine_.At(kRealTarget + 0x1000 - 100 + 1), 0);
}

}  // namespace
}  // namespace hypervisor
