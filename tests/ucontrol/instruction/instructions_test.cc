// What the emulated instructions do when nothing is wrong.
#include <gtest/gtest.h>

#include "hypervisor/arch/prefix_area.h"
#include "tests/ucontrol/instruction/handler_fixture.h"
#include "ucontrol/machine_description.h"
#include "ucontrol/service_call/service_call.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using hypervisor::Psw;

constexpr uint64_t kOperand = 0x9000;

class InstructionsTest : public HandlerFixture {
 protected:
  InstructionsTest() {
    Make(2);
    auto description = std::make_unique<MachineDescription>();
    description->storage_size = kStorageSize;
    description->facilities = {0, 1, 2, 7, 8, 10, 14, 64, 78, 133, 138};
    description->cpu_id = 0xff01234528278000;
    machine_description = &machine->AddPart<MachineDescription>(std::move(description));
  }
  // Register 1 points to the operand.
  static void Point(Cpu& cpu) { cpu.set_gpr(1, kOperand); }

  MachineDescription* machine_description;
};

TEST_F(InstructionsTest, StoresWhoTheCpuIs) {
  EXPECT_EQ(CodeOf(S(0xb202, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(kOperand), 0xff01234528278000u);
  Store<uint16_t>(kOperand, 0xffff);
  EXPECT_EQ(CodeOf(S(0xb212, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(Load<uint16_t>(kOperand), 0);
}

TEST_F(InstructionsTest, SetsAndStoresThePrefix) {
  Store<uint32_t>(kOperand, 0x8001ffff);
  EXPECT_EQ(CodeOf(S(0xb210, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(cpu().prefix(), 0x1e000u);
  EXPECT_EQ(CodeOf(S(0xb211, 1, 8), Point), PgmCode::kNone);
  EXPECT_EQ(Load<uint32_t>(kOperand + 8), 0x1e000u);
  Store<uint32_t>(kOperand, static_cast<uint32_t>(kStorageSize));
  EXPECT_EQ(CodeOf(S(0xb210, 1, 0), Point), PgmCode::kAddressing);
  EXPECT_EQ(cpu().prefix(), 0x1e000u);
}

TEST_F(InstructionsTest, StoresFacilitiesAtTheirRealLocation) {
  EXPECT_EQ(CodeOf(S(0xb2b1, 0, 0), [](Cpu& cpu) { cpu.set_prefix(0x10000); }), PgmCode::kNone);
  EXPECT_EQ(Load<uint32_t>(0x10000 + hypervisor::prefix_area::kStfl), 0xe1a20000u);
}

TEST_F(InstructionsTest, StoresTheFacilityListAsFarAsThereIsRoom) {
  Store<uint64_t>(kOperand + 8, 1);
  EXPECT_EQ(CodeOf(S(0xb2b0, 1, 0),
                   [](Cpu& cpu) {
                     Point(cpu);
                     cpu.set_gpr(0, 0xabcd00);
                   }),
            PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
  EXPECT_EQ(cpu().gpr(0), 0xabcd02u);
  EXPECT_EQ(Load<uint64_t>(kOperand), 0xe1a2000000000000u);
  EXPECT_EQ(Load<uint64_t>(kOperand + 8), 1u);

  EXPECT_EQ(CodeOf(S(0xb2b0, 1, 0),
                   [](Cpu& cpu) {
                     Point(cpu);
                     cpu.set_gpr(0, 0xff);
                   }),
            PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(cpu().gpr(0), 2u);
  EXPECT_EQ(Load<uint64_t>(kOperand + 16),
            uint64_t{1} << (63 - 133 % 64) | uint64_t{1} << (63 - 138 % 64));
}

TEST_F(InstructionsTest, SetsTheClockOfAllCpus) {
  Store<uint64_t>(kOperand, 0x1000000000000000);
  EXPECT_EQ(CodeOf(S(0xb204, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_GE(machine->clock().Tod(), 0x1000000000000000u);
  EXPECT_LT(machine->clock().Tod(), 0x1000100000000000u);
}

TEST_F(InstructionsTest, SetsTheProgrammableField) {
  EXPECT_EQ(CodeOf({0x0107, 0}, [](Cpu& cpu) { cpu.set_gpr(0, 0xffffffff00001234); }),
            PgmCode::kNone);
  EXPECT_EQ(cpu().tod_programmable(), 0x1234u);
  EXPECT_EQ(CodeOf({0x0107, 0}, [](Cpu& cpu) { cpu.set_gpr(0, 0x00011234); }),
            PgmCode::kSpecification);
}

TEST_F(InstructionsTest, HasNoControlFunctionsOfTheTimingFacility) {
  EXPECT_EQ(CodeOf({0x0104, 0}, [](Cpu& cpu) { cpu.set_gpr(0, 0x41); }), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
}

TEST_F(InstructionsTest, LoadsAShortPsw) {
  Store<uint64_t>(kOperand, 0x0708100180123456);
  EXPECT_EQ(CodeOf(Rs(0x82, 0, 0, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(cpu().psw(), (Psw{0x0700100180000000, 0x123456}));
  EXPECT_EQ(cpu().breaking_event_address(), kCode);

  Store<uint64_t>(kOperand, 0x0700100180123456);
  EXPECT_EQ(CodeOf(Rs(0x82, 0, 0, 1, 0), Point), PgmCode::kSpecification);
  EXPECT_EQ(cpu().psw(), (Psw{k64Bit, kCode + 4}));
}

TEST_F(InstructionsTest, LoadsALongPswEvenIfItIsInvalid) {
  Store<uint64_t>(kOperand, 0x0400000180000000);
  Store<uint64_t>(kOperand + 8, 0x123456789abcdef0);
  EXPECT_EQ(CodeOf(S(0xb2b2, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(cpu().psw(), (Psw{0x0400000180000000, 0x123456789abcdef0}));

  Store<uint64_t>(kOperand, 0x0408000180000000);
  EXPECT_EQ(CodeOf({0xeb00, 0x10000071}, Point), PgmCode::kSpecification);
  EXPECT_EQ(cpu().psw(), (Psw{0x0408000180000000, 0x123456789abcdef0}));
}

TEST_F(InstructionsTest, ExtractsThePsw) {
  EXPECT_EQ(CodeOf(Rre(0xb98d, 3, 4),
                   [](Cpu& cpu) {
                     cpu.set_psw({0x0705300180000000, kCode});
                     cpu.set_gpr(3, ~uint64_t{0});
                     cpu.set_gpr(4, ~uint64_t{0});
                   }),
            PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(3), 0xffffffff07053001u);
  EXPECT_EQ(cpu().gpr(4), 0xffffffff80000000u);
}

TEST_F(InstructionsTest, LoadsControlRegistersRoundTheEnd) {
  Store<uint64_t>(kOperand, 0x1111111122222222);
  Store<uint64_t>(kOperand + 8, 0x3333333344444444);
  EXPECT_EQ(CodeOf({0xebf0, 0x1000002f}, Point), PgmCode::kNone);
  EXPECT_EQ(cpu().cr(15), 0x1111111122222222u);
  EXPECT_EQ(cpu().cr(0), 0x3333333344444444u);
  Store<uint32_t>(kOperand, 0x55555555);
  EXPECT_EQ(CodeOf(Rs(0xb7, 15, 15, 1, 0), Point), PgmCode::kNone);
  EXPECT_EQ(cpu().cr(15), 0x1111111155555555u);
  EXPECT_EQ(vcpu().block().ihcpu, 0xffff);
}

TEST_F(InstructionsTest, StoresControlRegistersRoundTheEnd) {
  const auto set = [](Cpu& cpu) {
    Point(cpu);
    cpu.set_cr(15, 0x1111111122222222);
    cpu.set_cr(0, 0x3333333344444444);
  };
  EXPECT_EQ(CodeOf({0xebf0, 0x10100025}, set), PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(kOperand + 16), 0x1111111122222222u);
  EXPECT_EQ(Load<uint64_t>(kOperand + 24), 0x3333333344444444u);
  EXPECT_EQ(CodeOf(Rs(0xb6, 15, 0, 1, 0), set), PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(kOperand), 0x2222222244444444u);
}

TEST_F(InstructionsTest, TestsABlockByClearingIt) {
  Store<uint64_t>(0x10000, ~uint64_t{0});
  Store<uint64_t>(0x10ff8, ~uint64_t{0});
  EXPECT_EQ(CodeOf(Rre(0xb22c, 0, 2),
                   [](Cpu& cpu) {
                     cpu.set_gpr(0, 5);
                     cpu.set_gpr(2, 0x10123);
                   }),
            PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(0x10000) | Load<uint64_t>(0x10ff8), 0u);
  EXPECT_EQ(cpu().gpr(0), 0u);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(CodeOf(Rre(0xb22c, 0, 2), [](Cpu& cpu) { cpu.set_gpr(2, kStorageSize); }),
            PgmCode::kAddressing);
}

TEST_F(InstructionsTest, ClearsFramesOfBothSizes) {
  constexpr uint64_t kClear = 0x10000;
  Store<uint64_t>(0x201ff8, 1);
  EXPECT_EQ(CodeOf(Rre(0xb9af, 1, 2),
                   [](Cpu& cpu) {
                     cpu.set_gpr(1, kClear);
                     cpu.set_gpr(2, 0x201234);
                   }),
            PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(0x201ff8), 0u);
  EXPECT_EQ(cpu().gpr(2), 0x201234u);

  Store<uint64_t>(0x2ffff8, 1);
  Store<uint64_t>(0x201ff8, 1);
  EXPECT_EQ(CodeOf(Rre(0xb9af, 1, 2),
                   [](Cpu& cpu) {
                     cpu.set_gpr(1, kClear | 0x1000);
                     cpu.set_gpr(2, 0x202234);
                   }),
            PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(0x2ffff8), 0u);
  EXPECT_EQ(Load<uint64_t>(0x201ff8), 1u);
  EXPECT_EQ(cpu().gpr(2), 0x300000u);
}

TEST_F(InstructionsTest, GoesThroughALargeFrameStepByStep) {
  const Disposition answer = Execute(Rre(0xb9af, 1, 2), [](Cpu& cpu) {
    cpu.set_gpr(1, 0x12000);
    cpu.set_gpr(2, 0x100000);
  });
  EXPECT_EQ(answer.kind(), Disposition::Kind::kRetry);
  EXPECT_EQ(cpu().gpr(2), 0x200000u);
}

TEST_F(InstructionsTest, RefusesReservedFrameControls) {
  for (uint64_t controls : {0x1u, 0x100u, 0x40000u, 0x80000000u, 0x3000u, 0x7000u}) {
    EXPECT_EQ(CodeOf(Rre(0xb9af, 1, 2), [&](Cpu& cpu) { cpu.set_gpr(1, controls); }),
              PgmCode::kSpecification)
        << std::hex << controls;
  }
}

TEST_F(InstructionsTest, LetsTheEngineInterpretKeysFromTheirFirstUseOn) {
  const auto answer =
      Execute(Rre(0xb22b, 1, 2), [this](Cpu&) { vcpu().block().ictl = 0x80007000; });
  EXPECT_EQ(answer.kind(), Disposition::Kind::kRetry);
  EXPECT_EQ(vcpu().block().ictl, 0x80000000u);
  EXPECT_EQ(CodeOf(Rre(0xb22b, 1, 2)), PgmCode::kOperation);
}

TEST_F(InstructionsTest, LetsTheEngineInterpretFacilitiesFromTheirFirstUseOn) {
  EXPECT_EQ(Execute({0xe300, 0x49}).kind(), Disposition::Kind::kRetry);
  EXPECT_EQ(vcpu().block().ecb & 0x40, 0x40);
  EXPECT_EQ(CodeOf({0xe300, 0x4d}), PgmCode::kOperation);
  EXPECT_EQ(Execute({0xaa01, 0}).kind(), Disposition::Kind::kRetry);
  EXPECT_EQ(vcpu().block().ecb3 & 0x01, 0x01);
}

TEST_F(InstructionsTest, TestsProtectionByKeys) {
  const auto page = machine->ResolveStorage(hypervisor::GuestAbsolute(kOperand));
  device.keys[page->raw() / hypervisor::kPageSize] = 0x38;  // fetch-protected, key 3
  const auto test = [&](int key) {
    EXPECT_EQ(CodeOf({0xe501, 0x10002000},
                     [&](Cpu& cpu) {
                       Point(cpu);
                       cpu.set_gpr(2, static_cast<uint64_t>(key) << 4);
                     }),
              PgmCode::kNone);
    return cc();
  };
  EXPECT_EQ(test(0), 0);
  EXPECT_EQ(test(3), 0);
  EXPECT_EQ(test(4), 2);
  device.keys[page->raw() / hypervisor::kPageSize] = 0x30;
  EXPECT_EQ(test(4), 1);
  EXPECT_EQ(CodeOf({0xe501, 0x10002000}, [](Cpu& cpu) { cpu.set_gpr(1, kStorageSize); }),
            PgmCode::kAddressing);
}

TEST_F(InstructionsTest, TestsTranslationByTheConditionCode) {
  // A segment table of zeros: every entry is a valid pointer to a page table at 0, whose first
  // entry is invalid.
  Store<uint64_t>(0x9000, 0x400);
  EXPECT_EQ(CodeOf({0xe501, 0x10000000},
                   [](Cpu& cpu) {
                     cpu.set_gpr(1, 0);
                     cpu.set_cr(1, 0xa000);
                     cpu.set_psw({k64Bit | Psw::kDat, kCode});
                   }),
            PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(0xa000), 0u);
  Store<uint64_t>(0xa000, 0x9000);
  EXPECT_EQ(CodeOf({0xe501, 0x10000000},
                   [](Cpu& cpu) {
                     cpu.set_gpr(1, 0);
                     cpu.set_cr(1, 0xa000);
                     cpu.set_psw({k64Bit | Psw::kDat, kCode});
                   }),
            PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
  Store<uint64_t>(0x9000, 0x5000 | 0x200);  // read-only
  EXPECT_EQ(CodeOf({0xe501, 0x10000000},
                   [](Cpu& cpu) {
                     cpu.set_gpr(1, 0);
                     cpu.set_cr(1, 0xa000);
                     cpu.set_psw({k64Bit | Psw::kDat, kCode});
                   }),
            PgmCode::kNone);
  EXPECT_EQ(cc(), 1);
}

TEST_F(InstructionsTest, CallsTheServiceProcessorIfThereIsOne) {
  EXPECT_EQ(CodeOf(Rre(0xb220, 1, 2)), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
  machine->AddPart(std::make_unique<ServiceCall>(ServiceCall::Environment{
      .storage = *machine, .interruptions = *machine, .machine = *machine_description}));
  const auto call = [&](uint64_t sccb) {
    return CodeOf(Rre(0xb220, 1, 2), [&](Cpu& cpu) {
      cpu.set_gpr(1, 0x00020001);
      cpu.set_gpr(2, sccb);
    });
  };
  Store<uint16_t>(0x9000, 4096);
  EXPECT_EQ(call(0x9000), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Load<uint16_t>(0x9006), 0x0010);
  const auto signal = machine->floating().TakeExternal(~uint64_t{0});
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->parameter, 0x9000u);
  EXPECT_EQ(call(0x1000), PgmCode::kSpecification);
  EXPECT_EQ(call(kStorageSize), PgmCode::kAddressing);
}

}  // namespace
}  // namespace ucontrol
