// Loads by the window of a guest's storage that is in our memory at one distance.
#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kSegmentTable = 0x80000;
constexpr uint64_t kPageTable = 0x90000;
constexpr uint64_t kFormatControl = 0x400;
constexpr uint64_t kInvalidSegment = 0x20;

// Adds up doublewords: R3 of them from R4 on, R5 bytes apart.
constexpr uint64_t kSum = GuestMachine::kProgram;

class LoadWindowTest : public testing::Test {
 protected:
  LoadWindowTest() {
    machine_.PutCode(kSum, {0xe3, 0x64, 0x00, 0x00, 0x00, 0x04,  // lg 6,0(4)
                            0xb9, 0x08, 0x00, 0x26,              // agr 2,6
                            0xb9, 0x08, 0x00, 0x45,              // agr 4,5
                            0xa7, 0x37, 0xff, 0xf9,              // brctg 3,*-14
                            0x83, 0x00, 0x00, 0x44});            // diag
    machine_.block.ictl = uapi::kIctlPint;
  }

  // What SIE ends with; the sum is in general register 2.
  SieExit Sum(uint64_t first, uint64_t count, uint64_t apart) {
    machine_.cpu.psw.address = kSum;
    machine_.cpu.gpr[2] = 0;
    machine_.cpu.gpr[3] = count;
    machine_.cpu.gpr[4] = first;
    machine_.cpu.gpr[5] = apart;
    return machine_.Run();
  }
  uint64_t sum() const { return machine_.cpu.gpr[2]; }

  // The widest so far; the interpreter has none.
  void ExpectWindow(uint64_t bytes) {
    EngineStatistics statistics;
    machine_.sie->AddStatistics(statistics);
    const auto widest = statistics.find("bytes of the widest window of loads");
    if (widest == statistics.end()) return;
    EXPECT_EQ(widest->second, bytes);
  }

  // Segment 0 has a page table, the others are large frames; each is where it is.
  void TurnDatOn() {
    machine_.Put<uint64_t>(kSegmentTable, kPageTable);
    for (uint64_t page = 0; page < 256; ++page)
      machine_.Put<uint64_t>(kPageTable + page * 8, page * kPageSize);
    for (uint64_t segment = 1; segment < 512; ++segment) {
      machine_.Put<uint64_t>(
          kSegmentTable + segment * 8,
          segment < 4 ? segment * kSegmentSize | kFormatControl : kInvalidSegment);
    }
    machine_.cpu.cr[0] |= cr0::kEnhancedDat;
    machine_.cpu.cr[1] = machine_.cpu.cr[7] = machine_.cpu.cr[13] = kSegmentTable;
    machine_.cpu.psw.mask |= Psw::kDat;
  }

  GuestMachine machine_;
};

TEST_F(LoadWindowTest, AMachineWithoutDatIsOneWindowBehindItsPrefixArea) {
  for (uint64_t at = kSegmentSize; at < GuestMachine::kStorageSize; at += kPageSize)
    machine_.Put<uint64_t>(at, at);
  Sum(kSegmentSize, 3 * 256, kPageSize);
  EXPECT_EQ(sum(), 256 * 3 * (kSegmentSize + GuestMachine::kStorageSize - kPageSize) / 2);
  ExpectWindow(GuestMachine::kStorageSize - 0x2000);
}

TEST_F(LoadWindowTest, ThePrefixAreaIsLoadedFromWhereItIs) {
  machine_.cpu.prefix = 0x200000;
  machine_.Put<uint64_t>(0x200100, 1);  // absolute: real 0x100
  machine_.Put<uint64_t>(0x100, 2);     // real 0x200100
  machine_.Put<uint64_t>(0x1ff100, 3);
  machine_.Put<uint64_t>(0x202100, 4);
  Sum(0x100000, 100, 8);
  Sum(0x200100, 1, 0);
  EXPECT_EQ(sum(), 2u);
  Sum(0x100, 1, 0);
  EXPECT_EQ(sum(), 1u);
  Sum(0x1ff100, 2, 0x3000);
  EXPECT_EQ(sum(), 7u);
  ExpectWindow(0x200000u - 0x2000);
}

TEST_F(LoadWindowTest, AWindowEndsWhereNothingIsMapped) {
  machine_.space.Unmap(VcpuAddress(0x200000), kSegmentSize);
  Sum(0x1ff000, 512, 8);
  ExpectWindow(0x200000u - 0x2000);
  const SieExit exit = Sum(0x1fff00, 33, 8);
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(machine_.cpu.gpr[3], 1u);
}

TEST_F(LoadWindowTest, ASegmentThatIsUnmappedIsLoadedFromNoMore) {
  Sum(0x1ff000, 512, 8);
  Sum(0x200000, 512, 8);
  machine_.space.Unmap(VcpuAddress(0x200000), kSegmentSize);
  const SieExit exit = Sum(0x200000, 1, 8);
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(exit.address, VcpuAddress(0x200000));
}

TEST_F(LoadWindowTest, OperandsMayGoOnBehindAWindow) {
  // Segment 2 is where segment 3 was, so that the window ends there.
  TurnDatOn();
  machine_.Put<uint64_t>(kSegmentTable + 2 * 8, 3 * kSegmentSize | kFormatControl);
  machine_.Put<uint64_t>(0x1ffff8, 0x0102030405060708);
  machine_.Put<uint64_t>(0x200000, 0x1112131415161718);
  machine_.Put<uint64_t>(0x300000, 0x2122232425262728);
  Sum(0x1ff000, 512, 8);
  EXPECT_EQ(sum(), 0x0102030405060708u);
  Sum(0x1ffffc, 1, 0);
  EXPECT_EQ(sum(), 0x0506070821222324u);
  Sum(0x200000, 1, 0);
  EXPECT_EQ(sum(), 0x2122232425262728u);
  ExpectWindow(0x200000u - 0x2000);
}

TEST_F(LoadWindowTest, APageThatIsInvalidatedIsLoadedFromNoMore) {
  TurnDatOn();
  machine_.Put<uint64_t>(0x40008, 5);
  Sum(0x40008, 1000, 0);
  EXPECT_EQ(sum(), 5000u);
  ExpectWindow(GuestMachine::kStorageSize - 0x2000);
  machine_.PutCode(0x20000, {0xb2, 0x21, 0x00, 0x67,    // ipte 6,7
                             0x83, 0x00, 0x00, 0x44});  // diag
  machine_.cpu.gpr[6] = kPageTable;
  machine_.cpu.gpr[7] = 0x40000;
  machine_.cpu.psw.address = 0x20000;
  machine_.Run();
  Sum(0x40008, 1, 0);
  EXPECT_EQ(machine_.block.iprcc, 0x11);      // page translation
  EXPECT_EQ(machine_.cpu.psw.address, kSum);  // nullified
  // Segments 1 to 3 have no page tables.
  machine_.block.iprcc = 0;
  Sum(0x300000, 100, 8);
  EXPECT_EQ(machine_.block.iprcc, 0);
}

TEST_F(LoadWindowTest, APageOfAnotherTableLeavesItAsItIs) {
  TurnDatOn();
  Sum(0x40000, 1000, 0);
  machine_.PutCode(0x20000, {0xb2, 0x21, 0x00, 0x67,    // ipte 6,7
                             0x83, 0x00, 0x00, 0x44});  // diag
  machine_.cpu.gpr[6] = 0xa0000;
  machine_.cpu.gpr[7] = 0x40000;
  machine_.cpu.psw.address = 0x20000;
  machine_.Run();
  machine_.Put<uint64_t>(0x40000, 1);
  Sum(0x40000, 1000, 0);
  EXPECT_EQ(sum(), 1000u);
}

TEST_F(LoadWindowTest, ALargeFrameThatIsInvalidatedIsLoadedFromNoMore) {
  TurnDatOn();
  Sum(0x200000, 1000, 8);
  machine_.PutCode(0x20000, {0xb9, 0x8e, 0x00, 0x67,    // idte 6,0,7
                             0x83, 0x00, 0x00, 0x44});  // diag
  machine_.cpu.gpr[6] = kSegmentTable;
  machine_.cpu.gpr[7] = 0x200000;
  machine_.cpu.psw.address = 0x20000;
  machine_.Run();
  Sum(0x200000, 1, 0);
  EXPECT_EQ(machine_.block.iprcc, 0x10);  // segment translation
}

TEST_F(LoadWindowTest, ASpaceThatIsSwitchedToHasAWindowOfItsOwn) {
  TurnDatOn();
  constexpr uint64_t kOtherTable = 0xa0000;
  for (uint64_t segment = 0; segment < 512; ++segment)
    machine_.Put<uint64_t>(kOtherTable + segment * 8,
                           machine_.Read<uint64_t>(kSegmentTable + segment * 8));
  machine_.Put<uint64_t>(kOtherTable + 1 * 8, 2 * kSegmentSize | kFormatControl);
  machine_.Put<uint64_t>(0x100000, 1);
  machine_.Put<uint64_t>(0x200000, 2);
  Sum(0x100000, 1000, 0);
  EXPECT_EQ(sum(), 1000u);
  machine_.cpu.cr[1] = kOtherTable;
  Sum(0x100000, 1000, 0);
  EXPECT_EQ(sum(), 2000u);
  machine_.cpu.cr[1] = kSegmentTable;
  Sum(0x100000, 1000, 0);
  EXPECT_EQ(sum(), 1000u);
}

TEST_F(LoadWindowTest, PagesOfAWindowAreReferenced) {
  Sum(0x100000, 1000, 8);
  Sum(0x180000, 1, 8);
  const UserAddress page(reinterpret_cast<uint64_t>(machine_.At(0x180000)));
  EXPECT_NE(machine_.keys.KeyOf(page) & kKeyReference, 0);
}

TEST_F(LoadWindowTest, WhoUsesStorageKeysHasNone) {
  machine_.keys.set_used();
  const UserAddress page(reinterpret_cast<uint64_t>(machine_.At(0x180000)));
  machine_.keys.KeyOf(page) = 0;
  Sum(0x100000, 1000, 8);
  EXPECT_EQ(machine_.keys.KeyOf(page), 0);
  ExpectWindow(0);
}

// 31-bit addresses go on at 0.
TEST_F(LoadWindowTest, AddressesOfLessThan64BitsWrap) {
  machine_.cpu.psw.mask &= ~Psw::kExtendedAddressing;
  machine_.Put<uint64_t>(0x100000, 7);
  Sum(0x80100000, 1000, 0);
  EXPECT_EQ(sum(), 7000u);
}

}  // namespace
}  // namespace hypervisor
