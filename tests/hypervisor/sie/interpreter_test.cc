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

TEST(InterpreterTest, TheCpuTimerRunsInsideOnly) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xa7, 0xf4, 0x00, 0x00});  // j .
  std::thread kicker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    machine.sie->Kick();
  });
  const uint64_t before = machine.block.cputm;
  machine.Run();
  kicker.join();
  const uint64_t used = before - machine.block.cputm;
  EXPECT_GE(used, 10'000u << 12);  // the thread may have begun late
  EXPECT_LE(used, 10'000'000u << 12);

  // A short stay is charged, though no clock was read.
  machine.PutCode(GuestMachine::kProgram, {0x83, 0x00, 0x00, 0x44});
  machine.cpu.psw.address = GuestMachine::kProgram;
  const uint64_t between = machine.block.cputm;
  machine.Run();
  EXPECT_GT(between - machine.block.cputm, 0u);
  EXPECT_LT(between - machine.block.cputm, 1'000'000u << 12);
}

TEST(InterpreterTest, StoreCpuTimerIsNeverBehindItself) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xb2, 0x09, 0x20, 0x00,    // stpt 0(2)
                                           0xb2, 0x09, 0x20, 0x08,    // stpt 8(2)
                                           0x83, 0x00, 0x00, 0x44});  // diag
  machine.cpu.gpr[2] = 0x3000;
  const uint64_t before = machine.block.cputm;
  machine.Run();
  EXPECT_LE(machine.Read<uint64_t>(0x3000), before);
  EXPECT_LE(machine.Read<uint64_t>(0x3008), machine.Read<uint64_t>(0x3000));
  EXPECT_LE(machine.block.cputm, machine.Read<uint64_t>(0x3008));
}

// More often than there are context numbers.
TEST(InterpreterTest, EveryNewMappingIsSeen) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xe3, 0x10, 0x20, 0x00, 0x00, 0x04,  // lg 1,0(2)
                                           0x83, 0x00, 0x00, 0x44});            // diag
  machine.Put<uint64_t>(2 * kSegmentSize, 2);
  machine.Put<uint64_t>(3 * kSegmentSize, 3);
  machine.cpu.gpr[2] = kSegmentSize;
  for (uint64_t i = 0; i < 10000; ++i) {
    const uint64_t which = 2 + i % 2;
    machine.space.Map(UserAddress(reinterpret_cast<uint64_t>(machine.At(which * kSegmentSize))),
                      VcpuAddress(kSegmentSize), kSegmentSize);
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.Run();
    ASSERT_EQ(machine.cpu.gpr[1], which) << i;
  }
}

TEST(InterpreterTest, TranslationsOutliveARunButNotAPurge) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xb2, 0x0d, 0x00, 0x00,              // ptlb
                                           0xe3, 0x10, 0x20, 0x00, 0x00, 0x04,  // lg 1,0(2)
                                           0x83, 0x00, 0x00, 0x44});            // diag
  machine.Put<uint64_t>(0x3000, 7);
  machine.cpu.gpr[2] = 0x3000;
  for (int i = 0; i < 10000; ++i) {
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.cpu.gpr[1] = 0;
    machine.Run();
    ASSERT_EQ(machine.cpu.gpr[1], 7u) << i;
  }
}

// What may change between two runs: each time the engine has to look again.
TEST(InterpreterTest, AnotherPrefixOrControlRegisterIsSeen) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xe3, 0x10, 0x20, 0x00, 0x00, 0x04,  // lg 1,0(2)
                                           0x83, 0x00, 0x00, 0x44});            // diag
  machine.Put<uint64_t>(0x1000, 1);
  machine.Put<uint64_t>(0x101000, 2);
  machine.cpu.gpr[2] = 0x1000;
  for (const uint32_t prefix : {0u, 0x100000u, 0u}) {
    machine.cpu.prefix = prefix;
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.Run();
    EXPECT_EQ(machine.cpu.gpr[1], prefix ? 2u : 1u);
  }
  machine.PutCode(GuestMachine::kProgram, {0x50, 0x10, 0x00, 0x10});  // st 1,16
  machine.cpu.psw.address = GuestMachine::kProgram;
  machine.cpu.cr[0] |= 0x10000000;  // low-address protection
  machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x0002000180000000);
  machine.Run();
  EXPECT_EQ(machine.Read<uint16_t>(prefix_area::kProgramCode), 4);
}

TEST(InterpreterTest, ManyInstructionsNeedMorePlaces) {
  GuestMachine machine;
  uint64_t at = GuestMachine::kProgram;
  for (int i = 0; i < 20000; ++i, at += 4)
    machine.PutCode(at, {0xa7, 0x0b, 0x00, 0x01});  // aghi 0,1
  machine.PutCode(at, {0x83, 0x00, 0x00, 0x44});
  for (uint64_t round = 1; round <= 3; ++round) {
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.Run();
    EXPECT_EQ(machine.cpu.gpr[0], round * 20000);
  }
}

}  // namespace
}  // namespace hypervisor
