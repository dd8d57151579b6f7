#include <gtest/gtest.h>

#include "tests/ucontrol/instruction/handler_fixture.h"
#include "ucontrol/ebcdic.h"
#include "ucontrol/machine_description.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

constexpr uint64_t kBlock = 0x20000;

class StoreSystemInformationTest : public HandlerFixture {
 protected:
  StoreSystemInformationTest() {
    Make(1);
    auto description = std::make_unique<MachineDescription>();
    description->cpu_addresses = {0};
    description->cpu_limit = 8;
    description->name = "kvm-unit-test";
    for (int i = 0; i < 16; ++i) description->uuid[i] = static_cast<uint8_t>(0x10 + i);
    description->cpu_id = 0xff01234528278000;
    machine->AddPart<MachineDescription>(std::move(description));
  }
  PgmCode Stsi(uint64_t function, uint64_t selector1, uint64_t selector2, uint64_t block = kBlock) {
    return CodeOf(S(0xb27d, 2, 0), [&](Cpu& cpu) {
      cpu.set_gpr(0, 0xabcdef0000000000 | function << 28 | selector1);
      cpu.set_gpr(1, 0xabcdef0000000000 | selector2);
      cpu.set_gpr(2, block);
    });
  }
  std::string TextAt(uint64_t offset, size_t length) {
    std::vector<uint8_t> bytes(length);
    EXPECT_TRUE(machine->Read(hypervisor::GuestAbsolute(kBlock + offset), bytes.data(), length));
    return LoadEbcdic(bytes.data(), length);
  }
};

TEST_F(StoreSystemInformationTest, SaysThatItIsAVirtualMachine) {
  EXPECT_EQ(Stsi(0, 0, 0, 1), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(static_cast<uint32_t>(cpu().gpr(0)), 0x30000000u);
}

TEST_F(StoreSystemInformationTest, TestsTheFunctionBeforeReservedBitsBeforeAlignment) {
  EXPECT_EQ(Stsi(7, 0x100, 0x10000, 1), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
  EXPECT_EQ(Stsi(15, 1, 2, 1), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
  for (int bit = 8; bit < 28; ++bit) {
    EXPECT_EQ(Stsi(0, uint64_t{1} << bit, 0), PgmCode::kSpecification);
  }
  for (int bit = 16; bit < 32; ++bit) {
    EXPECT_EQ(Stsi(0, 0, uint64_t{1} << bit), PgmCode::kSpecification);
  }
  EXPECT_EQ(Stsi(1, 9, 9, kBlock + 2048), PgmCode::kSpecification);
  EXPECT_EQ(Stsi(1, 1, 1, kStorageSize), PgmCode::kAddressing);
}

TEST_F(StoreSystemInformationTest, HasNoOtherSelectors) {
  for (const auto& [function, selector1, selector2] :
       {std::array{1, 0, 1}, std::array{1, 1, 0}, std::array{1, 1, 3}, std::array{2, 1, 1},
        std::array{3, 2, 1}, std::array{1, 2, 0x12}, std::array{1, 0x12, 2},
        std::array{3, 2, 0x102}}) {
    EXPECT_EQ(Stsi(function, selector1, selector2), PgmCode::kNone);
    EXPECT_EQ(cc(), 3);
  }
}

TEST_F(StoreSystemInformationTest, DescribesTheBasicMachine) {
  EXPECT_EQ(Stsi(1, 1, 1), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(static_cast<uint32_t>(cpu().gpr(0)), 0u);
  EXPECT_EQ(TextAt(32, 16), "IBM");
  EXPECT_EQ(TextAt(48, 4), "2827");
  EXPECT_EQ(TextAt(64, 16), "ucontrol");
  EXPECT_EQ(TextAt(80, 16), "0000000000012345");
  EXPECT_EQ(Load<uint64_t>(kBlock), 0u);
}

TEST_F(StoreSystemInformationTest, CountsCpusOnEachLevel) {
  EXPECT_EQ(Stsi(1, 2, 2), PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(kBlock + 36), 0x0008000100000007u);
  EXPECT_EQ(Stsi(2, 2, 2), PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(kBlock + 36), 0x0008000100000007u);
  EXPECT_EQ(Stsi(1, 2, 1), PgmCode::kNone);
  EXPECT_EQ(Load<uint16_t>(kBlock + 102), 0);
  EXPECT_EQ(Stsi(2, 2, 1), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
}

TEST_F(StoreSystemInformationTest, NamesTheVirtualMachine) {
  EXPECT_EQ(Stsi(3, 2, 2), PgmCode::kNone);
  EXPECT_EQ(Load<uint8_t>(kBlock + 31), 1);
  EXPECT_EQ(Load<uint64_t>(kBlock + 36), 0x0008000100000007u);
  EXPECT_EQ(TextAt(44, 8), "kvm-unit");
  EXPECT_EQ(TextAt(56, 16), "KVM/Linux");
  EXPECT_EQ(Load<uint8_t>(kBlock + 75), 2);
  EXPECT_EQ(Load<uint64_t>(kBlock + 80), 0x1011121314151617u);
  EXPECT_EQ(Load<uint64_t>(kBlock + 2048), 0x6b766d2d756e6974u);
  EXPECT_EQ(Load<uint64_t>(kBlock + 2056), 0x2d74657374000000u);
}

TEST_F(StoreSystemInformationTest, AgreesWithHypervisorInformation) {
  machine->FindPart<MachineDescription>()->facilities.Set(74, true);
  const auto sthyi = [&](int r1, int r2, uint64_t function, uint64_t block) {
    return CodeOf(Rre(0xb256, r1, r2), [&](Cpu& cpu) {
      cpu.set_gpr(r1, function);
      cpu.set_gpr(r2, block);
    });
  };
  EXPECT_EQ(sthyi(3, 4, 0, kBlock), PgmCode::kSpecification);
  EXPECT_EQ(sthyi(2, 5, 0, kBlock), PgmCode::kSpecification);
  EXPECT_EQ(sthyi(2, 2, 0, kBlock), PgmCode::kSpecification);
  EXPECT_EQ(sthyi(2, 4, 0, kBlock + 8), PgmCode::kSpecification);
  EXPECT_EQ(sthyi(2, 4, 0, kStorageSize), PgmCode::kAddressing);
  EXPECT_EQ(sthyi(2, 4, 0x10001, kBlock + 8), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
  EXPECT_EQ(cpu().gpr(5), 4u);
  EXPECT_EQ(sthyi(2, 4, 0x10000, kBlock), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(cpu().gpr(5), 0u);
  EXPECT_EQ(Load<uint64_t>(kBlock + 8), 0x00a8003000300040u);
  EXPECT_EQ(Load<uint32_t>(kBlock + 16), 0x00700038u);
  EXPECT_EQ(Load<uint16_t>(kBlock + 48 + 4), 1);
  EXPECT_EQ(TextAt(48 + 20, 4), "2827");
  EXPECT_EQ(TextAt(48 + 40, 16), "0000000000012345");
  EXPECT_EQ(Load<uint16_t>(kBlock + 112 + 6), 1);
  EXPECT_EQ(TextAt(112 + 16, 8), "UCONTROL");
}

}  // namespace
}  // namespace ucontrol
