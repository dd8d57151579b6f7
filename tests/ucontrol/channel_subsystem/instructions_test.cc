// The I/O instructions on a machine: operands, the order of exceptions, condition codes.
#include <gtest/gtest.h>

#include <vector>

#include "tests/ucontrol/channel_subsystem/channel_guest.h"
#include "tests/ucontrol/channel_subsystem/memory_unit.h"
#include "tests/ucontrol/instruction/handler_fixture.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

constexpr uint64_t kOperand = 0x10000;  // general register 2 points there
constexpr uint64_t kNowhere = 0x7ffff0000;
constexpr uint64_t kId = 0x00010000;

class IoInstructionsTest : public HandlerFixture {
 protected:
  IoInstructionsTest() {
    Make();
    subsystem = &machine->AddPart(std::make_unique<ChannelSubsystem>(*machine, *machine));
    subsystem->Attach(std::make_unique<MemoryUnit>(), 0x1234);
  }

  static Text Operation(uint16_t opcode) { return S(opcode, 2, 0); }
  // With general registers 1 and 2.
  PgmCode Code(uint16_t opcode, uint64_t gr1 = kId, uint64_t gr2 = kOperand) {
    return CodeOf(Operation(opcode), [&](Cpu& cpu) {
      cpu.set_gpr(1, gr1);
      cpu.set_gpr(2, gr2);
    });
  }
  // Enables the subchannel for ISC 3 and has it interrupt.
  void MakeStatusPending() {
    Store<uint16_t>(kOperand + 4, Pmcw::kEnabled | 3 << 11);
    ASSERT_EQ(Code(0xb232), PgmCode::kNone);
    ASSERT_EQ(cc(), 0);
    subsystem->Alert(0);
  }

  ChannelSubsystem* subsystem;
};

TEST_F(IoInstructionsTest, ArePrivileged) {
  for (uint16_t opcode = 0xb230; opcode <= 0xb23c; ++opcode) {
    EXPECT_EQ(CodeInProblemState(S(opcode, 2, 1)), PgmCode::kPrivilegedOperation)
        << std::hex << opcode;
  }
  for (const Text& text : {Rre(0xb25f, 1, 2), S(0xb274, 0, 0), S(0xb276, 0, 0)}) {
    EXPECT_EQ(CodeInProblemState(text), PgmCode::kPrivilegedOperation) << std::hex << text.ipa;
  }
}

TEST_F(IoInstructionsTest, WantTheirOperandsOnABoundary) {
  for (const uint16_t opcode : {0xb232, 0xb233, 0xb234, 0xb235, 0xb236, 0xb239}) {
    EXPECT_EQ(Code(opcode, 0, kNowhere + 2), PgmCode::kSpecification) << std::hex << opcode;
  }
  EXPECT_EQ(Code(0xb23a, 0, kNowhere + 16), PgmCode::kSpecification);
  EXPECT_EQ(CodeOf(Rre(0xb25f, 2, 0), [](Cpu& cpu) { cpu.set_gpr(2, kNowhere + 0x800); }),
            PgmCode::kSpecification);
}

TEST_F(IoInstructionsTest, FindAccessExceptionsBeforeOperandExceptions) {
  for (const uint16_t opcode : {0xb232, 0xb233, 0xb234, 0xb235}) {
    EXPECT_EQ(Code(opcode, 0, kNowhere), PgmCode::kAddressing) << std::hex << opcode;
    EXPECT_EQ(Code(opcode, 0), PgmCode::kOperand) << std::hex << opcode;
  }
  // Also before condition code 3.
  EXPECT_EQ(Code(0xb234, kId + 1, kNowhere), PgmCode::kAddressing);
  EXPECT_EQ(Code(0xb234, kId + 1), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
}

TEST_F(IoInstructionsTest, StoreSubchannelStoresItsBlock) {
  EXPECT_EQ(Code(0xb234), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Load<uint16_t>(kOperand + 6), 0x1234);
}

TEST_F(IoInstructionsTest, StartsAProgramInStorage) {
  Store<uint16_t>(kOperand + 4, Pmcw::kEnabled);
  Code(0xb232);
  const Orb::Bytes orb = ChannelGuest::MakeOrb(Orb::kFormat1, 0x11000);
  machine->Write(hypervisor::GuestAbsolute(kOperand), orb.data(), orb.size());
  Store<uint64_t>(0x11000, 0xe420000700012000);  // SENSE ID, 7 bytes to 0x12000
  EXPECT_EQ(Code(0xb233), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Load<uint32_t>(0x12000), 0xff383202u);
  EXPECT_EQ(Code(0xb233), PgmCode::kNone);
  EXPECT_EQ(cc(), 1);
}

TEST_F(IoInstructionsTest, TestSubchannelStoresWithoutStatusToo) {
  MakeStatusPending();
  EXPECT_EQ(Code(0xb235), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Load<uint16_t>(kOperand + 2), Scsw::kAlert | Scsw::kPending);
  Store<uint16_t>(kOperand + 2, 0xffff);
  EXPECT_EQ(Code(0xb235), PgmCode::kNone);
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(Load<uint16_t>(kOperand + 2), 0);
}

TEST_F(IoInstructionsTest, TestSubchannelKeepsTheStatusThatItCantStore) {
  MakeStatusPending();
  EXPECT_EQ(Code(0xb235, kId, kNowhere), PgmCode::kAddressing);
  EXPECT_EQ(Code(0xb235), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
}

TEST_F(IoInstructionsTest, TestPendingInterruptionTakesWhatCr6Allows) {
  MakeStatusPending();
  const auto test = [&](uint64_t cr6, uint64_t operand) {
    return CodeOf(Operation(0xb236), [&](Cpu& cpu) {
      cpu.set_cr(6, cr6);
      cpu.set_gpr(2, operand);
    });
  };
  constexpr uint64_t kIsc3 = 0x10000000;
  EXPECT_EQ(test(~kIsc3, kOperand), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(test(kIsc3, kNowhere), PgmCode::kAddressing);
  EXPECT_EQ(test(kIsc3, kOperand), PgmCode::kNone);
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(Load<uint32_t>(kOperand), 0x00010000u);
  EXPECT_EQ(test(kIsc3, kOperand), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
}

TEST_F(IoInstructionsTest, TestPendingInterruptionWithoutOperandStoresWhereTheInterruptionWould) {
  MakeStatusPending();
  On(0, [&] { cpu().set_prefix(0x20000); });
  EXPECT_EQ(CodeOf(S(0xb236, 0, 0), [](Cpu& cpu) { cpu.set_cr(6, 0xff000000); }), PgmCode::kNone);
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(Load<uint32_t>(0x20000 + 0xb8), 0x00010000u);
  EXPECT_EQ(Load<uint32_t>(0x20000 + 0xc0), 3u << 27);
}

TEST_F(IoInstructionsTest, StoreChannelReportWordStoresZerosWhenThereIsNone) {
  subsystem->Announce(0);
  EXPECT_EQ(Code(0xb239), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Load<uint32_t>(kOperand) & 0xff00ffff, 0x03000000u);
  EXPECT_EQ(Code(0xb239), PgmCode::kNone);
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(Load<uint32_t>(kOperand), 0u);
}

TEST_F(IoInstructionsTest, ChecksReservedBits) {
  EXPECT_EQ(Code(0xb237, 0x80000000), PgmCode::kOperand);
  EXPECT_EQ(Code(0xb237, 0x00000001), PgmCode::kOperand);
  EXPECT_EQ(Code(0xb237, 0x7fff0000), PgmCode::kNone);
  EXPECT_EQ(Code(0xb23b, 0x01000000), PgmCode::kOperand);
  EXPECT_EQ(Code(0xb23c, 0x00000004), PgmCode::kOperand);
  EXPECT_EQ(Code(0xb23c, 2, 16), PgmCode::kOperand);
  EXPECT_EQ(Code(0xb23c, 2, 32), PgmCode::kNone);
}

TEST_F(IoInstructionsTest, StoreChannelPathStatusStoresZeros) {
  Store<uint64_t>(kOperand + 24, ~uint64_t{0});
  EXPECT_EQ(Code(0xb23a), PgmCode::kNone);
  EXPECT_EQ(Load<uint64_t>(kOperand + 24), 0u);
}

TEST_F(IoInstructionsTest, ChannelSubsystemCallAnswersBehindTheRequest) {
  Store<uint32_t>(kOperand, 0x00100010);
  EXPECT_EQ(CodeOf(Rre(0xb25f, 2, 0), [](Cpu& cpu) { cpu.set_gpr(2, kOperand); }), PgmCode::kNone);
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Load<uint32_t>(kOperand + 0x10), 0x0ff00001u);
  Store<uint16_t>(kOperand, 8);
  EXPECT_EQ(CodeOf(Rre(0xb25f, 2, 0), [](Cpu& cpu) { cpu.set_gpr(2, kOperand); }),
            PgmCode::kOperand);
}

TEST_F(IoInstructionsTest, SignalAdapterFindsNone) {
  EXPECT_EQ(Code(0xb274), PgmCode::kNone);
  EXPECT_EQ(cc(), 3);
}

class WithoutChannelSubsystemTest : public HandlerFixture {
 protected:
  WithoutChannelSubsystemTest() { Make(); }
};

TEST_F(WithoutChannelSubsystemTest, ThereAreNoSubchannels) {
  for (const uint16_t opcode : {0xb230, 0xb231, 0xb232, 0xb233, 0xb234, 0xb235, 0xb238}) {
    EXPECT_EQ(CodeOf(S(opcode, 2, 0),
                     [](Cpu& cpu) {
                       cpu.set_gpr(1, kId);
                       cpu.set_gpr(2, kOperand);
                     }),
              PgmCode::kNone);
    EXPECT_EQ(cc(), 3) << std::hex << opcode;
  }
}

}  // namespace
}  // namespace ucontrol
