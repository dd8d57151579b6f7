// The linkage stack and program calls. Tables: home and primary space are one, mapped one to one.
#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kSegmentTable = 0x80000;
constexpr uint64_t kPageTables = 0x90000;
constexpr uint64_t kStack = 0x40000;
constexpr uint64_t kPrimaryAste = 0x50000;
constexpr uint64_t kLinkageTable = 0x51000;
constexpr uint64_t kEntryTable = 0x52000;
constexpr uint64_t kCalled = 0x20000;

class LinkageTest : public testing::Test {
 protected:
  LinkageTest() {
    for (uint64_t segment = 0; segment < 4; ++segment) {
      const uint64_t table = kPageTables + segment * 2048;
      machine_.Put<uint64_t>(kSegmentTable + segment * 8, table);
      for (uint64_t page = 0; page < 256; ++page) {
        machine_.Put<uint64_t>(table + page * 8, segment * kSegmentSize + page * kPageSize);
      }
    }
    for (uint64_t segment = 4; segment < 512; ++segment) {
      machine_.Put<uint64_t>(kSegmentTable + segment * 8, 0x20);
    }
    machine_.cpu.cr[1] = machine_.cpu.cr[7] = machine_.cpu.cr[13] = kSegmentTable;
    machine_.cpu.cr[5] = kPrimaryAste;
    machine_.Put<uint64_t>(kPrimaryAste + 8, kSegmentTable);
    // A header entry with room for two state entries, and a trailer that leads nowhere.
    *machine_.At(kStack + 8) = 0x09;
    machine_.Put<uint16_t>(kStack + 8 + 2, 2 * 296);
    machine_.cpu.cr[15] = kStack + 8;
    machine_.cpu.psw.mask |= Psw::kDat;
    for (int r = 0; r < 16; ++r)
      machine_.cpu.gpr[r] = 0x1111111111111111u * static_cast<uint64_t>(r);
  }

  GuestMachine machine_;
};

TEST_F(LinkageTest, ProgramReturnUndoesBranchAndStack) {
  machine_.PutCode(GuestMachine::kProgram, {0xb2, 0x40, 0x00, 0x0c,  // bakr 0,12
                                            0x83, 0x00, 0x00, 0x44});
  machine_.PutCode(kCalled, {0xb9, 0x82, 0x00, 0x22,  // xgr 2,2
                             0xb9, 0x82, 0x00, 0x00,  // xgr 0,0
                             0x01, 0x01});            // pr
  machine_.cpu.gpr[12] = kCalled;
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.psw.address, GuestMachine::kProgram + 8);
  EXPECT_EQ(machine_.cpu.gpr[2], 0x2222222222222222u);
  EXPECT_EQ(machine_.cpu.gpr[0], 0u);  // only 2 to 14 come back
  EXPECT_EQ(machine_.cpu.cr[15], kStack + 8);
}

TEST_F(LinkageTest, TheExtendedAuthorizationIndexIsExchanged) {
  machine_.PutCode(GuestMachine::kProgram, {0xb9, 0x9d, 0x00, 0x20,  // esea 2
                                            0x83, 0x00, 0x00, 0x44});
  machine_.cpu.cr[8] = 0xaaaabbbb'12345678;
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.cr[8], 0xaaaabbbb'22225678u);
  EXPECT_EQ(machine_.cpu.gpr[2], 0x22222222'12342222u);

  machine_.cpu.psw.address = GuestMachine::kProgram;
  machine_.block.ictl = uapi::kIctlPint;
  machine_.cpu.psw.mask |= Psw::kProblemState;
  machine_.Run();
  EXPECT_EQ(machine_.block.iprcc, 2) << "privileged operation";
  EXPECT_EQ(machine_.cpu.cr[8], 0xaaaabbbb'22225678u);
}

TEST_F(LinkageTest, AThirdEntryDoesNotFit) {
  machine_.PutCode(GuestMachine::kProgram,
                   {0xb2, 0x40, 0x00, 0x00, 0xb2, 0x40, 0x00, 0x00, 0xb2, 0x40, 0x00, 0x00});
  machine_.PutCode(kCalled, {0x83, 0x00, 0x00, 0x44});
  machine_.Put<uint64_t>(0x1d0, 0x180000000);
  machine_.Put<uint64_t>(0x1d8, kCalled);
  machine_.Run();
  EXPECT_EQ(machine_.Read<uint16_t>(0x8e), 0x30);  // stack-full
  EXPECT_EQ(machine_.Read<uint64_t>(0x158), GuestMachine::kProgram + 8);
  EXPECT_EQ(machine_.cpu.cr[15], kStack + 8 + 2 * 296);
}

TEST_F(LinkageTest, AStackingProgramCallReturnsToItsCallersAuthority) {
  machine_.Put<uint32_t>(kPrimaryAste + 24, 0x80000000 | kLinkageTable);
  machine_.Put<uint32_t>(kLinkageTable, kEntryTable);
  // Entry 1: 64-bit, stacking, replaces the PSW key by 9, authorized for key 8, problem state.
  const uint64_t entry = kEntryTable + 32;
  machine_.Put<uint64_t>(entry, kCalled | 1);
  machine_.Put<uint32_t>(entry + 8, 0x00800000);
  machine_.Put<uint32_t>(entry + 12, 0x00400000);
  machine_.Put<uint32_t>(entry + 16, 0xd0900000);
  machine_.Put<uint64_t>(entry + 24, 0x123456789abcdef0);
  machine_.cpu.cr[3] = 0x00800000;
  machine_.PutCode(GuestMachine::kProgram, {0xb2, 0x18, 0x00, 0x01,  // pc 1
                                            0x83, 0x00, 0x00, 0x44});
  machine_.PutCode(kCalled, {0xb9, 0x04, 0x00, 0x04,  // lgr 0,4
                             0xb9, 0x8d, 0x00, 0x10,  // epsw 1,0
                             0x01, 0x01});            // pr
  machine_.cpu.psw.mask |= Psw::kProblemState;
  machine_.Put<uint64_t>(0x1d0, 0x180000000);
  machine_.Put<uint64_t>(0x1d8, 0x30000);
  machine_.PutCode(0x30000, {0x83, 0x00, 0x00, 0x45});
  machine_.Run();
  // DIAGNOSE is privileged: the program interruption shows the restored PSW.
  EXPECT_EQ(machine_.Read<uint16_t>(0x8e), 0x02);
  EXPECT_EQ(machine_.Read<uint64_t>(0x158), GuestMachine::kProgram + 8);
  EXPECT_EQ(machine_.Read<uint64_t>(0x150) >> 52 & 15, 0u);
  EXPECT_EQ(machine_.cpu.gpr[0], 0x123456789abcdef0u);  // the entry parameter, from GR4
  EXPECT_EQ(machine_.cpu.gpr[1] >> 20 & 15, 9u);        // the key while called
  EXPECT_EQ(machine_.cpu.gpr[4], 0x4444444444444444u);
  EXPECT_EQ(machine_.cpu.cr[3], 0x00800000u);
  EXPECT_EQ(machine_.cpu.cr[15], kStack + 8);
}

// The base space's ASTE designates another segment table than CR1 does: the page that is executed
// is another one there, though nothing of the PSW changes but its address.
TEST_F(LinkageTest, ABranchInTheSubspaceGroupIsToTheNewSpace) {
  constexpr uint64_t kOtherTable = 0x82000;
  constexpr uint64_t kOtherPages = 0xa0000;
  constexpr uint64_t kElsewhere = 0x28000;
  for (uint64_t page = 0; page < 256; ++page)
    machine_.Put<uint64_t>(kOtherPages + page * 8, page * kPageSize);
  machine_.Put<uint64_t>(kOtherTable, kOtherPages);
  constexpr uint64_t kTarget = GuestMachine::kProgram + 0x100;
  machine_.Put<uint64_t>(kOtherPages + kTarget / kPageSize * 8, kElsewhere);
  machine_.Put<uint64_t>(kPrimaryAste + 8, kOtherTable);
  machine_.cpu.cr[2] = 0x53000;
  machine_.Put<uint32_t>(0x53000, kPrimaryAste);
  machine_.PutCode(kTarget, {0x83, 0x00, 0x00, 0x44});
  machine_.PutCode(kElsewhere + kTarget % kPageSize, {0x83, 0x00, 0x00, 0x45});
  machine_.PutCode(GuestMachine::kProgram, {0xb2, 0x58, 0x00, 0x4c});  // bsg 4,12
  machine_.cpu.gpr[12] = kTarget;
  machine_.Run();
  EXPECT_EQ(machine_.cpu.cr[1], kOtherTable);
  EXPECT_EQ(machine_.cpu.gpr[4], GuestMachine::kProgram + 4);
  EXPECT_EQ(machine_.block.ipb >> 16, 0x45u);
}

// A call with ASN tracing leaves an entry for itself and one for its return.
TEST_F(LinkageTest, CallsAndReturnsAreTraced) {
  machine_.block.ictl = uapi::kIctlPint;
  machine_.Put<uint32_t>(kPrimaryAste + 24, 0x80000000 | kLinkageTable);
  machine_.Put<uint32_t>(kLinkageTable, kEntryTable);
  const uint64_t entry = kEntryTable + 32;
  machine_.Put<uint64_t>(entry, kCalled);
  machine_.Put<uint32_t>(entry + 16, 0xc0000000);
  machine_.PutCode(GuestMachine::kProgram, {0xb2, 0x18, 0x00, 0x01,  // pc 1
                                            0x83, 0x00, 0x00, 0x44});
  machine_.PutCode(kCalled, {0x01, 0x01});  // pr
  machine_.cpu.cr[3] = machine_.cpu.cr[4] = 0x0042;
  machine_.cpu.cr[12] = 0x60000 | 2;
  machine_.cpu.psw.set_key(3);
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.cr[12], 0x60000u + 12 + 12 + 2);
  EXPECT_EQ(machine_.Read<uint32_t>(0x60000), 0x22300001u);
  EXPECT_EQ(machine_.Read<uint64_t>(0x60004), GuestMachine::kProgram + 4);
  // From and to the 64-bit mode, both addresses below 4 GiB.
  EXPECT_EQ(machine_.Read<uint32_t>(0x6000c), 0x323a0042u);
  EXPECT_EQ(machine_.Read<uint32_t>(0x60010), GuestMachine::kProgram + 4);
  EXPECT_EQ(machine_.Read<uint32_t>(0x60014), kCalled + 2);
}

class TrapTest : public LinkageTest {
 protected:
  static constexpr uint64_t kControlTable = 0x54000;
  static constexpr uint64_t kControlBlock = 0x55000;
  static constexpr uint64_t kSaveArea = 0x56fe0;  // over a page's end
  TrapTest() {
    machine_.block.ictl = uapi::kIctlPint;
    machine_.cpu.cr[2] = kControlTable;
    machine_.Put<uint32_t>(kControlTable + 44, kControlBlock | 1);
    machine_.Put<uint32_t>(kControlBlock, 0x60000);
    machine_.Put<uint32_t>(kControlBlock + 12, kSaveArea);
    machine_.Put<uint32_t>(kControlBlock + 20, kCalled);
    machine_.PutCode(kCalled, {0x83, 0x00, 0x00, 0x44});
    machine_.cpu.ar[15] = 0xaaaa;
  }
};

TEST_F(TrapTest, TheTrapProgramFindsTheStateInTheSaveArea) {
  machine_.PutCode(GuestMachine::kProgram, {0xb2, 0xff, 0x31, 0x23});  // trap4 0x123(3)
  machine_.cpu.psw.set_condition_code(2);
  const uint64_t mask = machine_.cpu.psw.mask;
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.psw.address, kCalled + 4);
  EXPECT_EQ(machine_.cpu.psw.mask & (Psw::kExtendedAddressing | Psw::kBasicAddressing),
            Psw::kBasicAddressing);
  EXPECT_EQ(machine_.cpu.gpr[15], kControlBlock);
  EXPECT_EQ(machine_.Read<uint32_t>(kSaveArea), 0x40040000u);
  EXPECT_EQ(machine_.Read<uint32_t>(kSaveArea + 8), (0x33333333u + 0x123) & 0x7fffffff);
  EXPECT_EQ(machine_.Read<uint32_t>(kSaveArea + 12), 0xaaaau);
  EXPECT_EQ(machine_.Read<uint64_t>(kSaveArea + 16), mask);
  EXPECT_EQ(machine_.Read<uint64_t>(kSaveArea + 24), GuestMachine::kProgram + 4);
  for (uint64_t r = 0; r < 16; ++r) {
    EXPECT_EQ(machine_.Read<uint64_t>(kSaveArea + 32 + 8 * r), 0x1111111111111111u * r);
  }
}

TEST_F(TrapTest, AShortSaveAreaHasAnEsa390Psw) {
  machine_.Put<uint32_t>(kControlBlock, 0);
  machine_.cpu.psw.mask &= ~Psw::kExtendedAddressing;
  machine_.PutCode(GuestMachine::kProgram, {0x01, 0xff});  // trap2
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << machine_.block.iprcc;
  EXPECT_EQ(machine_.Read<uint32_t>(kSaveArea), 0x00020000u);
  EXPECT_EQ(machine_.Read<uint64_t>(kSaveArea + 16),
            0x0408000080000000u | (GuestMachine::kProgram + 2));
  EXPECT_EQ(machine_.Read<uint32_t>(kSaveArea + 32 + 4 * 7), 0x77777777u);
  EXPECT_EQ(machine_.cpu.gpr[15], 0xffffffff00000000u | kControlBlock);
}

TEST_F(TrapTest, ItMustBeEnabledAndInOrder) {
  const auto run = [&] {
    machine_.PutCode(GuestMachine::kProgram, {0x01, 0xff});
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.Run();
    return machine_.block.iprcc;
  };
  machine_.Put<uint32_t>(kControlBlock, 0x20000);
  EXPECT_EQ(run(), 0x13) << "a short PSW holds no 64-bit address";
  machine_.Put<uint32_t>(kControlTable + 44, kControlBlock);
  EXPECT_EQ(run(), 0x13);
  machine_.cpu.psw.mask &= ~Psw::kDat;
  EXPECT_EQ(run(), 0x13);
}

}  // namespace
}  // namespace hypervisor
