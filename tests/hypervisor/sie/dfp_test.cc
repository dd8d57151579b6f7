// Decimal-floating-point instructions as a guest executes them: controls, traps, modifiers,
// register pairs. Every row is compared with Python's decimal module in assist/dfp.
#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/assist/dfp/format.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kInfinity = 0x7800000000000000;
constexpr uint64_t kQuietNan = 0x7c00000000000000;
constexpr uint64_t kSignalingNan = 0x7e00000000000000;

constexpr uint64_t Long(uint64_t coefficient, int exponent = 0) {
  return dfp::Pack<dfp::Long>({dfp::Kind::kFinite, false, exponent, coefficient});
}
constexpr uint64_t Short(uint32_t coefficient, int exponent = 0) {
  return uint64_t{dfp::Pack<dfp::Short>({dfp::Kind::kFinite, false, exponent, coefficient})} << 32;
}
constexpr uint64_t kNines = 9999999999999999;

static_assert(Long(1) == 0x2238000000000001 && Long(kNines, 369) == 0x77fcff3fcff3fcff);

FacilityList Without(int facility) {
  FacilityList facilities = OfferedFacilities();
  facilities.Set(facility, false);
  return facilities;
}

class Guest {
 public:
  explicit Guest(FacilityList facilities = OfferedFacilities()) : machine(facilities) {}

  // The program-interruption code, or 0 if `code` ran to its end.
  int Execute(const std::vector<uint8_t>& code) {
    std::memcpy(machine.At(GuestMachine::kProgram), code.data(), code.size());
    machine.PutCode(GuestMachine::kProgram + code.size(), {0x83, 0x00, 0x00, 0x44});
    machine.PutCode(0x8000, {0x83, 0x00, 0x00, 0x45});
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x180000000);
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, 0x8000);
    machine.Put<uint32_t>(prefix_area::kDataExceptionCode, 0);
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

TEST(DfpTest, SumsHaveTheLowerExponent) {
  Guest guest;
  guest.fpr(2) = Long(25, -1);
  guest.fpr(3) = Long(1, 1);
  EXPECT_EQ(guest.Execute({0xb3, 0xd2, 0x30, 0x12}), 0);  // adtr 1,2,3
  EXPECT_EQ(guest.fpr(1), Long(125, -1));
  EXPECT_EQ(guest.cc, 2);
  EXPECT_EQ(guest.fpc(), 0u);
  EXPECT_EQ(guest.Execute({0xb3, 0xd3, 0x20, 0x12}), 0);  // sdtr 1,2,2
  EXPECT_EQ(guest.fpr(1), Long(0, -1));
  EXPECT_EQ(guest.cc, 0);
}

TEST(DfpTest, QuantumExceptions) {
  // No room for the preferred quantum.
  Guest guest;
  guest.fpr(2) = Long(1, 20);
  guest.fpr(3) = Long(0);
  EXPECT_EQ(guest.Execute({0xb3, 0xd2, 0x30, 0x12}), 0);
  EXPECT_EQ(guest.fpr(1), Long(1000000000000000, 5));
  EXPECT_EQ(guest.fpc(), 0x00040000u);
  guest.fpc() = 0x04000000;
  guest.fpr(1) = 0;
  EXPECT_EQ(guest.Execute({0xb3, 0xd2, 0x30, 0x12}), 7);
  EXPECT_EQ(guest.dxc(), 4u);
  EXPECT_EQ(guest.fpr(1), Long(1000000000000000, 5));
  EXPECT_EQ(guest.fpc(), 0x04000400u);
  // They came with the floating-point-extension facility.
  Guest older(Without(37));
  older.fpr(2) = Long(1, 20);
  older.fpr(3) = Long(0);
  EXPECT_EQ(older.Execute({0xb3, 0xd2, 0x30, 0x12}), 0);
  EXPECT_EQ(older.fpr(1), Long(1000000000000000, 5));
  EXPECT_EQ(older.fpc(), 0u);
}

TEST(DfpTest, AddedModifiersAreIgnoredWithoutTheirFacility) {
  for (const bool has_facility : {false, true}) {
    Guest guest(has_facility ? OfferedFacilities() : Without(37));
    guest.fpr(2) = Long(2);
    guest.fpr(3) = Long(3);
    EXPECT_EQ(guest.Execute({0xb3, 0xd1, 0x39, 0x12}), 0);  // ddtra 1,2,3,9: toward zero
    EXPECT_EQ(guest.fpr(1), Long(has_facility ? 6666666666666666 : 6666666666666667, -16));
    EXPECT_EQ(guest.fpc(), 0x00080000u);
    // Modifiers from 8 on have been in quantizing from the beginning.
    guest.fpr(2) = Long(1);
    guest.fpr(3) = Long(19, -1);
    EXPECT_EQ(guest.Execute({0xb3, 0xf5, 0x39, 0x12}), 0);  // qadtr 1,3,2,9
    EXPECT_EQ(guest.fpr(1), Long(1));
    EXPECT_EQ(guest.Execute({0xb3, 0xf5, 0x35, 0x12}), 0);  // qadtr 1,3,2,5
    EXPECT_EQ(guest.fpr(1), Long(has_facility ? 1 : 2));
  }
}

TEST(DfpTest, OverflowAndUnderflowTrapWithScaledResults) {
  Guest guest;
  guest.fpr(2) = Long(kNines, 369);
  guest.fpr(3) = Long(10);
  guest.fpc() = 0x20000000;
  EXPECT_EQ(guest.Execute({0xb3, 0xd0, 0x30, 0x12}), 7);  // mdtr 1,2,3
  EXPECT_EQ(guest.dxc(), 0x20u);
  EXPECT_EQ(guest.fpr(1), Long(kNines, 370 - 576));
  EXPECT_EQ(guest.fpc(), 0x20002000u);
  guest.fpc() = 0;
  EXPECT_EQ(guest.Execute({0xb3, 0xd0, 0x30, 0x12}), 0);
  EXPECT_EQ(guest.fpr(1), kInfinity);
  EXPECT_EQ(guest.fpc(), 0x00280000u);
  guest.fpr(2) = Long(15, -398);
  guest.fpr(3) = Long(1, -1);
  guest.fpc() = 0x10000000;
  EXPECT_EQ(guest.Execute({0xb3, 0xd0, 0x30, 0x12}), 7);
  EXPECT_EQ(guest.dxc(), 0x10u);
  EXPECT_EQ(guest.fpr(1), Long(15, -399 + 576));
  guest.fpc() = 0;
  EXPECT_EQ(guest.Execute({0xb3, 0xd0, 0x30, 0x12}), 0);
  EXPECT_EQ(guest.fpr(1), Long(2, -398));
  EXPECT_EQ(guest.fpc(), 0x00180000u);
}

TEST(DfpTest, InvalidOperationsAndDivisionByZero) {
  Guest guest;
  guest.fpr(1) = 5;
  guest.fpr(2) = kSignalingNan | 3;
  guest.fpr(3) = kQuietNan | 7;
  EXPECT_EQ(guest.Execute({0xb3, 0xd2, 0x20, 0x13}), 0);  // adtr 1,3,2: the signaling one wins
  EXPECT_EQ(guest.fpr(1), kQuietNan | 3);
  EXPECT_EQ(guest.cc, 3);
  EXPECT_EQ(guest.fpc(), 0x00800000u);
  guest.fpr(1) = 5;
  guest.fpc() = 0x80000000;
  EXPECT_EQ(guest.Execute({0xb3, 0xd2, 0x20, 0x13}), 7);
  EXPECT_EQ(guest.dxc(), 0x80u);
  EXPECT_EQ(guest.fpr(1), 5u);
  guest.fpr(2) = Long(1);
  guest.fpr(3) = Long(0);
  guest.fpc() = 0;
  EXPECT_EQ(guest.Execute({0xb3, 0xd1, 0x30, 0x12}), 0);  // ddtr 1,2,3
  EXPECT_EQ(guest.fpr(1), kInfinity);
  EXPECT_EQ(guest.fpc(), 0x00400000u);
}

TEST(DfpTest, LoadRoundedTrapsInTheLongerFormat) {
  Guest guest;
  guest.fpr(1) = 0x1234;
  guest.fpr(2) = Long(123456789, 200);
  guest.fpc() = 0x20000000;
  EXPECT_EQ(guest.Execute({0xb3, 0xd5, 0x00, 0x12}), 7);  // ledtr 1,0,2,0
  EXPECT_EQ(guest.dxc(), 0x2cu);
  EXPECT_EQ(guest.fpr(1), Long(1234568, 202 - 192));
  guest.fpr(1) = 0x1234;
  guest.fpr(2) = Long(123456789, 2);
  guest.fpc() = 0;
  EXPECT_EQ(guest.Execute({0xb3, 0xd5, 0x94, 0x12}), 0);  // toward zero, inexact suppressed
  EXPECT_EQ(guest.fpr(1), Short(1234567, 4) | 0x1234);
  EXPECT_EQ(guest.fpc(), 0u);
  // The invalid-operation control keeps a signaling NaN.
  guest.fpr(2) = kSignalingNan | 9;
  EXPECT_EQ(guest.Execute({0xb3, 0xd5, 0x08, 0x12}), 0);
  EXPECT_EQ(guest.fpr(1) >> 32, 0x7e000009u);
  EXPECT_EQ(guest.fpc(), 0u);
}

TEST(DfpTest, ExtendedNumbersLieInPairs) {
  Guest guest;
  guest.fpr(2) = Long(7, -1);
  EXPECT_EQ(guest.Execute({0xb3, 0xdc, 0x00, 0x42}), 0);  // lxdtr 4,2
  EXPECT_EQ(guest.Execute({0xb3, 0xda, 0x40, 0x04}), 0);  // axtr 0,4,4
  EXPECT_EQ(guest.Execute({0xb3, 0xdd, 0x00, 0x10}), 0);  // ldxtr 1,0
  EXPECT_EQ(guest.fpr(1), Long(14, -1));
  EXPECT_EQ(guest.Execute({0xb3, 0xda, 0x40, 0x24}), 6);
  EXPECT_EQ(guest.Execute({0xb3, 0xda, 0x20, 0x04}), 6);
  // A scaled result would need the pair.
  EXPECT_EQ(guest.Execute({0xb3, 0xdd, 0x00, 0x20}), 6);
}

TEST(DfpTest, ZonedOperandsMayCrossPages) {
  Guest guest;
  constexpr uint64_t kPageEnd = 0x21000;
  guest.gpr(6) = kPageEnd - 2;
  guest.fpr(1) = Long(12345, 3) | 0x8000000000000000;
  EXPECT_EQ(guest.Execute({0xed, 0x04, 0x60, 0x00, 0x18, 0xa8}), 0);  // czdt 1,0(5,6),8
  EXPECT_EQ(guest.machine.Read<uint32_t>(kPageEnd - 2), 0xf1f2f3f4u);
  EXPECT_EQ(guest.machine.Read<uint8_t>(kPageEnd + 2), 0xd5u);
  EXPECT_EQ(guest.cc, 1);
  EXPECT_EQ(guest.Execute({0xed, 0x04, 0x60, 0x00, 0x38, 0xaa}), 0);  // cdzt 3,0(5,6),8
  EXPECT_EQ(guest.fpr(3), Long(12345) | 0x8000000000000000);
  // Digits on the left are lost.
  EXPECT_EQ(guest.Execute({0xed, 0x02, 0x60, 0x00, 0x10, 0xa8}), 0);
  EXPECT_EQ(guest.machine.Read<uint32_t>(kPageEnd - 2) >> 8, 0xf3f4f5u);
  EXPECT_EQ(guest.cc, 3);
}

TEST(DfpTest, ZonedOperandsThatCannotBe) {
  Guest guest;
  guest.gpr(6) = 0x20000;
  guest.fpr(3) = 77;
  EXPECT_EQ(guest.Execute({0xed, 0x10, 0x60, 0x00, 0x38, 0xaa}), 6);  // 17 bytes
  EXPECT_EQ(guest.Execute({0xed, 0x0f, 0x60, 0x00, 0x38, 0xaa}), 7);  // no sign
  EXPECT_EQ(guest.dxc(), 0u);
  EXPECT_EQ(guest.Execute({0xed, 0x22, 0x60, 0x00, 0x48, 0xab}), 6);  // 35 bytes
  EXPECT_EQ(guest.fpr(3), 77u);
  // Storage ends within the operand.
  guest.gpr(6) = GuestMachine::kStorageSize - 2;
  guest.machine.Run();
  EXPECT_NE(guest.Execute({0xed, 0x04, 0x60, 0x00, 0x38, 0xa8}), 0);
  EXPECT_EQ(guest.machine.Read<uint16_t>(GuestMachine::kStorageSize - 2), 0u);
}

TEST(DfpTest, CodedDigitsInRegisterPairs) {
  Guest guest;
  guest.gpr(2) = 0x1234567890123456;
  guest.gpr(3) = 0x789012345678901d;
  EXPECT_EQ(guest.Execute({0xb3, 0xfb, 0x00, 0x42}), 0);  // cxstr 4,2
  EXPECT_EQ(guest.Execute({0xb3, 0xeb, 0x00, 0x64}), 0);  // csxtr 6,4,0
  EXPECT_EQ(guest.gpr(6), 0x1234567890123456u);
  EXPECT_EQ(guest.gpr(7), 0x789012345678901du);
  EXPECT_EQ(guest.Execute({0xb3, 0xfb, 0x00, 0x43}), 6);
  EXPECT_EQ(guest.Execute({0xb3, 0xfa, 0x00, 0x42}), 7);  // cxutr: a sign is no digit
  EXPECT_EQ(guest.dxc(), 0u);
}

// The function code of PFPO.
constexpr uint32_t Pfpo(uint32_t target, uint32_t source, uint32_t controls_and_method = 0) {
  return 1u << 24 | target << 16 | source << 8 | controls_and_method;
}
constexpr uint32_t kLongBfp = 6, kExtendedBfp = 7, kLongDfp = 9, kExtendedDfp = 10, kLongHfp = 1;

TEST(PerformFloatingPointOperationTest, ChangesRadix) {
  Guest guest;
  guest.gpr(0) = Pfpo(kLongDfp, kLongBfp);
  guest.gpr(1) = ~uint64_t{0};
  guest.fpr(4) = 0x4059000000000000;  // 100
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpr(0), Long(1, 2));
  EXPECT_EQ(guest.gpr(1), 0xffffffff00000000u);
  EXPECT_EQ(guest.cc, 0);
  // With a preferred quantum of one.
  guest.gpr(0) = Pfpo(kLongDfp, kLongBfp, 0x10);
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpr(0), Long(100));
  guest.fpr(4) = 0x3fb999999999999a;  // 0.1 to 55 digits
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpr(0), Long(1000000000000000, -16));
  EXPECT_EQ(guest.cc, 1);
  EXPECT_EQ(guest.fpc(), 0x00080000u);
  guest.gpr(0) = Pfpo(kLongBfp, kLongDfp);
  guest.fpr(4) = Long(1, -1);
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpr(0), 0x3fb999999999999au);
  // pi twice, from 34 decimal digits to 14 hexadecimal ones.
  guest.gpr(0) = Pfpo(kLongHfp, kExtendedDfp);
  guest.fpr(4) = 0x39ffd2b32d873e6e;
  guest.fpr(6) = 0xa9daad5abe6b6404;
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpr(0), 0x416487ed5110b461u);
}

TEST(PerformFloatingPointOperationTest, TellsWhatItHas) {
  Guest guest;
  for (uint32_t target = 0; target < 16; ++target) {
    for (uint32_t source = 0; source < 16; ++source) {
      const auto radix = [](uint32_t code) {
        return code < 3 ? 1 : code >= 5 && code < 8 ? 2 : code >= 8 && code < 11 ? 3 : 0;
      };
      const bool has = radix(target) != 0 && radix(source) != 0 && radix(target) != radix(source);
      guest.gpr(0) = 0x80000000 | Pfpo(target, source);
      EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
      EXPECT_EQ(guest.cc, has ? 0 : 3) << target << " " << source;
      if (has) continue;
      guest.gpr(0) = Pfpo(target, source);
      EXPECT_EQ(guest.Execute({0x01, 0x0a}), 6) << target << " " << source;
    }
  }
}

TEST(PerformFloatingPointOperationTest, AlternateActionReplacesTheInterruption) {
  Guest guest;
  guest.fpr(4) = Long(1, 369);
  guest.fpc() = 0x20000000;
  guest.gpr(0) = Pfpo(5, kLongDfp);  // to a short binary number
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 7);
  EXPECT_EQ(guest.dxc() & 0xf0, 0x20u);
  const uint64_t scaled = guest.fpr(0);
  guest.fpr(0) = 0;
  guest.gpr(0) = Pfpo(5, kLongDfp, 0x40);
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.cc, 2);
  EXPECT_EQ(guest.fpr(0), scaled);
  EXPECT_EQ(guest.fpc() & 0xf000, 0x2000u);
  // The largest work: the least binary number has 11,498 decimal digits.
  guest.fpc() = 0;
  guest.gpr(0) = Pfpo(kExtendedDfp, kExtendedBfp, 8);
  guest.fpr(4) = 0;
  guest.fpr(6) = 1;
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpc(), 0x00080000u);
  guest.gpr(0) = Pfpo(kLongDfp, kExtendedBfp);
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 0);
  EXPECT_EQ(guest.fpr(0), Long(0, -398));
  EXPECT_EQ(guest.fpc(), 0x00180000u);
}

TEST(PerformFloatingPointOperationTest, NeedsAfpAndItsFacility) {
  Guest guest;
  guest.machine.cpu.cr[0] &= ~GuestMachine::cr0_afp;
  EXPECT_EQ(guest.Execute({0x01, 0x0a}), 7);
  EXPECT_EQ(guest.dxc(), 1u);
  Guest older(Without(44));
  EXPECT_EQ(older.Execute({0x01, 0x0a}), 1);
}

// Whatever else is wrong with the instruction.
std::vector<uint8_t> CodeOf(const TableRow& row) {
  const auto left = static_cast<uint8_t>(row.opcode >> 8);
  const auto right = static_cast<uint8_t>(row.opcode);
  if (left == 0xed) return {left, 0x60, 0x00, 0x00, 0x60, right};
  if (left == 0x01) return {left, right};
  return {left, right, 0x60, 0x66};
}
bool IsDecimal(const TableRow& row) {
  return row.kind == RowKind::kAssist &&
         (row.facility == Facility::kDfp || row.facility == Facility::kDfpZonedConversion);
}

TEST(DfpTest, WithoutAfpThereIsNoDfp) {
  Guest guest;
  guest.machine.cpu.cr[0] &= ~GuestMachine::cr0_afp;
  int rows = 0;
  for (const TableRow& row : Table()) {
    if (!IsDecimal(row)) continue;
    EXPECT_EQ(guest.Execute(CodeOf(row)), 7) << row.mnemonic;
    EXPECT_EQ(guest.dxc(), 3u) << row.mnemonic;
    ++rows;
  }
  EXPECT_GT(rows, 40);
  EXPECT_EQ(guest.fpc(), 0u);  // whose data-exception code stays
}

TEST(DfpTest, WithoutFacilityThereIsNoInstruction) {
  for (const TableRow& row : Table()) {
    if (!IsDecimal(row)) continue;
    Guest guest(Without(static_cast<int>(row.facility)));
    EXPECT_EQ(guest.Execute(CodeOf(row)), 1) << row.mnemonic;
  }
}

}  // namespace
}  // namespace hypervisor
