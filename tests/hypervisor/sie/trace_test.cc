// Entries of the trace table that instructions make implicitly.
#include <string>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kTable = 0x60000;
constexpr uint64_t kBranches = uint64_t{1} << 63;
constexpr uint64_t kModes = uint64_t{1} << 62;
constexpr uint64_t kSpaces = 2;
constexpr uint64_t kTarget = 0x20000;

class TraceTest : public testing::Test {
 protected:
  TraceTest() {
    machine_.block.ictl = uapi::kIctlPint;
    machine_.PutCode(kTarget, {0x83, 0x00, 0x00, 0x44});
    machine_.cpu.gpr[2] = kTarget;
  }
  void Run(uint64_t controls, std::initializer_list<uint8_t> code) {
    machine_.PutCode(GuestMachine::kProgram, code);
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.cpu.cr[12] = kTable | controls;
    machine_.Run();
  }
  // What was traced, in hexadecimal.
  std::string Entries() {
    std::string text;
    const uint64_t end = machine_.cpu.cr[12] & 0x3ffffffffffffffc;
    for (uint64_t at = kTable; at < end; ++at) {
      constexpr char kDigits[] = "0123456789abcdef";
      text += kDigits[*machine_.At(at) >> 4];
      text += kDigits[*machine_.At(at) & 15];
    }
    return text;
  }
  void Mode31() { machine_.cpu.psw.mask = Psw::kBasicAddressing; }
  void Mode24() { machine_.cpu.psw.mask = 0; }

  GuestMachine machine_;
};

TEST_F(TraceTest, BranchesWithALinkAreTraced) {
  Run(kBranches, {0x0d, 0x12});  // basr 1,2
  EXPECT_EQ(machine_.block.ipa, 0x8300);
  EXPECT_EQ(Entries(), "80020000");
  Mode31();
  Run(kBranches, {0x05, 0x12});  // balr 1,2
  EXPECT_EQ(Entries(), "80020000");
  Mode24();
  Run(kBranches, {0x0d, 0x12});
  EXPECT_EQ(Entries(), "00020000");
  machine_.cpu.gpr[2] = 0x123456789abcde;
  machine_.cpu.psw.mask = Psw::kExtendedAddressing | Psw::kBasicAddressing;
  Run(kBranches, {0x0d, 0x12});
  EXPECT_EQ(Entries(), "52c0000000123456789abcde");
}

TEST_F(TraceTest, NothingIsTracedWithoutABranchOrWithoutTheControl) {
  Run(kBranches, {0x0d, 0x10, 0x07, 0xf2});  // basr 1,0; br 2
  EXPECT_EQ(machine_.block.ipa, 0x8300);
  EXPECT_EQ(Entries(), "");
  Run(0, {0x0d, 0x12});
  EXPECT_EQ(Entries(), "");
}

TEST_F(TraceTest, AnExecutedBranchIsTraced) {
  machine_.PutCode(0x30000, {0x0d, 0x12});
  machine_.cpu.gpr[3] = 0x30000;
  Run(kBranches, {0x44, 0x00, 0x30, 0x00});  // ex 0,0(3)
  EXPECT_EQ(machine_.block.ipa, 0x8300);
  EXPECT_EQ(Entries(), "80020000");
}

TEST_F(TraceTest, AFullTableNullifiesTheBranch) {
  machine_.cpu.gpr[1] = 0x77;
  machine_.PutCode(GuestMachine::kProgram, {0x0d, 0x12});
  machine_.cpu.cr[12] = kBranches | (kTable + 0xffc);
  machine_.Run();
  EXPECT_EQ(machine_.block.iprcc, 0x16);
  EXPECT_EQ(machine_.cpu.psw.address, GuestMachine::kProgram);
  EXPECT_EQ(machine_.cpu.gpr[1], 0x77u);
  EXPECT_EQ(machine_.cpu.cr[12], kBranches | (kTable + 0xffc));
}

TEST_F(TraceTest, ChangesToAndFromThe64BitModeAreTraced) {
  Run(kModes, {0x01, 0x0d, 0x83, 0x00, 0x00, 0x44});  // sam31
  EXPECT_EQ(Entries(), "5120000000010002");
  Run(kModes, {0x01, 0x0e, 0x83, 0x00, 0x00, 0x44});  // sam64
  EXPECT_EQ(Entries(), "5130000080010002");
  Run(kModes, {0x01, 0x0e, 0x83, 0x00, 0x00, 0x44});
  EXPECT_EQ(Entries(), "") << "no change";
  machine_.cpu.gpr[2] = 0x80000000 | kTarget;
  Run(kModes, {0x0b, 0x02});  // bsm 0,2
  EXPECT_EQ(Entries(), "5120000000010002");
  machine_.cpu.gpr[2] = kTarget | 1;
  Run(kModes | kBranches, {0x0c, 0x12});  // bassm 1,2
  EXPECT_EQ(Entries(), "51b0000000020000");
  machine_.cpu.gpr[2] = 0x80000000 | kTarget;
  Run(kModes | kBranches, {0x0c, 0x12});
  EXPECT_EQ(Entries(), "51a0000080020000");
}

TEST_F(TraceTest, SetSecondaryAsnIsTracedWithTheSpaces) {
  // One segment table of invalid entries but for the first two segments, one to one.
  for (uint64_t segment = 0; segment < 512; ++segment)
    machine_.Put<uint64_t>(0x80000 + segment * 8, segment < 2 ? 0x90000 + segment * 2048 : 0x20);
  for (uint64_t page = 0; page < 512; ++page)
    machine_.Put<uint64_t>(0x90000 + page * 8, page * kPageSize);
  machine_.cpu.cr[1] = machine_.cpu.cr[7] = 0x80000;
  machine_.cpu.cr[4] = 0x1234;
  machine_.cpu.cr[14] |= 0x80000;
  machine_.cpu.gpr[5] = 0x1234;
  machine_.cpu.psw.mask |= Psw::kDat;
  Run(kSpaces, {0xb2, 0x25, 0x00, 0x50, 0x83, 0x00, 0x00, 0x44});  // ssar 5
  EXPECT_EQ(machine_.block.ipa, 0x8300) << machine_.block.iprcc;
  EXPECT_EQ(Entries(), "10001234");
  EXPECT_EQ(machine_.cpu.cr[3] & 0xffff, 0x1234u);
}

}  // namespace
}  // namespace hypervisor
