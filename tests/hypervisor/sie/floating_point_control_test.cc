// Floating-point registers, their control, and instructions that move them as they are.
#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kA = 0x20000;

class FloatingPointControlTest : public testing::Test {
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
    return machine.block.ipb == 0x00440000u ? 0 : machine.Read<uint16_t>(prefix_area::kProgramCode);
  }
  uint32_t dxc() { return machine.Read<uint32_t>(prefix_area::kDataExceptionCode); }
  uint64_t& fpr(int r) { return machine.cpu.vr[r].high; }
  uint32_t& fpc() { return machine.cpu.fpc; }

  GuestMachine machine;
};

TEST_F(FloatingPointControlTest, ShortOperandsLeaveTheRightHalf) {
  machine.cpu.gpr[1] = kA;
  machine.Put<uint64_t>(kA, 0x1122334455667788);
  fpr(2) = 0xaaaaaaaabbbbbbbb;
  EXPECT_EQ(Execute({0x78, 0x20, 0x10, 0x00}), 0);  // le 2,0(1)
  EXPECT_EQ(fpr(2), 0x11223344bbbbbbbbu);
  EXPECT_EQ(Execute({0x68, 0x30, 0x10, 0x00}), 0);  // ld 3,0(1)
  EXPECT_EQ(fpr(3), 0x1122334455667788u);
  EXPECT_EQ(Execute({0x70, 0x30, 0x10, 0x04}), 0);  // ste 3,4(1)
  EXPECT_EQ(machine.Read<uint64_t>(kA), 0x1122334411223344u);
  EXPECT_EQ(Execute({0xb3, 0xcd, 0x00, 0x53}), 0);  // lgdr 5,3
  EXPECT_EQ(machine.cpu.gpr[5], 0x1122334455667788u);
  EXPECT_EQ(Execute({0xb3, 0x74, 0x00, 0x30}), 0);  // lzer 3
  EXPECT_EQ(fpr(3), 0x55667788u);
}

TEST_F(FloatingPointControlTest, SignsAndPairs) {
  fpr(1) = 0x8000000000000001;
  fpr(3) = 3;
  EXPECT_EQ(Execute({0xb3, 0x70, 0x00, 0x21}), 0);  // lpdfr 2,1
  EXPECT_EQ(fpr(2), 1u);
  EXPECT_EQ(Execute({0xb3, 0x72, 0x10, 0x43}), 0);  // cpsdr 4,1,3
  EXPECT_EQ(fpr(4), 0x8000000000000003u);
  EXPECT_EQ(Execute({0xb3, 0x65, 0x00, 0x81}), 0);  // lxr 8,1
  EXPECT_EQ(fpr(8), 0x8000000000000001u);
  EXPECT_EQ(fpr(10), 3u);
  EXPECT_EQ(Execute({0xb3, 0x65, 0x00, 0x21}), 6);
}

TEST_F(FloatingPointControlTest, WithoutAfpOnlyFourRegisters) {
  machine.cpu.cr[0] &= ~GuestMachine::cr0_afp;
  machine.cpu.gpr[1] = ~uint64_t{0xfff};  // no storage: the register comes first
  EXPECT_EQ(Execute({0x68, 0x10, 0x10, 0x00}), 7);
  EXPECT_EQ(dxc(), 1u);
  EXPECT_EQ(Execute({0x60, 0x80, 0x10, 0x00}), 7);
  EXPECT_EQ(Execute({0x28, 0x46}), 0);
  EXPECT_EQ(Execute({0x28, 0x47}), 7);
  EXPECT_EQ(Execute({0xb3, 0x8c, 0x00, 0x10}), 7);  // efpc
  EXPECT_EQ(dxc(), 2u);
  EXPECT_EQ(fpc(), 0u);
}

TEST_F(FloatingPointControlTest, FpcIsCheckedAndSignals) {
  machine.cpu.gpr[2] = 0xf8000003;
  EXPECT_EQ(Execute({0xb3, 0x84, 0x00, 0x20}), 0);  // sfpc
  EXPECT_EQ(fpc(), 0xf8000003u);
  machine.cpu.gpr[2] = 0x00000004;
  EXPECT_EQ(Execute({0xb3, 0x84, 0x00, 0x20}), 6);
  fpc() = 0;
  EXPECT_EQ(Execute({0xb2, 0xb8, 0x00, 0x07}), 0);  // srnmb 7
  EXPECT_EQ(fpc(), 7u);
  EXPECT_EQ(Execute({0xb2, 0xb8, 0x00, 0x05}), 6);
  EXPECT_EQ(Execute({0xb2, 0x99, 0x00, 0x06}), 0);  // srnm: two bits
  EXPECT_EQ(fpc(), 2u);
  fpc() = 0x00280000;  // overflow and inexact
  machine.cpu.gpr[2] = 0x20000000;
  EXPECT_EQ(Execute({0xb3, 0x85, 0x00, 0x20}), 7);  // sfasr
  EXPECT_EQ(dxc(), 0x23u);
  EXPECT_EQ(fpc(), 0x20282300u);
}

}  // namespace
}  // namespace hypervisor
