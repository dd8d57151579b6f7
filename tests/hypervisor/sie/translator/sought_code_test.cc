// After a purge, code that had been looked for is found again by its page, and is the right one.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/translator/both_engines.h"

namespace hypervisor {
namespace {

constexpr uint64_t kLeaves = GuestMachine::kProgram + 2 * kPageSize;
constexpr uint64_t kDistance = 64;
constexpr uint64_t kCalls = 16;
constexpr uint64_t kSum = kCalls * (kCalls - 1) / 2;
constexpr uint64_t kTurns = 100;

void Append(std::vector<uint8_t>& code, uint64_t text, int bytes) {
  for (int i = bytes; i-- > 0;) code.push_back(static_cast<uint8_t>(text >> (8 * i)));
}

class SoughtCodeTest : public BothEngines {
 protected:
  // A loop that purges and then calls functions of another page, each of which adds its number.
  SoughtCodeTest() {
    std::vector<uint8_t> code;
    Append(code, 0xb20d0000, 4);  // ptlb
    for (uint64_t i = 0; i < kCalls; ++i) {
      const uint64_t distance = kLeaves + i * kDistance - (GuestMachine::kProgram + code.size());
      Append(code, 0xc0e500000000 | distance / 2, 6);  // brasl 14,leaf
      PutLeaf(i, static_cast<uint8_t>(i));
    }
    const auto back = static_cast<uint16_t>(-static_cast<int64_t>(code.size()) / 2);
    Append(code, 0xa7360000 | back, 4);  // brct 3,loop
    Append(code, 0x83000044, 4);         // diag
    PutCode(GuestMachine::kProgram, code);
  }

  void PutLeaf(uint64_t number, uint8_t added) {
    PutCode(kLeaves + number * kDistance, {0xa7, 0x2b, 0x00, added,  // aghi 2,added
                                           0x07, 0xfe});             // br 14
  }

  void Run(uint64_t turns, uint64_t sum_of_turn) {
    for (GuestMachine* machine : Machines()) {
      machine->cpu.psw.address = GuestMachine::kProgram;
      machine->cpu.gpr[2] = 0;
      machine->cpu.gpr[3] = turns;
      machine->Run();
      ASSERT_EQ(machine->block.ipa, 0x8300) << std::hex << machine->block.iprcc;
      EXPECT_EQ(machine->cpu.gpr[2], turns * sum_of_turn);
    }
    EXPECT_TRUE(interpreted_.cpu == translated_.cpu);
  }

  uint64_t Misses() const {
    EngineStatistics statistics;
    translated_.sie->AddStatistics(statistics);
    return statistics["look-up misses"];
  }
};

TEST_F(SoughtCodeTest, IsFoundByThePage) {
  const bool chaos = std::getenv("UCONTROL_CHAOS");  // NOLINT: nothing here sets any
  if (chaos) GTEST_SKIP() << "it is looked for more often";
  Run(kTurns, kSum);
  const uint64_t before = Misses();
  Run(kTurns, kSum);
  // A turn enters one of two pages 2 * kCalls times, each time elsewhere.
  EXPECT_GE(Misses() - before, 2 * kTurns);
  EXPECT_LE(Misses() - before, kCalls / 2 * kTurns);
}

TEST_F(SoughtCodeTest, IsNotWhatStoodThereBefore) {
  Run(kTurns, kSum);
  for (uint64_t i = 0; i < kCalls; ++i) PutLeaf(i, 1);
  Run(kTurns, kCalls);
  PutLeaf(7, 3);
  Run(kTurns, kCalls + 2);
}

}  // namespace
}  // namespace hypervisor
