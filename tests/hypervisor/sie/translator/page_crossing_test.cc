// Instructions that begin in one page and end in the next.
#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kSecondPage = 0x11000;
constexpr uint64_t kLoop = kSecondPage - 10;

class PageCrossingTest : public testing::Test {
 protected:
  PageCrossingTest() {
    machine_.PutCode(kLoop, {0x40, 0x10, 0x50, 0x00,              // sth 1,0(5)
                             0x18, 0x44,                          // lr 4,4
                             0xc0, 0x21, 0x00, 0x00, 0x00, 0x00,  // lgfi 2,0
                             0xb9, 0x08, 0x00, 0x32,              // agr 3,2
                             0xa7, 0x16, 0xff, 0xf8,              // brct 1,*-16
                             0x83, 0x00, 0x00, 0x44});            // diag
    machine_.cpu.psw.address = kLoop;
    machine_.cpu.gpr[1] = 1000;
    machine_.cpu.gpr[3] = 0;
  }

  GuestMachine machine_;
};

TEST_F(PageCrossingTest, WhatIsStoredIntoTheSecondPageIsExecuted) {
  machine_.cpu.gpr[5] = kSecondPage;  // the rightmost half of LGFI's immediate
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.gpr[3], 500500u);
}

TEST_F(PageCrossingTest, WhatIsStoredIntoTheFirstPageIsExecuted) {
  machine_.cpu.gpr[5] = kSecondPage - 2;  // the leftmost half
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.gpr[3], uint64_t{500500} << 16);
}

// The table entry of the second page becomes invalid, and is purged, while the loop runs.
TEST_F(PageCrossingTest, APageThatGoesAwayIsNotExecuted) {
  constexpr uint64_t kSegmentTable = 0x80000;
  constexpr uint64_t kPageTable = 0x90000;
  machine_.Put<uint64_t>(kSegmentTable, kPageTable);
  for (uint64_t page = 0; page < 256; ++page)
    machine_.Put<uint64_t>(kPageTable + page * 8, page * kPageSize);
  machine_.cpu.cr[1] = machine_.cpu.cr[7] = machine_.cpu.cr[13] = kSegmentTable;
  machine_.cpu.psw.mask |= Psw::kDat;
  machine_.block.ictl = uapi::kIctlPint;
  // The loop's first instructions instead: ipte 6,7 once the count is 500.
  machine_.PutCode(kLoop - 10, {0xa7, 0x1e, 0x01, 0xf4,         // chi 1,500
                                0xa7, 0x74, 0x00, 0x05,         // jne *+10
                                0x18, 0x44,                     // lr 4,4
                                0xb2, 0x21, 0x00, 0x67});       // ipte 6,7, over the store
  machine_.PutCode(kSecondPage + 6, {0xa7, 0x16, 0xff, 0xf3});  // brct 1,*-26
  machine_.cpu.gpr[6] = kPageTable;
  machine_.cpu.gpr[7] = kSecondPage;
  machine_.cpu.psw.address = kLoop - 10;
  machine_.Run();
  EXPECT_EQ(machine_.block.iprcc, 0x11);  // page translation
  EXPECT_EQ(machine_.cpu.psw.address, kSecondPage - 4);
  EXPECT_EQ(machine_.cpu.gpr[1], 500u);
}

// How far a branch goes changes each time that it is executed; whether it does, the condition code
// says that was made before it.
TEST_F(PageCrossingTest, WhatAnotherInstructionMakesOfItSeesTheConditionCode) {
  constexpr uint64_t kStart = kSecondPage - 12;
  machine_.PutCode(kStart, {0x40, 0x60, 0x50, 0x00,    // sth 6,0(5)
                            0xb9, 0x82, 0x00, 0x67,    // xgr 6,7
                            0x19, 0x18,                // cr 1,8
                            0xa7, 0x24, 0x00, 0x04,    // brc 2,*+8
                            0x1a, 0x34,                // ar 3,4
                            0x1a, 0x24,                // ar 2,4: from here on
                            0x1a, 0x94,                // ar 9,4
                            0xa7, 0x16, 0xff, 0xf6,    // brct 1,*-20
                            0x83, 0x00, 0x00, 0x44});  // diag
  machine_.cpu.psw.address = kStart;
  machine_.cpu.gpr[1] = 1000;
  machine_.cpu.gpr[2] = machine_.cpu.gpr[9] = 0;
  machine_.cpu.gpr[4] = 1;
  machine_.cpu.gpr[5] = kSecondPage;
  machine_.cpu.gpr[6] = 3;  // halfwords
  machine_.cpu.gpr[7] = 3 ^ 4;
  machine_.cpu.gpr[8] = 501;
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.gpr[9], 1000u);
  EXPECT_EQ(machine_.cpu.gpr[3], 501u);
  EXPECT_EQ(machine_.cpu.gpr[2], 501u + 250u);
}

// Its opcode's second part changes: LOAD leaves the condition code as it is, ADD sets it.
TEST_F(PageCrossingTest, TheConditionCodeIsThatOfWhatItHasBecome) {
  constexpr uint64_t kStart = kSecondPage - 12;
  machine_.PutCode(kStart, {0x42, 0x60, 0x50, 0x01,              // stc 6,1(5)
                            0x17, 0x67,                          // xr 6,7
                            0x19, 0x88,                          // cr 8,8
                            0xe3, 0x20, 0x90, 0x00, 0x00, 0x04,  // lg 2,0(9), or ag
                            0xa7, 0x24, 0x00, 0x03,              // brc 2,*+6
                            0x1a, 0x34,                          // ar 3,4
                            0xa7, 0x16, 0xff, 0xf6,              // brct 1,*-20
                            0x83, 0x00, 0x00, 0x44});            // diag
  machine_.Put<uint64_t>(0x40000, 1);
  machine_.cpu.psw.address = kStart;
  machine_.cpu.gpr[1] = 1000;
  machine_.cpu.gpr[4] = 1;
  machine_.cpu.gpr[5] = kSecondPage;
  machine_.cpu.gpr[6] = 0x04;
  machine_.cpu.gpr[7] = 0x04 ^ 0x08;
  machine_.cpu.gpr[9] = 0x40000;
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.gpr[3], 500u);
  EXPECT_EQ(machine_.cpu.gpr[2], 2u);
}

// The same code with another page behind it: the loop switches between two spaces.
TEST_F(PageCrossingTest, EachSpaceHasItsOwnSecondPage) {
  constexpr uint64_t kSegmentTables[] = {0x80000, 0x84000};
  constexpr uint64_t kPageTables[] = {0x90000, 0x94000};
  constexpr uint64_t kOther = 0x31000;
  for (int i = 0; i < 2; ++i) {
    machine_.Put<uint64_t>(kSegmentTables[i], kPageTables[i]);
    for (uint64_t page = 0; page < 256; ++page)
      machine_.Put<uint64_t>(kPageTables[i] + page * 8, page * kPageSize);
  }
  machine_.Put<uint64_t>(kPageTables[1] + (kSecondPage >> 12) * 8, kOther);
  machine_.cpu.cr[1] = machine_.cpu.cr[7] = machine_.cpu.cr[13] = kSegmentTables[0];
  machine_.cpu.psw.mask |= Psw::kDat;
  // lgfi 2,5 here and lgfi 2,7 there, of which the first four bytes are in the first page.
  constexpr uint64_t kStart = kSecondPage - 16;
  machine_.PutCode(kStart, {0xeb, 0x11, 0x50, 0x00, 0x00, 0x2f,  // lctlg 1,1,0(5)
                            0xb9, 0x82, 0x00, 0x56,              // xgr 5,6
                            0x18, 0x44,                          // lr 4,4
                            0xc0, 0x21, 0x00, 0x00, 0x00, 0x05,  // lgfi 2,5
                            0xb9, 0x08, 0x00, 0x32,              // agr 3,2
                            0xa7, 0x16, 0xff, 0xf5,              // brct 1,*-22
                            0x83, 0x00, 0x00, 0x44});            // diag
  std::memcpy(machine_.At(kOther), machine_.At(kSecondPage), kPageSize);
  machine_.Put<uint8_t>(kOther + 1, 7);
  machine_.Put<uint64_t>(0x40000, kSegmentTables[0]);
  machine_.Put<uint64_t>(0x40008, kSegmentTables[1]);
  machine_.cpu.psw.address = kStart;
  machine_.cpu.gpr[5] = 0x40000;
  machine_.cpu.gpr[6] = 0x40000 ^ 0x40008;
  machine_.Run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
  EXPECT_EQ(machine_.cpu.gpr[3], 500u * 5 + 500u * 7);
}

// Our memory behind the segment vanishes, or the segment is no more mapped, when code that crosses
// into it has long been translated.
TEST_F(PageCrossingTest, ASegmentThatGoesAwayEndsSieAtTheInstruction) {
  constexpr uint64_t kStart = kSegmentSize - 6;
  machine_.PutCode(kStart, {0x18, 0x44,                          // lr 4,4
                            0xc0, 0x21, 0x00, 0x00, 0x00, 0x05,  // lgfi 2,5
                            0xa7, 0x16, 0xff, 0xfc,              // brct 1,*-8
                            0x83, 0x00, 0x00, 0x44});            // diag
  const auto run = [this] {
    machine_.cpu.psw.address = kStart;
    machine_.cpu.gpr[1] = 1000;
    machine_.cpu.gpr[2] = 7;
    return machine_.Run();
  };
  run();
  ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;

  mprotect(machine_.At(kSegmentSize), kSegmentSize, PROT_NONE);
  SieExit exit = run();
  EXPECT_EQ(exit.reason, SieExit::Reason::kBackingMissing);
  EXPECT_EQ(exit.address, VcpuAddress(kSegmentSize));
  EXPECT_EQ(machine_.cpu.psw.address, kSegmentSize - 4);
  EXPECT_EQ(machine_.cpu.gpr[2], 7u);

  mprotect(machine_.At(kSegmentSize), kSegmentSize, PROT_READ | PROT_WRITE);
  machine_.space.Unmap(VcpuAddress(kSegmentSize), kSegmentSize);
  exit = run();
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(exit.address, VcpuAddress(kSegmentSize));
  EXPECT_EQ(machine_.cpu.psw.address, kSegmentSize - 4);
  EXPECT_EQ(machine_.cpu.gpr[2], 7u);
}

}  // namespace
}  // namespace hypervisor
