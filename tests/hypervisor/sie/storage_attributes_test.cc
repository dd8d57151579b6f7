// EXTRACT AND SET STORAGE ATTRIBUTES, where collaborative memory management is interpreted.
#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

class StorageAttributesTest : public testing::Test {
 protected:
  StorageAttributesTest() {
    machine_.block.ecb2 |= uapi::kEcb2Cmma;
    machine_.block.ictl = uapi::kIctlPint;
  }
  // ESSA 2,3,operation on `address`: GR2 afterwards.
  uint64_t Essa(int operation, uint64_t address) {
    machine_.PutCode(GuestMachine::kProgram,
                     {0xb9, 0xab, static_cast<uint8_t>(operation << 4), 0x23,  // essa 2,3,operation
                      0x83, 0x00, 0x00, 0x44});
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.cpu.gpr[2] = ~uint64_t{0};
    machine_.cpu.gpr[3] = address;
    machine_.Run();
    return machine_.cpu.gpr[2];
  }

  GuestMachine machine_;
};

TEST_F(StorageAttributesTest, EachOperationYieldsTheStateBefore) {
  constexpr uint64_t kPage = 0x50000;
  constexpr uint64_t kStable = 0, kUnused = 4, kPotentiallyVolatile = 8, kVolatile = 12;
  const struct {
    int operation;
    uint64_t before;
  } steps[] = {
      {0, kStable},
      {2, kStable},
      {0, kUnused},
      {3, kUnused},
      {0, kVolatile},
      {4, kVolatile},
      {0, kPotentiallyVolatile},
      {1, kPotentiallyVolatile},
      {0, kStable},
      {2, kStable},
      {5, kUnused},
      {3, kStable},
      {6, kVolatile},
      {0, kStable},
  };
  for (const auto& step : steps) EXPECT_EQ(Essa(step.operation, kPage + 0x123), step.before);
}

TEST_F(StorageAttributesTest, PagesHaveStatesOfTheirOwnThatTheHostSees) {
  Essa(2, 0x50000);
  EXPECT_EQ(Essa(0, 0x51000), 0u);
  EXPECT_EQ(machine_.keys.Usage(UserAddress(reinterpret_cast<uint64_t>(machine_.At(0x50000)))),
            kUsageUnused);
  machine_.keys.ResetUsage(UserAddress(0), UserAddress(~uint64_t{0}));
  EXPECT_EQ(Essa(0, 0x50000), 0u);
}

TEST_F(StorageAttributesTest, OtherOperationsProblemStateAndHostsWithoutItAreRefused) {
  Essa(7, 0x50000);
  EXPECT_EQ(machine_.block.iprcc, 6);
  machine_.cpu.psw.mask |= Psw::kProblemState;
  Essa(0, 0x50000);
  EXPECT_EQ(machine_.block.iprcc, 2);
  machine_.cpu.psw.mask &= ~Psw::kProblemState;
  machine_.block.ecb2 = 0;
  EXPECT_EQ(Essa(0, 0x50000), ~uint64_t{0});
  EXPECT_EQ(machine_.block.ipa, 0xb9ab);
}

}  // namespace
}  // namespace hypervisor
