// A guest that comes back after a few instructions is interpreted at first, whatever it does then.
#include <cstdlib>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kCode = GuestMachine::kProgram;
constexpr int kWarm = 80;  // stays, until what they come to is translated

class ShortStayTest : public testing::Test {
 protected:
  void Make(const char* regions) {
    // NOLINTNEXTLINE: this test has one thread
    regions ? setenv("UCONTROL_REGIONS", regions, 1) : unsetenv("UCONTROL_REGIONS");
    machine_.sie =
        MakeTranslator({machine_.space, machine_.keys, machine_.broadcast, machine_.facilities_});
  }
  // How often translated code came to the DIAGNOSE, in a stay of `turns` + 2 instructions.
  uint64_t ExitsOfStay(uint8_t turns) {
    machine_.PutCode(kCode, {0xa7, 0x18, 0x00, turns,   // lhi 1,turns
                             0xa7, 0x16, 0x00, 0x00,    // brct 1,*
                             0x83, 0x00, 0x00, 0x44});  // diag
    machine_.cpu.psw.address = kCode;
    const uint64_t exits = Exits();
    const uint64_t instructions = machine_.sie->instructions();
    EXPECT_EQ(machine_.Run().reason, SieExit::Reason::kIntercepted);
    EXPECT_EQ(machine_.sie->instructions() - instructions, turns + 2u);
    EXPECT_EQ(machine_.cpu.psw.address, kCode + 12);
    EXPECT_EQ(machine_.cpu.gpr[1] & 0xffffffff, 0u);
    EXPECT_EQ(machine_.block.ipa, 0x8300);
    return Exits() - exits;
  }
  uint64_t Exits() const {
    EngineStatistics sums;
    machine_.sie->AddStatistics(sums);
    return sums["exits: handled"];
  }

  GuestMachine machine_;
};

TEST_F(ShortStayTest, OnlyAStayAfterAShortOneBeginsWithTheInterpreter) {
  Make(nullptr);
  if (!machine_.sie) GTEST_SKIP() << "this host has no translator";
  for (int i = 0; i < kWarm; ++i) ExitsOfStay(100);
  EXPECT_EQ(ExitsOfStay(100), 1u);
  ExitsOfStay(2);
  EXPECT_EQ(ExitsOfStay(2), 0u);
  EXPECT_EQ(ExitsOfStay(6), 0u);  // eight instructions
  ExitsOfStay(100);
  EXPECT_EQ(ExitsOfStay(100), 1u);
}

TEST_F(ShortStayTest, CountsItsInstructionsWhereverItChangesOver) {
  Make(nullptr);
  if (!machine_.sie) GTEST_SKIP() << "this host has no translator";
  for (uint8_t turns = 1; turns < 40; ++turns) {
    for (int i = 0; i < kWarm; ++i) {
      ExitsOfStay(turns);
      ExitsOfStay(1);
    }
  }
}

TEST_F(ShortStayTest, IsTranslatedIfEverythingIs) {
  Make("hot");
  if (!machine_.sie) GTEST_SKIP() << "this host has no translator";
  ExitsOfStay(2);
  for (int i = 0; i < kWarm; ++i) EXPECT_EQ(ExitsOfStay(2), 1u);
}

}  // namespace
}  // namespace hypervisor
