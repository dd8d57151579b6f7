// Storage keys and low-address protection as a program sees them (PoP: Storage, "Protection").
#include "gtest/gtest.h"
#include "tests/guests/commands.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMode64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kPage = CommandMachine::kUser + 0x8000;
constexpr uint64_t kFetch = 0x800;
constexpr uint64_t kStore = 0x400;
constexpr uint64_t kByKey = 0x08;
constexpr uint64_t kByLowAddress = 0x80;

constexpr uint64_t WithKey(uint64_t key) {
  return kMode64 | key << 52;
}

class KeysTest : public testing::Test {
 protected:
  void SetKey(uint64_t page, uint64_t key) { machine_.Do({Operation::kSetKey, {0, page, key}}); }
  uint64_t Key(uint64_t page) {
    return machine_.Do({Operation::kInsertKey, {0, page}}).gpr[0] & 0xff;
  }
  Record Load(uint64_t address, uint64_t key) {
    return machine_.Do({Operation::kLoad, {0, address}, WithKey(key)});
  }
  Record Store(uint64_t address, uint64_t key) {
    return machine_.Do({Operation::kStore, {0, address, 0x99}, WithKey(key)});
  }
  static void ExpectProtected(const Record& record, uint64_t teid) {
    EXPECT_EQ(record.kind, Record::kProgram);
    EXPECT_EQ(record.code, 4);
    EXPECT_EQ(record.teid, teid);
    EXPECT_EQ(record.psw.address, 6u);
  }

  CommandMachine machine_;
};

TEST_F(KeysTest, AccessesMarkThePage) {
  SetKey(kPage, 0x30);
  EXPECT_EQ(Key(kPage), 0x30u);
  Load(kPage, 0);
  EXPECT_EQ(Key(kPage), 0x34u);
  Store(kPage, 0);
  EXPECT_EQ(Key(kPage), 0x36u);
  const Record reset = machine_.Do({Operation::kResetReference, {0, kPage}});
  EXPECT_EQ(reset.psw.condition_code(), 3);
  EXPECT_EQ(Key(kPage), 0x32u);
  EXPECT_EQ(machine_.Do({Operation::kResetReference, {0, kPage}}).psw.condition_code(), 1);
  Load(kPage, 3);
  EXPECT_EQ(Key(kPage), 0x36u);
}

TEST_F(KeysTest, AStoreNeedsTheKeyAndAFetchOnlyIfProtected) {
  SetKey(kPage, 0x40);
  EXPECT_EQ(Store(kPage, 4).kind, Record::kCompleted);
  EXPECT_EQ(Store(kPage, 0).kind, Record::kCompleted);
  EXPECT_EQ(Load(kPage, 3).kind, Record::kCompleted);
  ExpectProtected(Store(kPage + 8, 3), kPage | kStore | kByKey);
  EXPECT_EQ(machine_.Read<uint64_t>(kPage + 8), 0u);
  SetKey(kPage, 0x48);
  EXPECT_EQ(Load(kPage, 4).kind, Record::kCompleted);
  ExpectProtected(Load(kPage, 3), kPage | kFetch | kByKey);
}

TEST_F(KeysTest, AnAccessThatIsRefusedMarksNothing) {
  SetKey(kPage, 0x48);
  Load(kPage, 3);
  Store(kPage, 3);
  EXPECT_EQ(Key(kPage), 0x48u);
}

TEST_F(KeysTest, TheOverridesOpenKey9AndTheFirst2048Bytes) {
  SetKey(kPage, 0x98);
  ExpectProtected(Load(kPage, 3), kPage | kFetch | kByKey);
  machine_.cr[0] |= cr0::kStorageProtectionOverride;
  EXPECT_EQ(Load(kPage, 3).kind, Record::kCompleted);
  EXPECT_EQ(Store(kPage, 3).kind, Record::kCompleted);
  SetKey(kPage, 0xa8);
  ExpectProtected(Load(kPage, 3), kPage | kFetch | kByKey);

  SetKey(0, 0x48);
  ExpectProtected(Load(0x700, 3), kFetch | kByKey);
  machine_.cr[0] |= cr0::kFetchProtectionOverride;
  EXPECT_EQ(Load(0x700, 3).kind, Record::kCompleted);
  ExpectProtected(Load(0x800, 3), kFetch | kByKey);
  ExpectProtected(Store(0x700, 3), kStore | kByKey);
}

TEST_F(KeysTest, LowAddressesAreProtectedOnRequest) {
  EXPECT_EQ(Store(0x400, 0).kind, Record::kCompleted);
  machine_.cr[0] |= cr0::kLowAddressProtection;
  ExpectProtected(Store(0x100, 0), kStore | kByLowAddress);
  ExpectProtected(Store(0x1fc, 0), kStore | kByLowAddress);
  ExpectProtected(Store(0x1100, 0), 0x1000 | kStore | kByLowAddress);
  EXPECT_EQ(Store(0x200, 0).kind, Record::kCompleted);
  EXPECT_EQ(Store(0x1200, 0).kind, Record::kCompleted);
  EXPECT_EQ(Load(0x100, 0).kind, Record::kCompleted);
}

TEST_F(KeysTest, TestProtectionTellsWhatAnAccessWouldMeet) {
  const auto test = [&](uint64_t key) {
    return machine_.Do({Operation::kTestProtection, {0, kPage, key << 4}}).psw.condition_code();
  };
  SetKey(kPage, 0x40);
  EXPECT_EQ(test(4), 0);
  EXPECT_EQ(test(3), 1);
  SetKey(kPage, 0x48);
  EXPECT_EQ(test(3), 2);
  EXPECT_EQ(test(0), 0);
}

TEST_F(KeysTest, TheProblemStateUsesTheKeysOfItsMask) {
  constexpr uint64_t kProblem = kMode64 | Psw::kProblemState;
  machine_.cr[3] = 0x08000000;  // key 4
  EXPECT_EQ(machine_.Do({Operation::kSetPswKey, {0, 0x40}, kProblem}).kind, Record::kCompleted);
  const Record refused = machine_.Do({Operation::kSetPswKey, {0, 0x50}, kProblem});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.ilc, 4);
  EXPECT_EQ(refused.psw.address, 4u);
}

}  // namespace
}  // namespace hypervisor
