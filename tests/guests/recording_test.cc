// Program-event recording as a program sees it (PoP: Control, "Program-Event Recording").
#include "gtest/gtest.h"
#include "tests/guests/commands.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMode64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kRecorded = kMode64 | Psw::kPer;
constexpr uint64_t kUser = CommandMachine::kUser;

class RecordingTest : public testing::Test {
 protected:
  void Watch(uint64_t events, uint64_t first, uint64_t last) {
    machine_.cr[9] = events;
    machine_.cr[10] = first;
    machine_.cr[11] = last;
  }
  static void ExpectEvent(const Record& record, uint8_t code, uint64_t address) {
    EXPECT_EQ(record.kind, Record::kProgram);
    EXPECT_EQ(record.code, 0x80);
    EXPECT_EQ(record.per_code, code);
    EXPECT_EQ(record.per_address, 0u) << "the instruction itself";
    EXPECT_EQ(record.psw.address, address);
  }
  CommandMachine machine_;
};

TEST_F(RecordingTest, AStoreIntoTheRangeIsAnEventBehindIt) {
  Watch(cr9::kPerStorageAlteration, kUser + 0x100, kUser + 0x10f);
  const Record record = machine_.Do({Operation::kStore, {0, kUser + 0xfb, 0xabcdef}, kRecorded});
  ExpectEvent(record, 0x20, 6);
  EXPECT_EQ(record.ilc, 6);
  EXPECT_EQ(machine_.Read<uint64_t>(kUser + 0xfb), 0xabcdefu);
  EXPECT_EQ(machine_.Do({Operation::kStore, {0, kUser + 0xf8}, kRecorded}).kind,
            Record::kCompleted);
  EXPECT_EQ(machine_.Do({Operation::kStore, {0, kUser + 0x110}, kRecorded}).kind,
            Record::kCompleted);
  EXPECT_EQ(machine_.Do({Operation::kLoad, {0, kUser + 0x100}, kRecorded}).kind,
            Record::kCompleted);
  EXPECT_EQ(machine_.Do({Operation::kStore, {0, kUser + 0x100}, kMode64}).kind, Record::kCompleted)
      << "the PSW doesn't ask";
}

TEST_F(RecordingTest, ARangeMayWrapAround) {
  Watch(cr9::kPerStorageAlteration, kUser + 0x1000, kUser);
  ExpectEvent(machine_.Do({Operation::kStore, {0, kUser + 0x2000}, kRecorded}), 0x20, 6);
  EXPECT_EQ(machine_.Do({Operation::kStore, {0, kUser + 0x800}, kRecorded}).kind,
            Record::kCompleted);
}

TEST_F(RecordingTest, ABranchThatHappensIsAnEventWhereItGoes) {
  const uint64_t target = machine_.target_address();
  const uint64_t distance = target - machine_.AddressOf(Operation::kBranch);
  Watch(cr9::kPerSuccessfulBranching, 0, 0);
  ExpectEvent(machine_.Do({Operation::kBranch, {0, target}, kRecorded}), 0x80, distance);
  Watch(cr9::kPerSuccessfulBranching | cr9::kPerBranchAddressControl, target, target);
  ExpectEvent(machine_.Do({Operation::kBranch, {0, target}, kRecorded}), 0x80, distance);
  Watch(cr9::kPerSuccessfulBranching | cr9::kPerBranchAddressControl, target + 2, target + 8);
  EXPECT_EQ(machine_.Do({Operation::kBranch, {0, target}, kRecorded}).kind, Record::kCompleted);
}

TEST_F(RecordingTest, AnInstructionFetchedFromTheRangeIsAnEvent) {
  const uint64_t code = machine_.AddressOf(Operation::kLoad);
  Watch(cr9::kPerInstructionFetching, code, code);
  ExpectEvent(machine_.Do({Operation::kLoad, {0, kUser}, kRecorded}), 0x40, 6);
  Watch(cr9::kPerInstructionFetching, code + 1, code + 5);
  EXPECT_EQ(machine_.Do({Operation::kLoad, {0, kUser}, kRecorded}).kind, Record::kCompleted);
}

TEST_F(RecordingTest, EventsCombineWithEachOtherAndWithExceptions) {
  Watch(cr9::kPerInstructionFetching | cr9::kPerStorageAlteration, 0, ~uint64_t{0});
  Record record = machine_.Do({Operation::kStore, {0, kUser}, kRecorded});
  ExpectEvent(record, 0x60, 6);
  Watch(cr9::kPerInstructionFetching, 0, ~uint64_t{0});
  record = machine_.Do({Operation::kDivideOdd, {}, kRecorded});
  EXPECT_EQ(record.code, 0x86) << "a specification exception, and the event";
  EXPECT_EQ(record.per_code, 0x40);
  EXPECT_EQ(record.psw.address, 2u);
}

TEST_F(RecordingTest, AStoreByRealAddressHasAnEventOfItsOwn) {
  Watch(cr9::kPerStorageAlteration | cr9::kPerStoreUsingRealAddress, 0, 0xff);
  ExpectEvent(machine_.Do({Operation::kStoreReal, {0, kUser}, kRecorded}), 0x28, 4);
}

// LOAD PSW EXTENDED, which turns recording on in commands.S, is no event itself; SUPERVISOR CALL,
// whose new PSW turns it off, is one.
TEST_F(RecordingTest, ThePswAtTheBeginningOfAnInstructionDecides) {
  const uint64_t call = machine_.AddressOf(Operation::kLoad) + 6;
  Watch(cr9::kPerInstructionFetching, call, call);
  const Record record = machine_.Do({Operation::kLoad, {0, kUser}, kRecorded});
  EXPECT_EQ(record.kind, Record::kProgram);
  EXPECT_EQ(record.code, 0x80);
  EXPECT_EQ(record.per_code, 0x40);
  EXPECT_EQ(record.per_address, 6u);
  EXPECT_EQ(record.psw.mask & Psw::kPer, 0u) << "the supervisor-call interruption came first";
}

}  // namespace
}  // namespace hypervisor
