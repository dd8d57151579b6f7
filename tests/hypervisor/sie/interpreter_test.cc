#include "tests/hypervisor/sie/guest_machine.h"

#include <chrono>
#include <thread>

#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"

namespace hypervisor {
namespace {

using uapi::Interception;

TEST(InterpreterTest, RunsUntilDiagnoseLeavesSie) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xb9, 0x82, 0x00, 0x00,              // xgr 0,0
                                           0xc0, 0x11, 0x00, 0x00, 0x00, 0x01,  // lgfi 1,1
                                           0x83, 0x00, 0x00, 0x44,              // diag 0,0,0x44
                                           0xa7, 0x0a, 0x00, 0x01,              // ahi 0,1
                                           0xa7, 0xf4, 0xff, 0xfc});            // j to the diag
  EXPECT_EQ(machine.Run().reason, SieExit::Reason::kIntercepted);
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kInstruction));
  EXPECT_EQ(machine.block.ipa, 0x8300);
  EXPECT_EQ(machine.block.ipb, 0x00440000u);
  EXPECT_EQ(machine.cpu.gpr[1], 1u);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 14);
  machine.Run();
  EXPECT_EQ(machine.cpu.gpr[0], 1u);
}

TEST(InterpreterTest, BytesOfAllOnesAreAnOperationExceptionAtOnce) {
  GuestMachine machine;
  machine.Put<uint64_t>(GuestMachine::kProgram, ~uint64_t{0});
  machine.block.ictl = uapi::kIctlPint;
  machine.Run();
  EXPECT_EQ(machine.block.iprcc, 1);
  EXPECT_EQ(machine.block.pgmilc, 6);
}

TEST(InterpreterTest, AnUnmappedSegmentNullifiesTheStore) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xa7, 0x0a, 0x00, 0x01,    // ahi 0,1
                                           0x50, 0x15, 0x60, 0x00});  // st 1,0(5,6)
  machine.cpu.gpr[6] = GuestMachine::kStorageSize + 1;
  const SieExit exit = machine.Run();
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(exit.address, VcpuAddress(GuestMachine::kStorageSize));
  EXPECT_EQ(machine.cpu.gpr[0], 1u);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 4);
}

TEST(InterpreterTest, MemoryThatVanishedEndsSieInsteadOfTheProcess) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0x50, 0x15, 0x60, 0x00});  // st 1,0(5,6)
  machine.cpu.gpr[6] = kSegmentSize;
  mprotect(machine.At(kSegmentSize), kSegmentSize, PROT_NONE);
  const SieExit exit = machine.Run();
  EXPECT_EQ(exit.reason, SieExit::Reason::kBackingMissing);
  EXPECT_EQ(exit.address, VcpuAddress(kSegmentSize));
}

TEST(InterpreterTest, AnOverflowIsPresentedInTheGuest) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0x1a, 0x12,  // ar 1,2
                                           0x83, 0x00, 0x00, 0x44});
  machine.PutCode(0x20000, {0x83, 0x00, 0x00, 0x45});
  machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x180000000);
  machine.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, 0x20000);
  machine.cpu.psw.mask |= Psw::kFixedPointOverflow;
  machine.cpu.gpr[1] = 0x7fffffff;
  machine.cpu.gpr[2] = 1;
  machine.Run();
  EXPECT_EQ(machine.block.ipb, 0x00450000u);
  EXPECT_EQ(machine.Read<uint16_t>(prefix_area::kProgramCode), 8);
  EXPECT_EQ(machine.Read<uint16_t>(prefix_area::kProgramIlc), 2);
  EXPECT_EQ(machine.Read<uint64_t>(prefix_area::kProgramOldPsw + 8), GuestMachine::kProgram + 2);
  EXPECT_EQ(machine.cpu.gpr[1], 0x80000000u);
}

TEST(InterpreterTest, AKickEndsALoop) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xa7, 0xf4, 0x00, 0x00});  // j .
  std::thread kicker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    machine.sie->Kick();
  });
  EXPECT_EQ(machine.Run().reason, SieExit::Reason::kKicked);
  kicker.join();
}

TEST(InterpreterTest, AProgramThatChangesItselfRunsWhatItWrote) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0x50, 0x10, 0x60, 0x00,  // st 1,0(6)
                                           0xa7, 0x0a, 0x00, 0x01,  // ahi 0,1: replaced
                                           0x83, 0x00, 0x00, 0x44});
  machine.cpu.gpr[1] = 0xa70a0007;
  machine.cpu.gpr[6] = GuestMachine::kProgram + 4;
  machine.Run();
  EXPECT_EQ(machine.cpu.gpr[0], 7u);
}

}  // namespace
}  // namespace hypervisor
