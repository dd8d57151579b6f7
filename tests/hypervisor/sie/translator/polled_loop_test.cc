// What others see of a loop that was translated as one.
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

INSTANTIATE_TEST_SUITE_P(Regions, PolledLoopTest, testing::Values("hot", "always"));

}  // namespace
}  // namespace hypervisor
