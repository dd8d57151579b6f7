// What others see of a loop that was translated as one, and what it sees of them.
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kCode = GuestMachine::kProgram;

class PolledLoopTest : public testing::TestWithParam<const char*> {
 protected:
  PolledLoopTest() {
    setenv("UCONTROL_REGIONS", GetParam(), 1);
    machine_.sie =
        MakeTranslator({machine_.space, machine_.keys, machine_.broadcast, machine_.facilities_});
  }
  void SetUp() override {
    if (!machine_.sie) GTEST_SKIP() << "this host has no translator";
  }

  GuestMachine machine_;
};

// The loop begins with an instruction that sets the condition code, so no instruction sees the one
// that its last turn left; but whoever interrupts it there does.
TEST_P(PolledLoopTest, TheConditionCodeIsThereThoughNoInstructionSeesIt) {
  machine_.PutCode(kCode, {0xb9, 0x02, 0x00, 0x66,    // ltgr 6,6: 0
                           0xb9, 0x0b, 0x00, 0x52,    // slgr 5,2: 3
                           0xa7, 0x36, 0xff, 0xfc,    // brct 3,*-8
                           0x83, 0x00, 0x00, 0x44});  // diag
  for (int attempt = 0; attempt < 20; ++attempt) {
    machine_.cpu.psw.address = kCode;
    machine_.cpu.gpr[2] = 0;
    machine_.cpu.gpr[3] = 0;
    machine_.cpu.gpr[5] = ~uint64_t{0};
    machine_.cpu.gpr[6] = 0;
    const uint64_t before = machine_.sie->instructions();
    std::thread interrupts([this] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      machine_.sie->Kick();
    });
    const SieExit exit = machine_.Run();
    interrupts.join();
    machine_.sie->ClearKick();
    ASSERT_EQ(exit.reason, SieExit::Reason::kKicked);
    if (machine_.sie->instructions() - before < 3) continue;  // it has not turned yet
    // A region may begin, and poll, at its second instruction.
    const bool at_first = machine_.cpu.psw.address == kCode;
    ASSERT_TRUE(at_first || machine_.cpu.psw.address == kCode + 4);
    EXPECT_EQ(machine_.cpu.psw.condition_code(), at_first ? 3 : 0);
  }
}

// Another CPU changes an instruction, and then a word; the loop fetches the word, serializes, and
// must not execute what was there before.
TEST_P(PolledLoopTest, WhatWasChangedBeforeASerializationIsExecutedBehindIt) {
  constexpr uint64_t kWord = 0x20000;
  constexpr uint64_t kChanged = kCode + 6;
  for (int attempt = 0; attempt < 20; ++attempt) {
    machine_.Put<uint32_t>(kWord, 0);
    machine_.PutCode(kCode, {0x58, 0x20, 0x50, 0x00,    // l 2,0(5)
                             0x07, 0xf0,                // bcr 15,0
                             0xa7, 0x18, 0x00, 0x00,    // lhi 1,0: that becomes lhi 1,1
                             0x12, 0x22,                // ltr 2,2
                             0xa7, 0x84, 0xff, 0xfa,    // jz *-12
                             0x83, 0x00, 0x00, 0x44});  // diag
    machine_.cpu.psw.address = kChanged;
    machine_.cpu.gpr[2] = 0;
    machine_.cpu.gpr[5] = kWord;
    std::thread changes([this] {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
      const auto put = [this](uint64_t at, uint32_t value) {
        std::atomic_ref(*reinterpret_cast<uint32_t*>(machine_.At(at)))
            .store(__builtin_bswap32(value), std::memory_order_release);
      };
      // The aligned word that has the immediate: half of LHI, and LTR behind it.
      put(kChanged + 2, 0x00011222);
      put(kWord, 1);
    });
    machine_.Run();
    changes.join();
    ASSERT_EQ(machine_.block.ipa, 0x8300) << std::hex << machine_.block.iprcc;
    EXPECT_EQ(machine_.cpu.gpr[1] & 0xffffffff, 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Regions, PolledLoopTest, testing::Values("hot", "always"));

}  // namespace
}  // namespace hypervisor
