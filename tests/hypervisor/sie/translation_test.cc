// Control instructions on translation tables, and PSWs at the edge of validity.
#include "gtest/gtest.h"
#include "hypervisor/arch/interruption.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

using uapi::Interception;

constexpr uint64_t kTable = 0x20000;

class CompareAndReplaceDatTableEntryTest : public testing::Test {
 protected:
  // Registers 4 and 5: old and new entry; 6 and 7: table and address.
  void Execute(uint64_t old, uint64_t next, uint64_t table, uint64_t address) {
    machine_.PutCode(GuestMachine::kProgram, {0xb9, 0x8f, 0x20, 0x46,    // crdte 4,6,2
                                              0x83, 0x00, 0x00, 0x44});  // diag
    machine_.cpu.psw =
        Psw{Psw::kExtendedAddressing | Psw::kBasicAddressing, GuestMachine::kProgram};
    machine_.cpu.gpr[4] = old;
    machine_.cpu.gpr[5] = next;
    machine_.cpu.gpr[6] = table;
    machine_.cpu.gpr[7] = address;
    machine_.Run();
  }
  GuestMachine machine_;
};

TEST_F(CompareAndReplaceDatTableEntryTest, ReplacesTheEntryOfTheAddressOnEachLevel) {
  for (const auto& [type, address, index] : {std::tuple{0x00u, uint64_t{0x12345000}, 0x45u},
                                             std::tuple{0x10u, uint64_t{0x12345000}, 0x123u},
                                             std::tuple{0x14u, uint64_t{0x123} << 31, 0x123u},
                                             std::tuple{0x18u, uint64_t{0x123} << 42, 0x123u},
                                             std::tuple{0x1cu, uint64_t{0x123} << 53, 0x123u}}) {
    machine_.Put<uint64_t>(kTable + index * 8, 0x1111);
    Execute(0x1111, 0x2222, kTable | type, address);
    EXPECT_EQ(machine_.cpu.psw.condition_code(), 0) << type;
    EXPECT_EQ(machine_.Read<uint64_t>(kTable + index * 8), 0x2222u) << type;
  }
}

TEST_F(CompareAndReplaceDatTableEntryTest, LoadsAnEntryThatIsNotTheExpectedOne) {
  machine_.Put<uint64_t>(kTable + 8, 0x3333);
  Execute(0x1111, 0x2222, kTable | 0x10, 0x100000);
  EXPECT_EQ(machine_.cpu.psw.condition_code(), 1);
  EXPECT_EQ(machine_.cpu.gpr[4], 0x3333u);
  EXPECT_EQ(machine_.Read<uint64_t>(kTable + 8), 0x3333u);
}

TEST_F(CompareAndReplaceDatTableEntryTest, KnowsNoOtherTables) {
  Execute(0x1111, 0x2222, kTable | 0x04, 0);
  EXPECT_EQ(machine_.block.icptcode, static_cast<uint8_t>(Interception::kProgram));
  EXPECT_EQ(machine_.block.iprcc, static_cast<uint16_t>(PgmCode::kSpecification));
}

TEST(LargeFrameTest, HasAnAbsoluteAddress) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xe3, 0x10, 0x20, 0x00, 0x00, 0x04,  // lg 1,0(2)
                                           0xe3, 0x30, 0x40, 0x00, 0x00, 0x03,  // lrag 3,0(4)
                                           0x83, 0x00, 0x00, 0x44});
  // The first segment in pages, as real addresses; the second is the first as a frame.
  machine.Put<uint64_t>(0x80000, 0x90000);
  machine.Put<uint64_t>(0x80008, 0x400);
  for (uint64_t page = 0; page < 256; ++page)
    machine.Put<uint64_t>(0x90000 + page * 8, page * kPageSize);
  machine.Put<uint64_t>(0x128, 0xaaaa);
  machine.Put<uint64_t>(0x30128, 0xbbbb);
  machine.cpu.prefix = 0x30000;
  machine.cpu.cr[0] |= 0x800000;
  machine.cpu.cr[1] = 0x80000;
  machine.cpu.psw.mask |= Psw::kDat;
  machine.cpu.gpr[2] = machine.cpu.gpr[4] = 0x100128;
  machine.Run();
  EXPECT_EQ(machine.block.ipa, 0x8300);
  EXPECT_EQ(machine.cpu.gpr[1], 0xaaaau);
  EXPECT_EQ(machine.cpu.gpr[3], 0x30128u) << "the real address of absolute 0x128";
}

TEST(OddAddressTest, IsNoErrorOfAPswThatWaits) {
  GuestMachine machine;
  machine.cpu.psw = Psw{Psw::kExtendedAddressing | Psw::kBasicAddressing | Psw::kWait, 0xfff};
  machine.Run();
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kWait));
  machine.cpu.psw.mask &= ~Psw::kWait;
  machine.Run();
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kProgram));
  EXPECT_EQ(machine.block.iprcc, static_cast<uint16_t>(PgmCode::kSpecification));
  // The attempt to fetch is made, so the address is incremented, and the length code says by what.
  EXPECT_EQ(machine.block.pgmilc, 2);
  EXPECT_EQ(machine.cpu.psw.address, 0x1001u);
}

TEST(OddAddressTest, OfABranchIsNoticedAtItsTarget) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0x07, 0xf1});  // br 1
  machine.cpu.gpr[1] = GuestMachine::kProgram + 3;
  machine.Run();
  EXPECT_EQ(machine.block.iprcc, static_cast<uint16_t>(PgmCode::kSpecification));
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 5);
  EXPECT_EQ(machine.cpu.breaking_event_address, GuestMachine::kProgram);
}

TEST(InvalidPswTest, HasTheLengthOfTheInstructionThatOnlyChangedTheMask) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0x80, 0x00, 0x20, 0x00});  // ssm 0(2)
  machine.Put<uint8_t>(0x3000, 0xff);
  machine.cpu.gpr[2] = 0x3000;
  machine.Run();
  EXPECT_EQ(machine.block.iprcc, static_cast<uint16_t>(PgmCode::kSpecification));
  EXPECT_EQ(machine.block.pgmilc, 4);
  EXPECT_EQ(machine.cpu.psw.mask >> 56, 0xffu);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 4);
}

TEST(InvalidPswTest, HasNoLengthIfItWasLoadedWhole) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xb2, 0xb2, 0x20, 0x00});  // lpswe 0(2)
  machine.Put<uint64_t>(0x3000, 0x0800000180000000);
  machine.Put<uint64_t>(0x3008, 0x4000);
  machine.cpu.gpr[2] = 0x3000;
  machine.Run();
  EXPECT_EQ(machine.block.iprcc, static_cast<uint16_t>(PgmCode::kSpecification));
  EXPECT_EQ(machine.block.pgmilc, 0);
  EXPECT_EQ(machine.cpu.psw.address, 0x4000u);
}

TEST(TestProtectionTest, IsTheHostsBusinessWhereNothingIsMapped) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0xe5, 0x01, 0x20, 0x00, 0x00, 0x00});  // tprot 0(2),0
  machine.cpu.gpr[2] = GuestMachine::kStorageSize;
  EXPECT_EQ(machine.Run().reason, SieExit::Reason::kIntercepted);
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kInstruction));
  EXPECT_EQ(machine.block.ipa, 0xe501);
  EXPECT_EQ(machine.block.ipb, 0x20000000u);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram + 6);
}

TEST(PerTest, FetchingAnInterceptedInstructionIsNotedInTheBlock) {
  GuestMachine machine;
  machine.PutCode(GuestMachine::kProgram, {0x83, 0x00, 0x00, 0x44});  // diag
  machine.cpu.psw.mask |= Psw::kPer;
  machine.cpu.cr[9] = 0x40000000;
  machine.cpu.cr[10] = GuestMachine::kProgram;
  machine.cpu.cr[11] = GuestMachine::kProgram;
  machine.Run();
  EXPECT_EQ(machine.block.icptcode, static_cast<uint8_t>(Interception::kInstruction));
  EXPECT_EQ(machine.block.icptstatus, uapi::kIcptPerIfetch);
  machine.cpu.psw.address = GuestMachine::kProgram;
  machine.cpu.cr[10] = GuestMachine::kProgram + 4;
  machine.cpu.cr[11] = GuestMachine::kProgram + 4;
  machine.Run();
  EXPECT_EQ(machine.block.icptstatus, 0);
}

}  // namespace
}  // namespace hypervisor
