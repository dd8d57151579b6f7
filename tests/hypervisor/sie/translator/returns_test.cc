// Returns to where calls of the same block come from, and elsewhere, executed by both engines.
#include <cstdint>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/translator/both_engines.h"

namespace hypervisor {
namespace {

constexpr uint64_t kLeaf = GuestMachine::kProgram + 0x100;
constexpr uint64_t kSkippingLeaf = kLeaf + 0x20;
constexpr uint64_t kSwappingLeaf = kLeaf + 0x40;
constexpr uint64_t kElsewhere = GuestMachine::kProgram + 2 * kPageSize;

class ReturnsTest : public BothEngines {
 protected:
  ReturnsTest() {
    PutCode(GuestMachine::kProgram, {0xc0, 0xe5, 0x00, 0x00, 0x00, 0x80,  // brasl 14,leaf
                                     0xa7, 0x2b, 0x00, 0x01,              // aghi 2,1
                                     0xc0, 0xe5, 0x00, 0x00, 0x00, 0x7b,  // brasl 14,leaf
                                     0xa7, 0x3b, 0x00, 0x01,              // aghi 3,1
                                     0xc0, 0xe5, 0x00, 0x00, 0x00, 0x86,  // to that which skips
                                     0xa7, 0x4b, 0x00, 0x01,              // aghi 4,1
                                     0xa7, 0x5b, 0x00, 0x01,              // aghi 5,1
                                     0xc0, 0xe5, 0x00, 0x00, 0x00, 0x8f,  // to that which swaps
                                     0xa7, 0x6b, 0x00, 0x01,              // aghi 6,1
                                     0xa7, 0xf7, 0xff, 0xea,              // brctg 15,*-44
                                     0x83, 0x00, 0x00, 0x44});            // diag
    PutCode(kLeaf, {0xb9, 0x04, 0x00, 0x77,                               // lgr 7,7
                    0xa7, 0x8b, 0x00, 0x01,                               // aghi 8,1
                    0x07, 0xfe});                                         // br 14
    PutCode(kSkippingLeaf, {0x41, 0xe0, 0xe0, 0x04,                       // la 14,4(14)
                            0x07, 0xfe});                                 // br 14
    // By turns to the caller and by way of another page.
    PutCode(kSwappingLeaf, {0xb9, 0x04, 0x00, 0xbe,  // lgr 11,14
                            0xb9, 0x04, 0x00, 0xe9,  // lgr 14,9
                            0xb9, 0x04, 0x00, 0x9a,  // lgr 9,10
                            0xb9, 0x04, 0x00, 0xae,  // lgr 10,14
                            0x07, 0xfe});            // br 14
    PutCode(kElsewhere, {0xa7, 0xcb, 0x00, 0x01,     // aghi 12,1
                         0x07, 0xfb});               // br 11
  }
};

TEST_F(ReturnsTest, GoWhereTheRegisterSays) {
  constexpr uint64_t kTurns = 15'000;  // some polls
  for (GuestMachine* machine : Machines()) {
    machine->cpu.psw.address = GuestMachine::kProgram;
    machine->cpu.gpr[9] = GuestMachine::kProgram + 40;  // behind the call
    machine->cpu.gpr[10] = kElsewhere;
    machine->cpu.gpr[15] = kTurns;
    machine->Run();
    ASSERT_EQ(machine->block.ipa, 0x8300) << std::hex << machine->block.iprcc;
    EXPECT_EQ(machine->cpu.gpr[2], kTurns);
    EXPECT_EQ(machine->cpu.gpr[4], 0u);
    EXPECT_EQ(machine->cpu.gpr[8], 2 * kTurns);
    EXPECT_EQ(machine->cpu.gpr[12], kTurns / 2);
  }
  EXPECT_TRUE(interpreted_.cpu == translated_.cpu);
  EngineStatistics statistics;
  translated_.sie->AddStatistics(statistics);
  EXPECT_EQ(statistics["blocks that could not be translated"], 0u);
}

}  // namespace
}  // namespace hypervisor
