// STORE THEN AND SYSTEM MASK and STORE THEN OR SYSTEM MASK in code that runs for long (PoP: Control
// Instructions): what they enable comes at once.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "gtest/gtest.h"
#include "hypervisor/arch/psw.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kCode = GuestMachine::kProgram;
constexpr uint64_t kDisabled = 0x20000;
constexpr uint64_t kEnabled = 0x20001;
constexpr uint64_t kHandler = 0x30000;
constexpr uint64_t kOtherCode = 0x40000;
constexpr uint64_t kClockComparatorSubclass = 0x800;
constexpr uint64_t kTurns = 50'000;

class SystemMaskTest : public testing::Test {
 protected:
  SystemMaskTest() {
    // Turns as gpr 3 says, with interruptions disabled in between; then to gpr 4.
    machine_.PutCode(kCode, {0xac, 0xfc, 0x50, 0x00,       // stnsm 0(5),x'fc'
                             0xa7, 0x2b, 0x00, 0x01,       // aghi 2,1
                             0xad, 0x03, 0x50, 0x01,       // stosm 1(5),3
                             0xa7, 0x37, 0xff, 0xfa,       // brctg 3,*-12
                             0x07, 0xf4});                 // br 4
    machine_.PutCode(kHandler, {0x83, 0x00, 0x00, 0x44});  // diag
    machine_.PutCode(kOtherCode, {0x83, 0x00, 0x00, 0x44});
    machine_.Put<uint64_t>(0x1b0, Psw::kExtendedAddressing | Psw::kBasicAddressing);
    machine_.Put<uint64_t>(0x1b8, kHandler);  // external
    machine_.Put<uint64_t>(0x1d0, Psw::kExtendedAddressing | Psw::kBasicAddressing);
    machine_.Put<uint64_t>(0x1d8, kHandler);  // program
    machine_.block.ictl = uapi::kIctlPint;
    machine_.cpu.psw.mask |= Psw::kExternal | Psw::kIo;
    machine_.cpu.gpr[2] = 0;
    machine_.cpu.gpr[3] = kTurns;
    machine_.cpu.gpr[4] = kOtherCode;
    machine_.cpu.gpr[5] = kDisabled;
    machine_.cpu.clock_comparator = ~uint64_t{0};
  }

  GuestMachine machine_;
};

TEST_F(SystemMaskTest, IsStoredAndChanged) {
  machine_.Run();
  EXPECT_EQ(machine_.cpu.gpr[2], kTurns);
  EXPECT_EQ(machine_.Read<uint8_t>(kDisabled), 0x03);
  EXPECT_EQ(machine_.Read<uint8_t>(kEnabled), 0x00);
  EXPECT_EQ(machine_.cpu.psw.mask >> 56, 0x03u);
  EngineStatistics counts;
  machine_.sie->AddStatistics(counts);
  if (!counts.contains("handler calls") || std::getenv("UCONTROL_CHAOS")) return;
  EXPECT_LT(counts["handler calls"], kTurns);  // of 2 * kTurns instructions
}

TEST_F(SystemMaskTest, AClockComparatorThatHasPassedInterruptsWhereItIsEnabled) {
  machine_.cpu.cr[0] |= kClockComparatorSubclass;
  machine_.PutCode(kOtherCode, {0xac, 0xfc, 0x50, 0x00,    // stnsm 0(5),x'fc'
                                0xb2, 0x06, 0x60, 0x00,    // sckc 0(6): long ago
                                0xa7, 0x2b, 0x00, 0x01,    // aghi 2,1
                                0xad, 0x03, 0x50, 0x01,    // stosm 1(5),3
                                0xa7, 0x28, 0x00, 0x00});  // lhi 2,0
  machine_.block.eca |= uapi::kEcaCei;
  machine_.cpu.gpr[6] = 0x21000;
  machine_.Put<uint64_t>(0x21000, 1);
  machine_.Run();
  EXPECT_EQ(machine_.cpu.psw.address, kHandler + 4);
  EXPECT_EQ(machine_.Read<uint16_t>(0x86), 0x1004);
  EXPECT_EQ(machine_.Read<uint64_t>(0x138), kOtherCode + 16);
  EXPECT_EQ(machine_.cpu.gpr[2], kTurns + 1);
}

TEST_F(SystemMaskTest, ARequestOfTheHostIsSeenWhereItIsEnabled) {
  machine_.cpu.gpr[3] = ~uint64_t{0} >> 1;
  std::thread host([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::atomic_ref(machine_.block.cpuflags).fetch_or(uapi::kCpuIoInt);
  });
  machine_.Run();
  host.join();
  EXPECT_EQ(machine_.block.icptcode, static_cast<uint8_t>(uapi::Interception::kIoRequest));
  // A poll may come elsewhere, but not while they are disabled.
  EXPECT_NE(machine_.cpu.psw.address, kCode + 4);
  EXPECT_NE(machine_.cpu.psw.address, kCode + 8);
  EXPECT_EQ(machine_.cpu.psw.mask >> 56, 0x03u);
}

// In code that was executed in the supervisor state before.
TEST_F(SystemMaskTest, IsPrivileged) {
  machine_.Run();
  machine_.block.ictl = 0;
  machine_.cpu.psw.mask |= Psw::kProblemState;
  machine_.cpu.psw.address = kCode;
  machine_.cpu.gpr[2] = 0;
  machine_.cpu.gpr[3] = 1;
  machine_.Run();
  EXPECT_EQ(machine_.cpu.psw.address, kHandler + 4);
  EXPECT_EQ(machine_.Read<uint16_t>(0x8e), 2);
  EXPECT_EQ(machine_.cpu.gpr[2], 0u);
}

TEST_F(SystemMaskTest, IsTheHostsIfItWantsIt) {
  machine_.Run();
  machine_.block.ictl |= uapi::kIctlStosm;
  machine_.cpu.psw.address = kCode;
  machine_.cpu.gpr[3] = kTurns;
  machine_.Run();
  EXPECT_EQ(machine_.block.icptcode, static_cast<uint8_t>(uapi::Interception::kInstruction));
  EXPECT_EQ(machine_.block.ipa, 0xad03);
  EXPECT_EQ(machine_.cpu.gpr[3], kTurns);
}

}  // namespace
}  // namespace hypervisor
