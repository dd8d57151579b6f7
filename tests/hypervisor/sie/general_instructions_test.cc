// General instructions where user mode of QEMU can't judge: addressing modes, interruptions,
// PERFORM LOCKED OPERATION, and what QEMU lacks. tests/differential has all the others.
#include "gtest/gtest.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/prefix_area.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

using uapi::Interception;

constexpr uint64_t kOperand = 0x30000;

class GeneralInstructionsTest : public testing::Test {
 protected:
  // Executes one instruction; a DIAGNOSE stands behind it and at 0x20000, where r2 and r9 point.
  void Execute(std::initializer_list<uint8_t> code) {
    machine.PutCode(GuestMachine::kProgram, code);
    machine.PutCode(GuestMachine::kProgram + code.size(), {0x83, 0x00, 0x00, 0x44});
    machine.PutCode(0x20000, {0x83, 0x00, 0x00, 0x45});
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.block.iprcc = 0;
    machine.Run();
  }
  bool Branched() { return machine.block.ipb == 0x00450000u; }
  void SetMode(uint64_t bits) { machine.cpu.psw.mask = bits; }
  uint64_t Mode() {
    return machine.cpu.psw.mask & (Psw::kExtendedAddressing | Psw::kBasicAddressing);
  }

  static constexpr uint64_t k64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;
  static constexpr uint64_t k31 = Psw::kBasicAddressing;

  GuestMachine machine;
};

TEST_F(GeneralInstructionsTest, BalSavesLengthConditionAndMaskIn24BitMode) {
  SetMode(uint64_t{2} << 44 | uint64_t{5} << 40);
  machine.cpu.gpr[1] = 0x1111111111111111;
  machine.cpu.gpr[2] = 0x0001ffe0;
  Execute({0x45, 0x10, 0x20, 0x20});  // bal 1,32(2)
  EXPECT_TRUE(Branched());
  EXPECT_EQ(machine.cpu.gpr[1], 0x11111111a5010004u);
}

TEST_F(GeneralInstructionsTest, BalSavesTheModeIn31BitMode) {
  SetMode(k31);
  machine.cpu.gpr[2] = 0x0001ffe0;
  Execute({0x45, 0x10, 0x20, 0x20});
  EXPECT_EQ(machine.cpu.gpr[1], 0x80010004u);
}

TEST_F(GeneralInstructionsTest, BasrWithoutRegisterOnlySaves) {
  Execute({0x0d, 0x10});  // basr 1,0
  EXPECT_FALSE(Branched());
  EXPECT_EQ(machine.cpu.gpr[1], GuestMachine::kProgram + 2);
}

TEST_F(GeneralInstructionsTest, BassmEnters31BitModeAndSavesTheOldOne) {
  machine.cpu.gpr[2] = 0x80020000;
  Execute({0x0c, 0x12});  // bassm 1,2
  EXPECT_TRUE(Branched());
  EXPECT_EQ(machine.cpu.gpr[1], GuestMachine::kProgram + 2 + 1);
  EXPECT_EQ(Mode(), k31);
}

TEST_F(GeneralInstructionsTest, BsmEnters64BitModeAndKeepsTheAddressOfR1) {
  SetMode(k31);
  machine.cpu.gpr[1] = 0x1234;
  machine.cpu.gpr[2] = 0x20001;
  Execute({0x0b, 0x12});  // bsm 1,2
  EXPECT_TRUE(Branched());
  EXPECT_EQ(machine.cpu.gpr[1], 0x80001234u);
  EXPECT_EQ(Mode(), k64);
}

TEST_F(GeneralInstructionsTest, BsmEnters24BitMode) {
  machine.cpu.gpr[2] = 0x20000;
  Execute({0x0b, 0x02});  // bsm 0,2
  EXPECT_TRUE(Branched());
  EXPECT_EQ(Mode(), 0u);
}

TEST_F(GeneralInstructionsTest, LaYieldsAsManyBitsAsTheModeHas) {
  const auto load = [&](uint64_t mode) {
    SetMode(mode);
    machine.cpu.gpr[1] = 0x5555555555555555;
    machine.cpu.gpr[2] = 0x123456789abcdef0;
    machine.cpu.gpr[3] = 0;
    Execute({0x41, 0x12, 0x30, 0x10});  // la 1,16(2,3)
    return machine.cpu.gpr[1];
  };
  EXPECT_EQ(load(k64), 0x123456789abcdf00u);
  EXPECT_EQ(load(k31), 0x555555551abcdf00u);
  EXPECT_EQ(load(0), 0x5555555500bcdf00u);
}

TEST_F(GeneralInstructionsTest, SamChangesTheModeAndTamTellsIt) {
  Execute({0x01, 0x0c, 0x01, 0x0b});  // sam24, tam
  EXPECT_EQ(machine.cpu.psw.condition_code(), 0);
  Execute({0x01, 0x0d, 0x01, 0x0b});  // sam31, tam
  EXPECT_EQ(machine.cpu.psw.condition_code(), 1);
  Execute({0x01, 0x0e, 0x01, 0x0b});  // sam64, tam
  EXPECT_EQ(machine.cpu.psw.condition_code(), 3);
  EXPECT_EQ(Mode(), k64);
}

TEST_F(GeneralInstructionsTest, Sam24IsRefusedWhereItsAddressHasMoreBits) {
  machine.space.Map(UserAddress(reinterpret_cast<uint64_t>(machine.At(0))), VcpuAddress(0x1000000),
                    kSegmentSize);
  machine.block.ictl = uapi::kIctlPint;
  machine.PutCode(0x10000, {0x01, 0x0c});
  machine.cpu.psw.address = 0x1010000;
  machine.Run();
  EXPECT_EQ(machine.block.iprcc, static_cast<uint16_t>(PgmCode::kSpecification));
}

TEST_F(GeneralInstructionsTest, SupervisorCallSwapsThePsw) {
  machine.Put<uint64_t>(prefix_area::kSvcNewPsw, k64);
  machine.Put<uint64_t>(prefix_area::kSvcNewPsw + 8, 0x20000);
  SetMode(k64 | Psw::kProblemState | uint64_t{3} << 44);
  Execute({0x0a, 0x07});  // svc 7
  EXPECT_TRUE(Branched());
  EXPECT_EQ(machine.Read<uint16_t>(prefix_area::kSvcIlc), 2);
  EXPECT_EQ(machine.Read<uint16_t>(prefix_area::kSvcCode), 7);
  EXPECT_EQ(machine.Read<uint64_t>(prefix_area::kSvcOldPsw),
            k64 | Psw::kProblemState | uint64_t{3} << 44);
  EXPECT_EQ(machine.Read<uint64_t>(prefix_area::kSvcOldPsw + 8), GuestMachine::kProgram + 2);
}

TEST_F(GeneralInstructionsTest, SupervisorCallLeavesSieIfItsNumberIsWatched) {
  machine.block.svcc = 0x20000700;  // the second byte of three
  Execute({0x0a, 0x07});
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kInstruction));
  EXPECT_EQ(machine.block.ipa, 0x0a07);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 2);
}

TEST_F(GeneralInstructionsTest, MonitorCallOfAWatchedClassIsAnEvent) {
  machine.block.ictl = uapi::kIctlPint;
  machine.cpu.gpr[4] = 0x1000;
  Execute({0xaf, 0x05, 0x41, 0x23});  // mc 0x123(4),5
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kInstruction));
  machine.cpu.cr[8] = 0x8000 >> 5;
  Execute({0xaf, 0x05, 0x41, 0x23});
  EXPECT_EQ(machine.block.iprcc, static_cast<uint16_t>(PgmCode::kMonitorEvent));
  EXPECT_EQ(machine.block.mcn, 5);
  EXPECT_EQ(machine.block.tecmc, 0x1123u);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 4);
}

TEST_F(GeneralInstructionsTest, TestAndSetTellsTheOldBit) {
  machine.cpu.gpr[6] = kOperand;
  machine.Put<uint8_t>(kOperand, 0x7f);
  Execute({0x93, 0x00, 0x60, 0x00});  // ts 0(6)
  EXPECT_EQ(machine.cpu.psw.condition_code(), 0);
  EXPECT_EQ(machine.Read<uint8_t>(kOperand), 0xff);
  Execute({0x93, 0x00, 0x60, 0x00});
  EXPECT_EQ(machine.cpu.psw.condition_code(), 1);
}

TEST_F(GeneralInstructionsTest, AccessRegistersAreCopiedAndLoadedWithTheSpace) {
  machine.cpu.ar[2] = 0x1234;
  Execute({0xb2, 0x4d, 0x00, 0x12});  // cpya 1,2
  EXPECT_EQ(machine.cpu.ar[1], 0x1234u);
  machine.cpu.gpr[5] = 0x100;
  SetMode(k64 | uint64_t{3} << 46);   // home space, DAT off
  Execute({0x51, 0x10, 0x50, 0x10});  // lae 1,16(5)
  EXPECT_EQ(machine.cpu.ar[1], 2u);
  EXPECT_EQ(machine.cpu.gpr[1], 0x110u);
}

TEST_F(GeneralInstructionsTest, LmdLoadsHalvesFromTwoPlaces) {
  machine.cpu.gpr[6] = kOperand;
  machine.Put<uint64_t>(kOperand, 0x1111111122222222);
  machine.Put<uint64_t>(kOperand + 0x20, 0x3333333344444444);
  Execute({0xef, 0x12, 0x60, 0x00, 0x60, 0x20});  // lmd 1,2,0(6),32(6)
  EXPECT_EQ(machine.cpu.gpr[1], 0x1111111133333333u);
  EXPECT_EQ(machine.cpu.gpr[2], 0x2222222244444444u);
}

TEST_F(GeneralInstructionsTest, StmhStoresTheLeftHalves) {
  machine.cpu.gpr[6] = kOperand;
  machine.cpu.gpr[1] = 0x0123456789abcdef;
  machine.cpu.gpr[2] = 0xfedcba9876543210;
  Execute({0xeb, 0x12, 0x60, 0x00, 0x00, 0x26});  // stmh 1,2,0(6)
  EXPECT_EQ(machine.Read<uint64_t>(kOperand), 0x01234567fedcba98u);
}

class PerformLockedOperationTest : public GeneralInstructionsTest {
 protected:
  // plo 2,0(6),4,0(7)
  int Perform(int function) {
    machine.cpu.gpr[0] = static_cast<uint64_t>(function);
    machine.cpu.gpr[1] = 0x4711;
    machine.cpu.gpr[6] = kOperand;
    machine.cpu.gpr[7] = kList;
    machine.block.ictl = uapi::kIctlPint;
    Execute({0xee, 0x24, 0x60, 0x00, 0x70, 0x00});
    return machine.block.iprcc ? -machine.block.iprcc : machine.cpu.psw.condition_code();
  }

  static constexpr uint64_t kList = 0x31000;
  static constexpr int kSpecification = -static_cast<int>(PgmCode::kSpecification);
};

TEST_F(PerformLockedOperationTest, TellsWhichFunctionsThereAre) {
  EXPECT_EQ(Perform(0x80 | 23), 0);
  EXPECT_EQ(Perform(0x80 | 24), 3);
  EXPECT_EQ(Perform(24), kSpecification);
  EXPECT_EQ(Perform(0x100), kSpecification);
}

TEST_F(PerformLockedOperationTest, ComparesAndLoads) {
  machine.Put<uint32_t>(kOperand, 5);
  machine.Put<uint32_t>(kList, 9);
  machine.cpu.gpr[2] = 5;
  EXPECT_EQ(Perform(0), 0);
  EXPECT_EQ(machine.cpu.gpr[4], 9u);
  machine.cpu.gpr[2] = 6;
  EXPECT_EQ(Perform(0), 1);
  EXPECT_EQ(machine.cpu.gpr[2], 5u);
}

TEST_F(PerformLockedOperationTest, ComparesAndSwapsTwice) {
  machine.Put<uint64_t>(kOperand, 5);
  machine.Put<uint64_t>(kList, 9);
  machine.cpu.gpr[2] = 5;
  machine.cpu.gpr[3] = 50;
  machine.cpu.gpr[4] = 8;
  machine.cpu.gpr[5] = 90;
  EXPECT_EQ(Perform(10), 2);
  EXPECT_EQ(machine.cpu.gpr[4], 9u);
  EXPECT_EQ(machine.Read<uint64_t>(kOperand), 5u);
  EXPECT_EQ(Perform(10), 0);
  EXPECT_EQ(machine.Read<uint64_t>(kOperand), 50u);
  EXPECT_EQ(machine.Read<uint64_t>(kList), 90u);
}

TEST_F(PerformLockedOperationTest, SwapsWordsAndStoresTwoMore) {
  machine.Put<uint32_t>(kOperand, 5);
  machine.cpu.gpr[2] = 5;
  machine.cpu.gpr[3] = 50;
  machine.Put<uint32_t>(kList + 60, 0x33);
  machine.Put<uint64_t>(kList + 72, 0x32000);
  machine.Put<uint32_t>(kList + 92, 0x55);
  machine.Put<uint64_t>(kList + 104, 0x32004);
  EXPECT_EQ(Perform(16), 0);
  EXPECT_EQ(machine.Read<uint32_t>(kOperand), 50u);
  EXPECT_EQ(machine.Read<uint64_t>(0x32000), 0x0000003300000055u);
}

TEST_F(PerformLockedOperationTest, SwapsQuadwordsAndStoresThreeMore) {
  machine.Put<uint64_t>(kOperand + 8, 5);
  machine.Put<uint64_t>(kList + 8, 5);
  machine.Put<uint64_t>(kList + 16, 0x5050);
  for (uint64_t i = 0; i < 3; ++i) {
    machine.Put<uint64_t>(kList + 48 + 32 * i, 0x30 + i);
    machine.Put<uint64_t>(kList + 72 + 32 * i, 0x32000 + 16 * i);
  }
  EXPECT_EQ(Perform(23), 0);
  EXPECT_EQ(machine.Read<uint64_t>(kOperand), 0x5050u);
  EXPECT_EQ(machine.Read<uint64_t>(0x32000), 0x30u);
  EXPECT_EQ(machine.Read<uint64_t>(0x32010), 0x31u);
  EXPECT_EQ(machine.Read<uint64_t>(0x32020), 0x32u);
  machine.Put<uint64_t>(kList + 8, 6);
  EXPECT_EQ(Perform(23), 1);
  EXPECT_EQ(machine.Read<uint64_t>(kList), 0x5050u);
  EXPECT_EQ(machine.Read<uint64_t>(kList + 8), 0u);
}

TEST_F(PerformLockedOperationTest, StoresNothingIfOneOperandIsNotThere) {
  machine.Put<uint32_t>(kOperand, 5);
  machine.cpu.gpr[2] = 5;
  machine.cpu.gpr[3] = 50;
  machine.Put<uint64_t>(kList + 72, 0x32000);
  machine.Put<uint64_t>(kList + 104, GuestMachine::kStorageSize);
  Perform(16);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram);
  EXPECT_EQ(machine.Read<uint32_t>(kOperand), 5u);
}

}  // namespace
}  // namespace hypervisor
