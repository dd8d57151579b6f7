// The program interruptions of each privileged instruction, in the order of their priority.
#include <gtest/gtest.h>

#include "hypervisor/arch/control_registers.h"
#include "tests/ucontrol/instruction/handler_fixture.h"
#include "ucontrol/machine_description.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using hypervisor::Psw;

class OrderOfExceptions : public HandlerFixture {
 protected:
  OrderOfExceptions() {
    Make();
    auto description = std::make_unique<MachineDescription>();
    description->facilities = {0, 1, 2, 7, 8, 10, 14};
    machine->AddPart<MachineDescription>(std::move(description));
  }
};

TEST_F(OrderOfExceptions, PrivilegedOperationComesFirst) {
  for (const Text& text :
       {S(0xb202, 1, 1),          S(0xb204, 1, 1),          S(0xb210, 1, 1),
        S(0xb211, 1, 1),          S(0xb212, 1, 1),          S(0xb27d, 1, 1),
        S(0xb2b1, 1, 1),          S(0xb2b2, 1, 1),          Rre(0xb220, 1, 2),
        Rre(0xb229, 1, 2),        Rre(0xb22a, 1, 2),        Rre(0xb22b, 1, 2),
        Rre(0xb22c, 1, 2),        Rre(0xb9af, 1, 2),        Rs(0x82, 0, 0, 1, 1),
        Rs(0x83, 0, 0, 0, 0xfff), Rs(0xb6, 0, 15, 1, 1),    Rs(0xb7, 0, 15, 1, 1),
        Text{0xeb0f, 0x10010025}, Text{0xeb0f, 0x1001002f}, Text{0xeb00, 0x10010071},
        Text{0x0107, 0},          Text{0xe501, 0x10012001}}) {
    EXPECT_EQ(CodeInProblemState(text), PgmCode::kPrivilegedOperation) << std::hex << text.ipa;
  }
}

TEST_F(OrderOfExceptions, MisalignmentComesBeforeAccess) {
  for (const auto& [text, boundary] :
       {std::pair{S(0xb202, 1, 0), 8}, std::pair{S(0xb204, 1, 0), 8}, std::pair{S(0xb210, 1, 0), 4},
        std::pair{S(0xb211, 1, 0), 4}, std::pair{S(0xb212, 1, 0), 2}, std::pair{S(0xb2b2, 1, 0), 8},
        std::pair{Rs(0x82, 0, 0, 1, 0), 8}, std::pair{Rs(0xb6, 0, 0, 1, 0), 4},
        std::pair{Rs(0xb7, 0, 0, 1, 0), 4}, std::pair{Text{0xeb00, 0x10000025}, 8},
        std::pair{Text{0xeb00, 0x1000002f}, 8}, std::pair{Text{0xeb00, 0x10000071}, 8}}) {
    const uint64_t outside = ~uint64_t{0xfff};
    for (int offset = 1; offset < boundary; offset *= 2) {
      EXPECT_EQ(CodeOf(text, [&](Cpu& cpu) { cpu.set_gpr(1, outside + offset); }),
                PgmCode::kSpecification)
          << std::hex << text.ipa;
    }
    EXPECT_EQ(CodeOf(text, [&](Cpu& cpu) { cpu.set_gpr(1, outside); }), PgmCode::kAddressing)
        << std::hex << text.ipa;
  }
}

TEST_F(OrderOfExceptions, StoresToLowAddressesAreProtected) {
  for (const Text& text : {S(0xb202, 1, 0), S(0xb211, 1, 0), S(0xb212, 1, 0)}) {
    EXPECT_EQ(CodeOf(text,
                     [](Cpu& cpu) {
                       cpu.set_cr(0, hypervisor::cr0::kLowAddressProtection);
                       cpu.set_gpr(1, 8);
                     }),
              PgmCode::kProtection)
        << std::hex << text.ipa;
  }
  for (uint64_t block : {0x0, 0x1000}) {
    EXPECT_EQ(CodeOf(Rre(0xb22c, 0, 2),
                     [&](Cpu& cpu) {
                       cpu.set_cr(0, hypervisor::cr0::kLowAddressProtection);
                       cpu.set_gpr(2, block);
                     }),
              PgmCode::kProtection);
  }
}

TEST_F(OrderOfExceptions, UnknownInstructionsAreOperationExceptions) {
  for (const Text& text :
       {Text{0xb214, 0}, Text{0xb2af, 0}, Text{0xb2ad, 0}, Text{0xb2ae, 0}, Text{0xb9a2, 0},
        Text{0xb9ab, 0}, Text{0xeb00, 0xd1}, Text{0xb9d0, 0}, Text{0xe300, 0xd0}, Text{0x0000, 0},
        Text{0xffff, 0}, Text{0x0101, 0}, Text{0xaa05, 0}, Text{0xe502, 0}}) {
    EXPECT_EQ(FindInstruction(text.ipa, text.ipb), nullptr) << std::hex << text.ipa;
  }
}

TEST_F(OrderOfExceptions, FacilitiesThatAreAbsentAreOperationExceptions) {
  EXPECT_EQ(CodeOf(Rre(0xb256, 2, 4)), PgmCode::kOperation);
  EXPECT_EQ(CodeOf({0xe300, 0x49}), PgmCode::kOperation);
  EXPECT_EQ(CodeOf({0xeb00, 0x60}), PgmCode::kOperation);
  EXPECT_EQ(CodeOf({0xaa00, 0}), PgmCode::kOperation);
}

}  // namespace
}  // namespace ucontrol
