// Operands in another address space or under another key (PoP: MOVE WITH OPTIONAL SPECIFICATIONS):
// what the TLB knows of them is of that space and that key, and ends when it must.
#include <initializer_list>

#include "gtest/gtest.h"
#include "hypervisor/arch/interruption.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

using uapi::Interception;

// How an operand is found: one half of general register 0.
constexpr uint16_t kByPsw = 0;
constexpr uint16_t kPrimary = 0x01;
constexpr uint16_t kSecondary = 0x81;
constexpr uint16_t kHome = 0xc1;
constexpr uint16_t UnderKey(uint16_t control, int key) {
  return static_cast<uint16_t>(control | 2 | key << 12);
}

constexpr uint64_t kOperand = 0x40100;
constexpr uint64_t kResult = 0x20000;  // the same page in all spaces, as all but that of kOperand

// Three spaces, and a fourth in none of the control registers.
class OtherSpaceTest : public testing::Test {
 protected:
  static constexpr uint64_t kTables[] = {0x80000, 0x84000, 0x88000, 0x8c000};
  static constexpr uint64_t kFrames[] = {0x40000, 0x50000, 0x60000, 0x70000};

  OtherSpaceTest() {
    for (int space = 0; space < 4; ++space) {
      machine_.Put<uint64_t>(kTables[space], PageTable(space));
      for (uint64_t page = 0; page < 256; ++page)
        machine_.Put<uint64_t>(PageTable(space) + page * 8, page * kPageSize);
      PutFrame(space, kFrames[space]);
      machine_.Put<uint8_t>(kFrames[space] + (kOperand & kPageMask),
                            static_cast<uint8_t>(0xa0 + space));
    }
    machine_.cpu.cr[0] |= 0x4000000;  // secondary-space control
    machine_.cpu.cr[1] = kTables[0];
    machine_.cpu.cr[7] = kTables[1];
    machine_.cpu.cr[13] = kTables[2];
    machine_.cpu.psw.mask |= Psw::kDat;
    // A program interruption waits.
    machine_.Put<uint64_t>(0x1d0, Psw::kWait | Psw::kExtendedAddressing | Psw::kBasicAddressing);
  }

  static uint64_t PageTable(int space) { return kTables[space] + 0x1000; }
  static uint64_t EntryOfOperand(int space) { return PageTable(space) + kOperand / kPageSize * 8; }
  void PutFrame(int space, uint64_t frame) { machine_.Put<uint64_t>(EntryOfOperand(space), frame); }

  void Execute(std::initializer_list<uint8_t> code) {
    machine_.PutCode(GuestMachine::kProgram, code);
    machine_.PutCode(GuestMachine::kProgram + code.size(), {0x83, 0x00, 0x00, 0x44});  // diag
    machine_.cpu.psw.address = GuestMachine::kProgram;
    psw_ = machine_.cpu.psw;
    machine_.Run();
  }
  void Move(uint64_t to, uint16_t to_control, uint64_t from, uint16_t from_control,
            uint64_t length = 1) {
    machine_.cpu.gpr[0] = uint64_t{to_control} << 16 | from_control;
    machine_.cpu.gpr[2] = to;
    machine_.cpu.gpr[3] = length;
    machine_.cpu.gpr[4] = from;
    Execute({0xc8, 0x30, 0x20, 0x00, 0x40, 0x00});  // mvcos 0(2),0(4),3
  }
  // Of the latest move; kNone if it was made.
  PgmCode Interruption() {
    if (machine_.block.icptcode == static_cast<uint8_t>(Interception::kInstruction))
      return PgmCode::kNone;
    machine_.cpu.psw = psw_;
    return static_cast<PgmCode>(machine_.Read<uint16_t>(0x8e));
  }

  // The operand's byte in a space.
  int Fetched(uint16_t control) {
    Move(kResult, kByPsw, kOperand, control);
    EXPECT_EQ(Interruption(), PgmCode::kNone);
    return machine_.Read<uint8_t>(kResult);
  }
  void ExpectFetchStopped(uint16_t control, PgmCode code) {
    Move(kResult, kByPsw, kOperand, control);
    EXPECT_EQ(Interruption(), code);
  }
  void SetKey(uint64_t frame, uint64_t key) {
    machine_.cpu.gpr[5] = key;
    machine_.cpu.gpr[6] = frame;
    Execute({0xb2, 0x2b, 0x00, 0x56});  // sske 5,6
  }

  GuestMachine machine_;
  Psw psw_;  // before the latest instruction
};

TEST_F(OtherSpaceTest, EachSpaceHasItsOwnPage) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Fetched(kByPsw), 0xa0);
    EXPECT_EQ(Fetched(kSecondary), 0xa1);
    EXPECT_EQ(Fetched(kHome), 0xa2);
    EXPECT_EQ(Fetched(kPrimary), 0xa0);
  }
}

TEST_F(OtherSpaceTest, AStoreIsToTheSpaceThatIsNamed) {
  machine_.Put<uint8_t>(kResult, 1);
  for (uint8_t round = 1; round < 4; ++round) {
    machine_.Put<uint8_t>(kResult, round);
    Move(kOperand, kHome, kResult, kByPsw);
    EXPECT_EQ(machine_.Read<uint8_t>(0x60100), round);
    EXPECT_EQ(machine_.Read<uint8_t>(0x40100), 0xa0);
  }
}

TEST_F(OtherSpaceTest, ThePswsSpaceIsAnotherWhereThePswSaysSo) {
  EXPECT_EQ(Fetched(UnderKey(kByPsw, 0)), 0xa0);
  machine_.cpu.psw.mask |= uint64_t{2} << 46;  // secondary-space mode
  EXPECT_EQ(Fetched(UnderKey(kByPsw, 0)), 0xa1);
  EXPECT_EQ(Fetched(kPrimary), 0xa0);
  machine_.cpu.psw.mask |= uint64_t{3} << 46;  // home-space mode
  EXPECT_EQ(Fetched(UnderKey(kByPsw, 0)), 0xa2);
}

TEST_F(OtherSpaceTest, APageKnownUnderOneKeyIsNotPermittedUnderAnother) {
  SetKey(kFrames[1], 0x38);  // key 3, fetch protection
  EXPECT_EQ(Fetched(UnderKey(kSecondary, 3)), 0xa1);
  ExpectFetchStopped(UnderKey(kSecondary, 4), PgmCode::kProtection);
  EXPECT_EQ(Fetched(UnderKey(kSecondary, 3)), 0xa1);
  EXPECT_EQ(Fetched(kSecondary), 0xa1) << "key 0";
  machine_.cpu.gpr[1] = 0x40;
  Execute({0xb2, 0x0a, 0x10, 0x00});  // spka 0(1)
  ExpectFetchStopped(kSecondary, PgmCode::kProtection);
}

TEST_F(OtherSpaceTest, AFrameWhoseKeyIsSetIsTestedAgain) {
  EXPECT_EQ(Fetched(UnderKey(kSecondary, 3)), 0xa1);
  SetKey(kFrames[1], 0x48);
  ExpectFetchStopped(UnderKey(kSecondary, 3), PgmCode::kProtection);
}

TEST_F(OtherSpaceTest, AKnownPageOfFetchesIsNotOneOfStores) {
  machine_.Put<uint64_t>(EntryOfOperand(2), kFrames[2] | 0x200);  // DAT protection
  EXPECT_EQ(Fetched(kHome), 0xa2);
  Move(kOperand, kHome, kResult, kByPsw);
  EXPECT_EQ(Interruption(), PgmCode::kProtection);
}

TEST_F(OtherSpaceTest, PurgeTlbEndsWhatWasKnown) {
  EXPECT_EQ(Fetched(kHome), 0xa2);
  PutFrame(2, kFrames[3]);
  Execute({0xb2, 0x0d, 0x00, 0x00});  // ptlb
  EXPECT_EQ(Fetched(kHome), 0xa3);
}

TEST_F(OtherSpaceTest, InvalidatePageTableEntryEndsWhatWasKnownOfThePage) {
  EXPECT_EQ(Fetched(kSecondary), 0xa1);
  machine_.cpu.gpr[5] = PageTable(1);
  machine_.cpu.gpr[6] = kOperand;
  Execute({0xb2, 0x21, 0x00, 0x56});  // ipte 5,6
  ExpectFetchStopped(kSecondary, PgmCode::kPageTranslation);
}

TEST_F(OtherSpaceTest, InvalidateDatTableEntryEndsWhatWasKnownOfTheSpace) {
  EXPECT_EQ(Fetched(kSecondary), 0xa1);
  EXPECT_EQ(Fetched(kHome), 0xa2);
  PutFrame(1, kFrames[3]);
  machine_.cpu.gpr[5] = kTables[1];
  machine_.cpu.gpr[6] = 0x800;        // clearing by ASCE
  Execute({0xb9, 0x8e, 0x50, 0x06});  // idte 0,5,6
  EXPECT_EQ(Fetched(kSecondary), 0xa3);
  EXPECT_EQ(Fetched(kHome), 0xa2);
}

TEST_F(OtherSpaceTest, ALoadedControlRegisterNamesAnotherSpace) {
  EXPECT_EQ(Fetched(kHome), 0xa2);
  machine_.Put<uint64_t>(0x30000, kTables[3]);
  machine_.cpu.gpr[1] = 0x30000;
  Execute({0xeb, 0xdd, 0x10, 0x00, 0x00, 0x2f});  // lctlg 13,13,0(1)
  EXPECT_EQ(Fetched(kHome), 0xa3);
}

TEST_F(OtherSpaceTest, LowAddressesOfAKnownPageStayProtected) {
  const auto store = [&](uint64_t to) {
    Move(to, kHome, kResult, kByPsw);
    return Interruption();
  };
  EXPECT_EQ(store(0x100), PgmCode::kNone);
  machine_.cpu.cr[0] |= 0x10000000;
  EXPECT_EQ(store(0x200), PgmCode::kNone);
  EXPECT_EQ(store(0x100), PgmCode::kProtection);
  EXPECT_EQ(store(0x200), PgmCode::kNone);
}

// The home space's page at kOperand is the one with the program.
TEST_F(OtherSpaceTest, CodeThatIsStoredIntoByAnotherSpaceIsExecutedAsItIsThen) {
  PutFrame(2, GuestMachine::kProgram);
  machine_.PutCode(kResult, {0xa7, 0x19, 0x00, 0x01, 0x07, 0xfe});  // lghi 1,1; br 14
  machine_.cpu.gpr[0] = uint64_t{kHome} << 16;
  machine_.cpu.gpr[2] = (kOperand & ~kPageMask) + 0x800;
  machine_.cpu.gpr[3] = 6;
  machine_.cpu.gpr[4] = kResult;
  machine_.cpu.gpr[7] = GuestMachine::kProgram + 0x800;
  machine_.cpu.gpr[9] = 1;
  machine_.cpu.gpr[10] = 100;
  Execute({0xc8, 0x30, 0x20, 0x00, 0x40, 0x00,  // mvcos 0(2),0(4),3
           0x0d, 0xe7,                          // basr 14,7
           0xb9, 0x08, 0x00, 0x81,              // agr 8,1
           0xa7, 0x9b, 0x00, 0x01,              // aghi 9,1
           0x42, 0x90, 0x40, 0x03,              // stc 9,3(4)
           0xa7, 0xa7, 0xff, 0xf6});            // brctg 10,-20
  EXPECT_EQ(machine_.cpu.gpr[8], 5050u);
}

TEST_F(OtherSpaceTest, AnOperandAcrossPagesIsOfTwoKnownPages) {
  PutFrame(1, kFrames[1]);
  machine_.Put<uint64_t>(EntryOfOperand(1) + 8, 0x73000);
  const uint64_t from = (kOperand & ~kPageMask) + kPageSize - 2;
  for (uint32_t round = 1; round < 4; ++round) {
    machine_.Put<uint16_t>(kFrames[1] + kPageSize - 2, static_cast<uint16_t>(round));
    machine_.Put<uint16_t>(0x73000, static_cast<uint16_t>(round + 1));
    Move(kResult, kByPsw, from, kSecondary, 4);
    EXPECT_EQ(machine_.Read<uint32_t>(kResult), round << 16 | (round + 1));
  }
}

}  // namespace
}  // namespace hypervisor
