// Vector instructions, beside what tests/differential compares with another implementation.
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_text.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

bool IsVector(Facility facility) {
  return facility == Facility::kVector || facility == Facility::kVectorEnhancements1 ||
         facility == Facility::kVectorEnhancements2 || facility == Facility::kVectorPackedDecimal;
}

class VectorTest : public testing::Test {
 protected:
  explicit VectorTest(FacilityList facilities = OfferedFacilities()) : machine_(facilities) {
    machine_.block.ictl = uapi::kIctlPint;
    machine_.cpu.cr[0] |= cr0::kVector;
  }

  // One instruction, then an interception. The code of a program interruption, or 0.
  int Run(uint64_t text) {
    machine_.Put(GuestMachine::kProgram, text >> 16 << 16);
    machine_.PutCode(GuestMachine::kProgram + 6, {0x83, 0x00, 0x00, 0x44});
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.block.iprcc = 0;
    machine_.Run();
    return machine_.block.iprcc;
  }

  GuestMachine machine_;
  std::array<VectorRegister, 32>& vr_ = machine_.cpu.vr;
};

// Either control alone doesn't permit a vector instruction; the FPC is told if it may be.
TEST_F(VectorTest, BothControlsPermitVectorInstructions) {
  const uint64_t controls = machine_.cpu.cr[0];
  for (const uint64_t off : {cr0::kVector, cr0::kAfpRegister}) {
    machine_.cpu.cr[0] = controls & ~off;
    machine_.cpu.fpc = 0;
    vr_[1] = {1, 2};
    for (const TableRow& row : Table()) {
      if (!IsVector(row.facility) || std::string_view(row.mnemonic) == "LCBB") continue;
      EXPECT_EQ(Run(WithOpcode(row, 0x0010000000000000)), static_cast<int>(PgmCode::kData))
          << row.mnemonic;
      EXPECT_EQ(machine_.block.dxc, kDxcVectorInstruction) << row.mnemonic;
    }
    EXPECT_EQ(machine_.cpu.fpc, off == cr0::kVector ? 0xfe00u : 0u);
    EXPECT_EQ(vr_[1], (VectorRegister{1, 2}));
  }
}

TEST_F(VectorTest, TheLeftHalvesOfSixteenRegistersAreFloatingPointRegisters) {
  EXPECT_EQ(Run(0xb370000507000000), 0);  // LPDFR 0,5; NOPR
  EXPECT_EQ(vr_[0].high, 0u);
  vr_[5] = {0x4000000000000000, 7};
  EXPECT_EQ(Run(0xb370000507000000), 0);
  EXPECT_EQ(vr_[0].high, 0x4000000000000000u);
  EXPECT_EQ(Run(0xe74500000056 << 16), 0);  // VLR 4,5
  EXPECT_EQ(vr_[4], (VectorRegister{0x4000000000000000, 7}));
}

// Words of V2 and word 1 of V3; a carry is added on the right.
TEST_F(VectorTest, ChecksumAddsFiveWordsWithTheirCarries) {
  vr_[20] = {0x0000000100000002, 0x0000000300000004};
  vr_[21] = {0x0000000a00000014, 0x0000001e00000028};
  EXPECT_EQ(Run(0xe74450000e66 << 16), 0);  // VCKSM 20,20,21
  EXPECT_EQ(vr_[20], (VectorRegister{30, 0}));
  vr_[20] = {0xffffffff00000000, 0x0000000000000002};
  vr_[21] = {0, 0};
  EXPECT_EQ(Run(0xe74450000e66 << 16), 0);
  EXPECT_EQ(vr_[20], (VectorRegister{2, 0}));
}

// A register range that crosses a page whose second half can't be had leaves all registers alone.
TEST_F(VectorTest, LoadMultipleLoadsAllOrNone) {
  const uint64_t end = GuestMachine::kStorageSize;
  machine_.cpu.gpr[1] = end - 32;
  for (int r = 0; r < 4; ++r) vr_[r] = {9, 9};
  EXPECT_EQ(Run(0xe70110000036 << 16), 0);  // VLM 0,1,0(1)
  EXPECT_EQ(vr_[0], VectorRegister{});
  vr_[0] = {9, 9};
  machine_.cpu.gpr[1] = end - 16;
  Run(0xe70110000036 << 16);
  EXPECT_EQ(vr_[0], (VectorRegister{9, 9}));
  EXPECT_EQ(vr_[1], VectorRegister{});
  EXPECT_EQ(Run(0xe71010000036 << 16), static_cast<int>(PgmCode::kSpecification));  // VLM 1,0
}

// The first element that traps is named, and nothing changes: neither results nor flags.
TEST_F(VectorTest, ATrapNamesItsElementAndSuppressesTheInstruction) {
  constexpr uint64_t kOne = 0x3ff0000000000000;
  constexpr uint64_t kDivide = 0xe712300030e5 << 16;  // VFD 1,2,3 of long numbers
  machine_.cpu.fpc = 0x40000000;
  vr_[1] = {7, 8};
  vr_[2] = {kOne, kOne};
  vr_[3] = {kOne, 0};
  EXPECT_EQ(Run(kDivide), static_cast<int>(PgmCode::kVectorProcessing));
  EXPECT_EQ(machine_.block.dxc, 0x12u);
  EXPECT_EQ(machine_.cpu.fpc, 0x40001200u);
  EXPECT_EQ(vr_[1], (VectorRegister{7, 8}));
  machine_.cpu.fpc = 0;
  EXPECT_EQ(Run(kDivide), 0);
  EXPECT_EQ(machine_.cpu.fpc, 0x00400000u);
  EXPECT_EQ(vr_[1], (VectorRegister{kOne, 0x7ff0000000000000}));
}

class WithoutEnhancements : public VectorTest {
 protected:
  WithoutEnhancements() : VectorTest(Facilities()) {}
  static FacilityList Facilities() {
    FacilityList facilities = OfferedFacilities();
    facilities.Set(static_cast<int>(Facility::kVectorEnhancements1), false);
    facilities.Set(static_cast<int>(Facility::kVectorEnhancements2), false);
    return facilities;
  }
};

// Short and extended numbers came with vector enhancements 1.
TEST_F(WithoutEnhancements, OnlyLongNumbers) {
  EXPECT_EQ(Run(0xe712300020e3 << 16), static_cast<int>(PgmCode::kSpecification));  // VFA, short
  EXPECT_EQ(Run(0xe712300040e3 << 16), static_cast<int>(PgmCode::kSpecification));
  EXPECT_EQ(Run(0xe712300030e3 << 16), 0);
}

// Conversions of words came with vector enhancements 2, counts of bits in longer elements and a
// word on the left with 1.
TEST_F(WithoutEnhancements, OnlyTheFirstForms) {
  for (const uint64_t text : {0xe712000020c3, 0xe712000020c2, 0xe71200001050, 0xe71000006004})
    EXPECT_EQ(Run(text << 16), static_cast<int>(PgmCode::kSpecification)) << std::hex << text;
}
TEST_F(VectorTest, LaterForms) {
  for (const uint64_t text : {0xe712000020c3, 0xe712000020c2, 0xe71200001050, 0xe71000006004})
    EXPECT_EQ(Run(text << 16), 0) << std::hex << text;
}

}  // namespace
}  // namespace hypervisor
