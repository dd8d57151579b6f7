// Binary-floating-point instructions as a guest executes them: registers, FPC, traps, NaNs. The
// arithmetic itself is tested in assist/bfp.
#include <bit>

#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kA = 0x20000;
constexpr uint64_t kQuiet = 0x7ff8000000000000;
constexpr uint64_t kInfinity = 0x7ff0000000000000;
constexpr uint64_t kSign = 0x8000000000000000;

uint64_t Bits(double value) {
  return std::bit_cast<uint64_t>(value);
}
uint64_t ShortBits(float value) {
  return uint64_t{std::bit_cast<uint32_t>(value)} << 32;
}

class BfpTest : public testing::Test {
 protected:
  // The program-interruption code, or 0 if `code` ran to its end.
  int Execute(std::initializer_list<uint8_t> code) {
    machine.PutCode(GuestMachine::kProgram, code);
    machine.PutCode(GuestMachine::kProgram + code.size(), {0x83, 0x00, 0x00, 0x44});
    machine.PutCode(0x8000, {0x83, 0x00, 0x00, 0x45});
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x180000000);
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, 0x8000);
    machine.block.ecb |= uapi::kEcbSpeci;
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.Run();
    if (machine.block.ipb == 0x00440000u) {
      cc = machine.cpu.psw.condition_code();
      return 0;
    }
    cc = Psw{machine.Read<uint64_t>(prefix_area::kProgramOldPsw), 0}.condition_code();
    return machine.Read<uint16_t>(prefix_area::kProgramCode);
  }
  uint32_t dxc() { return machine.Read<uint32_t>(prefix_area::kDataExceptionCode); }
  uint64_t& fpr(int r) { return machine.cpu.vr[r].high; }
  uint32_t& fpc() { return machine.cpu.fpc; }
  uint64_t& gpr(int r) { return machine.cpu.gpr[r]; }

  GuestMachine machine;
  int cc = 0;
};

// As compilers for z13 load a short number: without what was in the register.
TEST_F(BfpTest, AShortNumberIsLoadedWithZerosOnItsRight) {
  fpr(1) = fpr(2) = 0x1111111122222222;
  gpr(5) = kA;
  machine.Put<uint64_t>(kA, 0xfedcba9876543210);
  EXPECT_EQ(Execute({0xed, 0x10, 0x50, 0x00, 0x00, 0x24}), 0);  // lde 1,0(5)
  EXPECT_EQ(fpr(1), 0xfedcba9800000000u);
  EXPECT_EQ(Execute({0xb3, 0x24, 0x00, 0x12}), 0);  // lder 1,2
  EXPECT_EQ(fpr(1), 0x1111111100000000u);
}

TEST_F(BfpTest, AddSetsConditionCodeAndFlags) {
  fpr(1) = Bits(1.5);
  fpr(2) = Bits(-4.0);
  EXPECT_EQ(Execute({0xb3, 0x1a, 0x00, 0x12}), 0);  // adbr 1,2
  EXPECT_EQ(fpr(1), Bits(-2.5));
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(fpc(), 0u);
  machine.Put<uint64_t>(kA, Bits(0.1));
  gpr(5) = kA;
  EXPECT_EQ(Execute({0xed, 0x10, 0x50, 0x00, 0x00, 0x1a}), 0);  // adb 1,0(5)
  EXPECT_EQ(fpr(1), Bits(-2.5 + 0.1));
  EXPECT_EQ(fpc(), 0x00080000u);
  EXPECT_EQ(Execute({0xed, 0x10, 0x50, 0x00, 0x00, 0x1a}), 0);  // the host's way
  EXPECT_EQ(fpr(1), Bits(-2.5 + 0.1 + 0.1));
  fpr(1) = Bits(4.0);
  EXPECT_EQ(Execute({0xb3, 0x1a, 0x00, 0x12}), 0);
  EXPECT_EQ(fpr(1), 0u);
  EXPECT_EQ(cc, 0);
}

TEST_F(BfpTest, ShortOperandsLeaveTheRightHalf) {
  fpr(1) = ShortBits(3.0f) | 0x1234;
  fpr(2) = ShortBits(7.0f);
  EXPECT_EQ(Execute({0xb3, 0x17, 0x00, 0x12}), 0);  // meebr
  EXPECT_EQ(fpr(1), ShortBits(21.0f) | 0x1234);
  EXPECT_EQ(Execute({0xb3, 0x0c, 0x00, 0x12}), 0);  // mdebr: a long product
  EXPECT_EQ(fpr(1), Bits(147.0));
}

TEST_F(BfpTest, ExtendedNumbersLieInPairs) {
  fpr(2) = Bits(3.0);
  EXPECT_EQ(Execute({0xb3, 0x05, 0x00, 0x42}), 0);  // lxdbr 4,2
  EXPECT_EQ(fpr(4), 0x4000800000000000u);
  EXPECT_EQ(fpr(6), 0u);
  EXPECT_EQ(Execute({0xb3, 0x4c, 0x00, 0x44}), 0);  // mxbr 4,4
  EXPECT_EQ(Execute({0xb3, 0x45, 0x00, 0x14}), 0);  // ldxbr 1,4
  EXPECT_EQ(fpr(1), Bits(9.0));
  EXPECT_EQ(Execute({0xb3, 0x4c, 0x00, 0x24}), 6);
}

TEST_F(BfpTest, InvalidOperations) {
  fpr(1) = kInfinity;
  fpr(2) = kInfinity;
  EXPECT_EQ(Execute({0xb3, 0x1b, 0x00, 0x12}), 0);  // sdbr
  EXPECT_EQ(fpr(1), kQuiet);
  EXPECT_EQ(cc, 3);
  EXPECT_EQ(fpc(), 0x00800000u);
  // With the mask on, the operation is suppressed.
  fpr(1) = kInfinity;
  fpc() = 0x80000000;
  EXPECT_EQ(Execute({0xb3, 0x1b, 0x00, 0x12}), 7);
  EXPECT_EQ(dxc(), 0x80u);
  EXPECT_EQ(fpr(1), kInfinity);
  EXPECT_EQ(fpc(), 0x80008000u);
}

TEST_F(BfpTest, DivisionByZero) {
  fpr(1) = Bits(-1.0);
  fpr(2) = 0;
  EXPECT_EQ(Execute({0xb3, 0x1d, 0x00, 0x12}), 0);
  EXPECT_EQ(fpr(1), kSign | kInfinity);
  EXPECT_EQ(fpc(), 0x00400000u);
  fpr(1) = Bits(-1.0);
  fpc() = 0x40000000;
  EXPECT_EQ(Execute({0xb3, 0x1d, 0x00, 0x12}), 7);
  EXPECT_EQ(dxc(), 0x40u);
  EXPECT_EQ(fpr(1), Bits(-1.0));
}

TEST_F(BfpTest, NansTakeTheirTurn) {
  constexpr uint64_t kQuiet1 = kQuiet | 1, kQuiet2 = kSign | kQuiet | 2;
  constexpr uint64_t kSignaling2 = kSign | kInfinity | 2, kSignaling3 = kInfinity | 3;
  fpr(1) = kQuiet1;
  fpr(2) = kQuiet2;
  EXPECT_EQ(Execute({0xb3, 0x1a, 0x00, 0x12}), 0);
  EXPECT_EQ(fpr(1), kQuiet1);
  EXPECT_EQ(fpc(), 0u);
  fpr(2) = kSignaling2;
  EXPECT_EQ(Execute({0xb3, 0x1a, 0x00, 0x12}), 0);
  EXPECT_EQ(fpr(1), kQuiet2);
  EXPECT_EQ(fpc(), 0x00800000u);
  // MULTIPLY AND ADD: third, second, first.
  fpr(1) = kSignaling3;
  fpr(2) = kSignaling2;
  fpr(3) = kQuiet1;
  EXPECT_EQ(Execute({0xb3, 0x1e, 0x10, 0x32}), 0);  // madbr 1,3,2
  EXPECT_EQ(fpr(1), kQuiet2);
  // Infinity times zero doesn't look at the addend.
  fpr(1) = kQuiet1;
  fpr(2) = kInfinity;
  fpr(3) = 0;
  EXPECT_EQ(Execute({0xb3, 0x1e, 0x10, 0x32}), 0);
  EXPECT_EQ(fpr(1), kQuiet);
}

TEST_F(BfpTest, MultiplyAndAdd) {
  fpr(1) = Bits(10.0);
  fpr(2) = Bits(3.0);
  fpr(3) = Bits(4.0);
  EXPECT_EQ(Execute({0xb3, 0x1e, 0x10, 0x32}), 0);  // madbr
  EXPECT_EQ(fpr(1), Bits(22.0));
  EXPECT_EQ(Execute({0xb3, 0x1f, 0x10, 0x32}), 0);  // msdbr
  EXPECT_EQ(fpr(1), Bits(-10.0));
  machine.Put<uint64_t>(kA, Bits(0.5));
  gpr(5) = kA;
  EXPECT_EQ(Execute({0xed, 0x30, 0x50, 0x00, 0x10, 0x1e}), 0);  // madb 1,3,0(5)
  EXPECT_EQ(fpr(1), Bits(-8.0));
}

TEST_F(BfpTest, OverflowAndUnderflowTrapWithScaledResults) {
  fpr(1) = Bits(0x1p1000);
  fpr(2) = Bits(0x1p1000);
  fpc() = 0x20000000;
  EXPECT_EQ(Execute({0xb3, 0x1c, 0x00, 0x12}), 7);  // mdbr
  EXPECT_EQ(dxc(), 0x20u);
  EXPECT_EQ(fpr(1), Bits(0x1p464));
  EXPECT_EQ(fpc(), 0x20002000u);
  fpr(1) = Bits(0x1p-1000);
  fpr(2) = Bits(0x1.8p-1000);
  fpc() = 0x10000000;
  EXPECT_EQ(Execute({0xb3, 0x1c, 0x00, 0x12}), 7);
  EXPECT_EQ(dxc(), 0x10u);
  EXPECT_EQ(fpr(1), Bits(0x1.8p-464));
  // An inexact result is complete when it traps.
  fpr(1) = Bits(1.0);
  fpr(2) = Bits(3.0);
  fpc() = 0x08000000;
  EXPECT_EQ(Execute({0xb3, 0x1d, 0x00, 0x12}), 7);
  EXPECT_EQ(dxc(), 0x08u);
  EXPECT_EQ(fpr(1), Bits(1.0 / 3.0));
  EXPECT_EQ(fpc(), 0x08000800u);
}

TEST_F(BfpTest, LoadRoundedTrapsInTheLongerFormat) {
  fpr(2) = Bits(0x1.0000000000001p700);
  fpc() = 0x20000000;
  EXPECT_EQ(Execute({0xb3, 0x44, 0x00, 0x12}), 7);  // ledbr
  EXPECT_EQ(dxc(), 0x28u);
  EXPECT_EQ(fpr(1), Bits(0x1p188));
  fpc() = 0;
  EXPECT_EQ(Execute({0xb3, 0x44, 0x60, 0x12}), 0);  // ledbra 1,6,2,0: up
  EXPECT_EQ(fpr(1) >> 32, 0x7f800000u);
  EXPECT_EQ(fpc(), 0x00280000u);
  fpr(2) = Bits(1.1);
  fpc() = 0;
  EXPECT_EQ(Execute({0xb3, 0x44, 0x04, 0x12}), 0);  // inexact suppressed
  EXPECT_EQ(fpr(1) >> 32, std::bit_cast<uint32_t>(1.1f));
  EXPECT_EQ(fpc(), 0u);
}

TEST_F(BfpTest, ComparisonsAndUnordered) {
  fpr(1) = Bits(-1.0);
  fpr(2) = Bits(2.0);
  EXPECT_EQ(Execute({0xb3, 0x19, 0x00, 0x12}), 0);
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(Execute({0xb3, 0x19, 0x00, 0x21}), 0);
  EXPECT_EQ(cc, 2);
  fpr(1) = kQuiet;
  EXPECT_EQ(Execute({0xb3, 0x19, 0x00, 0x12}), 0);
  EXPECT_EQ(cc, 3);
  EXPECT_EQ(fpc(), 0u);
  EXPECT_EQ(Execute({0xb3, 0x18, 0x00, 0x12}), 0);  // kdbr signals
  EXPECT_EQ(fpc(), 0x00800000u);
  fpr(1) = kSign;
  fpr(2) = 0;
  EXPECT_EQ(Execute({0xb3, 0x19, 0x00, 0x12}), 0);
  EXPECT_EQ(cc, 0);
}

TEST_F(BfpTest, LoadsThatTestAndChangeSigns) {
  fpr(2) = kInfinity | 5;
  EXPECT_EQ(Execute({0xb3, 0x13, 0x00, 0x12}), 0);  // lcdbr: a signaling NaN passes
  EXPECT_EQ(fpr(1), kSign | kInfinity | 5);
  EXPECT_EQ(cc, 3);
  EXPECT_EQ(fpc(), 0u);
  EXPECT_EQ(Execute({0xb3, 0x12, 0x00, 0x12}), 0);  // ltdbr doesn't let it
  EXPECT_EQ(fpr(1), kQuiet | 5);
  EXPECT_EQ(fpc(), 0x00800000u);
  fpr(2) = kSign;
  EXPECT_EQ(Execute({0xb3, 0x12, 0x00, 0x12}), 0);
  EXPECT_EQ(fpr(1), kSign);
  EXPECT_EQ(cc, 0);
}

TEST_F(BfpTest, ConvertToFixedWithModifiers) {
  fpr(2) = Bits(-2.5);
  EXPECT_EQ(Execute({0xb3, 0x99, 0x50, 0x12}), 0);  // cfdbr 1,5,2
  EXPECT_EQ(gpr(1) & 0xffffffff, 0xfffffffeu);
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(fpc(), 0x00080000u);
  EXPECT_EQ(Execute({0xb3, 0xa9, 0x10, 0x12}), 0);  // cgdbr: ties away
  EXPECT_EQ(gpr(1), static_cast<uint64_t>(-3));
  EXPECT_EQ(Execute({0xb3, 0x99, 0x20, 0x12}), 6);
  fpr(2) = kQuiet;
  fpc() = 0;
  EXPECT_EQ(Execute({0xb3, 0x99, 0x50, 0x12}), 0);
  EXPECT_EQ(gpr(1) & 0xffffffff, 0x80000000u);
  EXPECT_EQ(cc, 3);
  EXPECT_EQ(fpc(), 0x00880000u);
  fpr(2) = Bits(-0.75);
  fpc() = 0;
  EXPECT_EQ(Execute({0xb3, 0x9d, 0x54, 0x12}), 0);  // clfdbr, inexact suppressed
  EXPECT_EQ(gpr(1) & 0xffffffff, 0u);
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(fpc(), 0u);
  fpr(2) = Bits(-1.0);
  EXPECT_EQ(Execute({0xb3, 0xad, 0x50, 0x12}), 0);
  EXPECT_EQ(gpr(1), 0u);
  EXPECT_EQ(cc, 3);
}

TEST_F(BfpTest, ConvertFromFixed) {
  gpr(2) = 0xffffffff80000000;
  EXPECT_EQ(Execute({0xb3, 0x95, 0x00, 0x12}), 0);  // cdfbr
  EXPECT_EQ(fpr(1), Bits(-2147483648.0));
  EXPECT_EQ(Execute({0xb3, 0x91, 0x00, 0x12}), 0);  // cdlfbr
  EXPECT_EQ(fpr(1), Bits(2147483648.0));
  gpr(2) = ~uint64_t{0};
  EXPECT_EQ(Execute({0xb3, 0xa1, 0x50, 0x12}), 0);  // cdlgbr, toward zero
  EXPECT_EQ(fpr(1), 0x43efffffffffffffu);
  EXPECT_EQ(fpc(), 0x00080000u);
}

TEST_F(BfpTest, LoadFpIntegerAndDivideToInteger) {
  fpr(2) = Bits(-0.25);
  EXPECT_EQ(Execute({0xb3, 0x5f, 0x60, 0x12}), 0);  // fidbr up
  EXPECT_EQ(fpr(1), kSign);
  fpr(1) = Bits(17.0);
  fpr(2) = Bits(5.0);
  EXPECT_EQ(Execute({0xb3, 0x5b, 0x34, 0x12}), 0);  // didbr 1,3,2,4
  EXPECT_EQ(fpr(3), Bits(3.0));
  EXPECT_EQ(fpr(1), Bits(2.0));
  EXPECT_EQ(cc, 0);
  fpr(1) = Bits(0x1p1000);
  fpr(2) = Bits(3.0);
  EXPECT_EQ(Execute({0xb3, 0x5b, 0x34, 0x12}), 0);
  EXPECT_EQ(cc, 2);
  EXPECT_EQ(Execute({0xb3, 0x5b, 0x14, 0x12}), 6);
}

TEST_F(BfpTest, TestDataClass) {
  fpr(1) = 1;  // subnormal
  EXPECT_EQ(Execute({0xed, 0x10, 0x00, 0x80, 0x00, 0x11}), 0);
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(Execute({0xed, 0x10, 0x0f, 0x7f, 0x00, 0x11}), 0);
  EXPECT_EQ(cc, 0);
  fpr(1) = kSign | kInfinity | 1;
  EXPECT_EQ(Execute({0xed, 0x10, 0x00, 0x01, 0x00, 0x11}), 0);
  EXPECT_EQ(cc, 1);
}

TEST_F(BfpTest, HexadecimalConversions) {
  fpr(2) = Bits(-118.625);
  EXPECT_EQ(Execute({0xb3, 0x59, 0x00, 0x12}), 0);  // thdr
  EXPECT_EQ(fpr(1), 0xc276a00000000000u);
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(Execute({0xb3, 0x51, 0x00, 0x31}), 0);  // tbdr
  EXPECT_EQ(fpr(3), Bits(-118.625));
  fpr(2) = Bits(0x1p300);
  EXPECT_EQ(Execute({0xb3, 0x59, 0x00, 0x12}), 0);
  EXPECT_EQ(fpr(1), 0x7fffffffffffffffu);
  EXPECT_EQ(cc, 3);
  EXPECT_EQ(Execute({0xb3, 0x50, 0x40, 0x31}), 0);  // tbedr
  EXPECT_EQ(fpr(3) >> 32, 0x7f800000u);
  EXPECT_EQ(cc, 3);
}

TEST_F(BfpTest, WithoutAfpThereIsNoBfp) {
  machine.cpu.cr[0] &= ~GuestMachine::cr0_afp;
  EXPECT_EQ(Execute({0xb3, 0x1a, 0x00, 0x12}), 7);
  EXPECT_EQ(dxc(), 2u);
}

}  // namespace
}  // namespace hypervisor
