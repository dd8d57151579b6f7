// Dynamic address translation as a program sees it (PoP: Storage, "Dynamic Address Translation";
// Interruptions, "Translation-Exception Identification").
#include "gtest/gtest.h"
#include "tests/guests/commands.h"
#include "tests/guests/translation_tables.h"

namespace hypervisor {
namespace {

constexpr uint64_t kDat64 = Psw::kDat | Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kDat31 = Psw::kDat | Psw::kBasicAddressing;
constexpr uint64_t kAccessRegisters = uint64_t{1} << 46;
constexpr uint64_t kSecondary = uint64_t{2} << 46;
constexpr uint64_t kHome = uint64_t{3} << 46;

constexpr uint64_t kLogical = 0x4020080040103000;  // an index of its own in every table
constexpr uint64_t kReal = CommandMachine::kUser + 0x3000;
constexpr uint64_t kFetch = 0x800;  // of the translation-exception identification
constexpr uint64_t kStore = 0x400;

class DatTest : public testing::Test {
 protected:
  DatTest() : tables_(machine_, 4, 0x800000) {
    machine_.cr[0] |= cr0::kEnhancedDat;
    machine_.cr[1] = tables_.asce();
    tables_.Map(kLogical, kReal);
    machine_.Put<uint64_t>(kReal + 0x128, 0x1234);
  }
  Record Load(uint64_t address, uint64_t mask = kDat64) {
    return machine_.Do({Operation::kLoad, {0, address}, mask});
  }
  Record Store(uint64_t address, uint64_t value, uint64_t mask = kDat64) {
    return machine_.Do({Operation::kStore, {0, address, value}, mask});
  }
  static void ExpectFault(const Record& record, uint16_t code, uint64_t teid) {
    EXPECT_EQ(record.kind, Record::kProgram);
    EXPECT_EQ(record.code, code);
    EXPECT_EQ(record.ilc, 6);
    EXPECT_EQ(record.teid, teid);
    EXPECT_EQ(record.psw.address, 0u) << "nullified";
  }
  static void ExpectProtection(const Record& record, uint64_t teid) {
    EXPECT_EQ(record.kind, Record::kProgram);
    EXPECT_EQ(record.code, 4);
    EXPECT_EQ(record.teid, teid);
    EXPECT_EQ(record.psw.address, 6u) << "suppressed";
  }

  CommandMachine machine_;
  TranslationTables tables_;
};

TEST_F(DatTest, FiveLevelsLeadToThePage) {
  const Record load = Load(kLogical + 0x128);
  EXPECT_EQ(load.kind, Record::kCompleted);
  EXPECT_EQ(load.gpr[0], 0x1234u);
  EXPECT_EQ(Store(kLogical + 0x130, 0x5678).kind, Record::kCompleted);
  EXPECT_EQ(machine_.Read<uint64_t>(kReal + 0x130), 0x5678u);
  const Record real = machine_.Do({Operation::kLoadRealAddress, {0, kLogical + 0x128}, kDat64});
  EXPECT_EQ(real.gpr[0], kReal + 0x128);
  EXPECT_EQ(real.psw.condition_code(), 0);
}

TEST_F(DatTest, AnInvalidEntryOfEachLevelIsItsOwnException) {
  constexpr uint16_t kCodes[] = {0x11, 0x10, 0x3b, 0x3a, 0x39};
  for (int level = 0; level <= 4; ++level) {
    const uint64_t entry = tables_.EntryAt(level, kLogical);
    const auto before = machine_.Read<uint64_t>(entry);
    machine_.Put<uint64_t>(entry, before | (level == 0 ? 0x400 : 0x20));
    machine_.Do({Operation::kPurge});
    ExpectFault(Load(kLogical + 0x128), kCodes[level], kLogical | kFetch);
    ExpectFault(Store(kLogical + 0x128, 1), kCodes[level], kLogical | kStore);
    machine_.Put<uint64_t>(entry, before);
  }
  EXPECT_EQ(machine_.Read<uint64_t>(kReal + 0x128), 0x1234u);
  machine_.Do({Operation::kPurge});
  EXPECT_EQ(Load(kLogical + 0x128).kind, Record::kCompleted);
}

TEST_F(DatTest, ProtectionOfAnyLevelIsDatProtection) {
  for (int level = 0; level <= 4; ++level) {
    const uint64_t entry = tables_.EntryAt(level, kLogical);
    const auto before = machine_.Read<uint64_t>(entry);
    machine_.Put<uint64_t>(entry, before | 0x200);
    machine_.Do({Operation::kPurge});
    EXPECT_EQ(Load(kLogical + 0x128).kind, Record::kCompleted);
    ExpectProtection(Store(kLogical + 0x128, 1), kLogical | kStore | 0x04);
    machine_.Put<uint64_t>(entry, before);
  }
  EXPECT_EQ(machine_.Read<uint64_t>(kReal + 0x128), 0x1234u);
}

TEST_F(DatTest, WithoutEnhancedDatOnlyPageAndSegmentProtect) {
  machine_.cr[0] &= ~cr0::kEnhancedDat;
  tables_.Or(2, kLogical, 0x200);
  EXPECT_EQ(Store(kLogical, 1).kind, Record::kCompleted);
  tables_.Or(1, kLogical, 0x200 | 0x400);  // the frame control is ignored too
  machine_.Do({Operation::kPurge});
  EXPECT_EQ(Load(kLogical + 0x128).gpr[0], 0x1234u);
  ExpectProtection(Store(kLogical, 1), kLogical | kStore | 0x04);
}

TEST_F(DatTest, ASegmentAndARegionCanBeOneFrame) {
  constexpr uint64_t kSegment = 0x4020080050000000;
  machine_.Put<uint64_t>(tables_.EntryAt(1, kSegment), CommandMachine::kUser | 0x400);
  EXPECT_EQ(Load(kSegment + 0x3128).gpr[0], 0x1234u);
  constexpr uint64_t kRegion = 0x4020080080000000;
  machine_.Put<uint64_t>(tables_.EntryAt(2, kRegion), 0x400 | 0x04);
  EXPECT_EQ(Load(kRegion + kReal + 0x128).gpr[0], 0x1234u);
  machine_.Put<uint64_t>(tables_.EntryAt(2, kRegion), 0x600 | 0x04);
  machine_.Do({Operation::kPurge});
  ExpectProtection(Store(kRegion + kReal, 1), (kRegion + kReal) | kStore | 0x04);
}

TEST_F(DatTest, WhatLiesOutsideOfTheTablesIsNamedByTheHighestOfThem) {
  TranslationTables small(machine_, 1, 0xc00000);
  machine_.cr[1] = small.asce();
  ExpectFault(Load(0x80000000), 0x38, 0x80000000 | kFetch);  // ASCE type
  machine_.cr[1] = small.asce() & ~uint64_t{3};              // 512 entries
  ExpectFault(Load(0x20000000), 0x10, 0x20000000 | kFetch);
  machine_.cr[1] = tables_.asce() & ~uint64_t{3};
  ExpectFault(Load(kLogical), 0x39, kLogical | kFetch);
  // A real space translates nothing.
  machine_.cr[1] = 0x20;
  EXPECT_EQ(Load(kReal + 0x128).gpr[0], 0x1234u);
}

TEST_F(DatTest, AnEntryOfTheWrongTypeSuppresses) {
  const uint64_t entry = tables_.EntryAt(3, kLogical);
  machine_.Put<uint64_t>(entry, machine_.Read<uint64_t>(entry) ^ 0x0c);
  const Record record = Load(kLogical);
  EXPECT_EQ(record.code, 0x12);
  EXPECT_EQ(record.ilc, 6);
  EXPECT_EQ(record.psw.address, 6u);
}

TEST_F(DatTest, AddressesWrapAsTheModeSays) {
  tables_.Map(0x1103000, kReal);
  tables_.Map(0x103000, kReal + 0x1000);
  machine_.Put<uint64_t>(kReal + 0x1128, 0x24);
  EXPECT_EQ(Load(0xffffffff81103128, kDat31).gpr[0], 0x1234u);
  EXPECT_EQ(Load(0xffffffffff103128, Psw::kDat).gpr[0], 0x24u);
  ExpectFault(Load(0xffffffff81203128, kDat31), 0x10, 0x1203000 | kFetch);
}

TEST_F(DatTest, EachSpaceHasItsTables) {
  TranslationTables secondary(machine_, 1, 0xa00000);
  TranslationTables home(machine_, 2, 0xb00000);
  machine_.cr[7] = secondary.asce();
  machine_.cr[13] = home.asce();
  secondary.Map(0x200000, kReal);
  home.Map(0x200000, kReal + 0x1000);
  machine_.Put<uint64_t>(kReal + 0x1128, 0x4321);
  EXPECT_EQ(Load(0x200128, kDat64 | kSecondary).gpr[0], 0x1234u);
  EXPECT_EQ(Load(0x200128, kDat64 | kHome).gpr[0], 0x4321u);
  ExpectFault(Load(0x200128), 0x10, 0x200000 | kFetch);
  ExpectFault(Load(0x201128, kDat64 | kSecondary), 0x11, 0x201000 | kFetch | 2);
  ExpectFault(Store(0x201128, 1, kDat64 | kHome), 0x11, 0x201000 | kStore | 3);

  // An access register names the primary space by 0, the secondary by 1.
  EXPECT_EQ(Load(kLogical + 0x128, kDat64 | kAccessRegisters).gpr[0], 0x1234u);
  machine_.ar[1] = 1;
  EXPECT_EQ(Load(0x200128, kDat64 | kAccessRegisters).gpr[0], 0x1234u);
  const Record record = Load(0x201128, kDat64 | kAccessRegisters);
  ExpectFault(record, 0x11, 0x201000 | kFetch | 1);
  EXPECT_EQ(record.exception_access_id, 1);
}

TEST_F(DatTest, AnInstructionOnAPageWithoutExecutionIsProtected) {
  constexpr uint64_t kCode = 0x180000;
  machine_.cr[0] |= cr0::kInstructionExecutionProtection;
  machine_.Put<uint32_t>(CommandMachine::kUser + 0x5000, 0x0a000000);  // svc 0
  tables_.Map(kCode, CommandMachine::kUser + 0x5000);
  EXPECT_EQ(machine_.Do({Operation::kBranch, {0, kCode}, kDat64}).kind, Record::kCompleted);
  tables_.Or(0, kCode, 0x100);
  machine_.Do({Operation::kPurge});
  const Record record = machine_.Do({Operation::kBranch, {0, kCode}, kDat64});
  EXPECT_EQ(record.code, 4);
  EXPECT_EQ(record.teid, kCode | kFetch | 0x84);
}

TEST_F(DatTest, AnOperandOverTwoPagesIsAccessedWholeOrNotAtAll) {
  tables_.Map(kLogical + 0x1000, kReal + 0x1000, 0x200);
  // The second page is protected: nothing of the first is stored either.
  Command command{Operation::kStoreMultiple, {0, kLogical + 0xff8, 0x1111, 0x2222}, kDat64};
  machine_.Put<uint64_t>(kReal + 0xff8, 0x77);
  ExpectProtection(machine_.Do(command), (kLogical + 0x1000) | kStore | 0x04);
  EXPECT_EQ(machine_.Read<uint64_t>(kReal + 0xff8), 0x77u);
  // It is absent: no register is loaded.
  tables_.Map(kLogical + 0x1000, 0, 0x400);
  machine_.Do({Operation::kPurge});
  command = {Operation::kLoadMultiple, {0, kLogical + 0xff8, 1, 2, 3, 4, 5}, kDat64};
  const Record record = machine_.Do(command);
  EXPECT_EQ(record.code, 0x11);
  EXPECT_EQ(record.teid, (kLogical + 0x1000) | kFetch);
  EXPECT_EQ(record.ilc, 4);
  for (uint64_t r = 2; r < 7; ++r) EXPECT_EQ(record.gpr[r], r - 1);
}

}  // namespace
}  // namespace hypervisor
