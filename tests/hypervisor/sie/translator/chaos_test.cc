// What UCONTROL_CHAOS asks for is what the translator does, by its own counts.
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kTurns = 1000;
constexpr uint64_t kData = 0x20000;

class ChaosTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* set = std::getenv("UCONTROL_CHAOS");
    was_set_ = set != nullptr;
    if (set) was_ = set;
  }
  void TearDown() override {
    was_set_ ? setenv("UCONTROL_CHAOS", was_.c_str(), 1) : unsetenv("UCONTROL_CHAOS");
  }

  // The counts of a loop that stores, loads, calls and returns; empty if there is no translator.
  EngineStatistics CountsUnder(const char* chaos) {
    setenv("UCONTROL_CHAOS", chaos, 1);
    GuestMachine machine;
    machine.sie =
        MakeTranslator({machine.space, machine.keys, machine.broadcast, machine.facilities_});
    if (!machine.sie) return {};
    machine.PutCode(GuestMachine::kProgram, {0xe3, 0x30, 0x50, 0x00, 0x00, 0x24,  // stg 3,0(5)
                                             0xe3, 0x20, 0x60, 0x00, 0x00, 0x04,  // lg 2,0(6)
                                             0xb9, 0x08, 0x00, 0x12,              // agr 1,2
                                             0xc0, 0xe5, 0x00, 0x00, 0x00, 0x08,  // brasl 14,*+16
                                             0xa7, 0x36, 0xff, 0xf5,              // brct 3,*-22
                                             0x83, 0x00, 0x00, 0x44,              // diag
                                             0x07, 0x00, 0x07, 0xfe});            // br 14
    machine.cpu.gpr[1] = 0;
    machine.cpu.gpr[3] = kTurns;
    machine.cpu.gpr[5] = machine.cpu.gpr[6] = kData;
    machine.Run();
    EXPECT_EQ(machine.block.ipa, 0x8300) << std::hex << machine.block.iprcc;
    EXPECT_EQ(machine.cpu.gpr[1], kTurns * (kTurns + 1) / 2);
    EngineStatistics counts;
    machine.sie->AddStatistics(counts);
    EXPECT_EQ(counts["instructions"], 6 * kTurns + 1);
    return counts;
  }

 private:
  bool was_set_ = false;
  std::string was_;
};

TEST_F(ChaosTest, WithoutItHardlyAnythingIsRare) {
  EngineStatistics counts = CountsUnder("");
  if (counts.empty()) GTEST_SKIP() << "this host has no translator";
  EXPECT_LT(counts["translated blocks"], 20u);
  EXPECT_LT(counts["look-up misses"], 20u);
  EXPECT_LT(counts["slow loads"] + counts["slow stores"], 20u);
  EXPECT_EQ(counts["translations forgotten, all"], 0u);
}

TEST_F(ChaosTest, FlushTranslatesWhateverIsEnteredAnew) {
  EngineStatistics counts = CountsUnder("flush");
  if (counts.empty()) GTEST_SKIP() << "this host has no translator";
  EXPECT_GE(counts["translated blocks"], 2 * kTurns);
  EXPECT_EQ(counts["translations forgotten, all"], counts["look-up misses"]);
  EXPECT_LT(counts["slow loads"] + counts["slow stores"], 20u);
}

TEST_F(ChaosTest, UnlinkedLeavesEachBlockToCpp) {
  EngineStatistics counts = CountsUnder("unlinked");
  if (counts.empty()) GTEST_SKIP() << "this host has no translator";
  EXPECT_LT(counts["translated blocks"], 20u);
  // To the call's target, and back.
  EXPECT_GE(counts["look-up misses"], 2 * kTurns);
  EXPECT_GE(counts["exits: look up"] + counts["exits: link"], 2 * kTurns);
  EXPECT_LT(counts["slow loads"] + counts["slow stores"], 20u);
}

TEST_F(ChaosTest, SlowMakesEachAccessInCpp) {
  EngineStatistics counts = CountsUnder("slow");
  if (counts.empty()) GTEST_SKIP() << "this host has no translator";
  EXPECT_LT(counts["look-up misses"], 20u);
  EXPECT_EQ(counts["slow loads"], kTurns);
  EXPECT_EQ(counts["slow stores"], kTurns - 1);  // the first is interpreted
}

TEST_F(ChaosTest, AllAtOnce) {
  EngineStatistics counts = CountsUnder("slow,flush,unlinked");
  if (counts.empty()) GTEST_SKIP() << "this host has no translator";
  EXPECT_GE(counts["translated blocks"], 2 * kTurns);
  EXPECT_GE(counts["look-up misses"], 2 * kTurns);
  EXPECT_EQ(counts["slow loads"], kTurns);
  EXPECT_EQ(counts["slow stores"], kTurns - 1);  // the first is interpreted
}

TEST_F(ChaosTest, AnotherWordMakesNoEngineAndSaysWhichThereAre) {
  for (const char* chaos : {"fast", "flush;slow", "flush,,slow", ",", " slow"}) {
    GuestMachine machine;
    const SieEnvironment environment = {machine.space, machine.keys, machine.broadcast,
                                        machine.facilities_};
    setenv("UCONTROL_CHAOS", chaos, 1);
    testing::internal::CaptureStderr();
    EXPECT_EQ(MakeTranslator(environment), nullptr) << chaos;
    const std::string told = testing::internal::GetCapturedStderr();
    unsetenv("UCONTROL_CHAOS");
    EXPECT_EQ(told,
              std::string("UCONTROL_CHAOS=") + chaos + ": there are flush, unlinked and slow\n");
  }
}

// It doesn't run the interpreter in its place.
TEST_F(ChaosTest, AnotherWordIsNoChoiceOfAnEngine) {
  GuestMachine machine;
  setenv("UCONTROL_CHAOS", "fast", 1);
  const char* engine = std::getenv("UCONTROL_ENGINE");
  if (engine && std::string(engine) == "interpreter") GTEST_SKIP() << "it has no such modes";
  EXPECT_EQ(MakeEngine({machine.space, machine.keys, machine.broadcast, machine.facilities_}),
            nullptr);
}

}  // namespace
}  // namespace hypervisor
