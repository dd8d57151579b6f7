// Vector decimal instructions (PoP: Vector Decimal Instructions): values that can be read, and
// random ones against arithmetic on digits.
#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr int kDigits = 31;
constexpr uint64_t kOperand = 0x20ff8;  // crosses a page

constexpr int kData = static_cast<int>(PgmCode::kData);
constexpr int kSpecification = static_cast<int>(PgmCode::kSpecification);
constexpr int kDecimalOverflow = static_cast<int>(PgmCode::kDecimalOverflow);
constexpr int kDecimalDivide = static_cast<int>(PgmCode::kDecimalDivide);
constexpr int kFixedPointOverflow = static_cast<int>(PgmCode::kFixedPointOverflow);

VectorRegister OfHex(std::string hex) {
  hex.insert(0, 32 - hex.size(), '0');
  return {std::stoull(hex.substr(0, 16), nullptr, 16), std::stoull(hex.substr(16), nullptr, 16)};
}
// Without zeros on the left.
std::string HexOf(const VectorRegister& vr) {
  char text[33];
  std::snprintf(text, sizeof text, "%016lx%016lx", vr.high, vr.low);
  const std::string hex = text;
  return hex.substr(std::min(hex.find_first_not_of('0'), hex.size() - 1));
}

// Operation codes of E6.
enum : uint64_t {
  kVpkz = 0x34,
  kVlrl = 0x35,
  kVlrlr = 0x37,
  kVupkz = 0x3c,
  kVstrl = 0x3d,
  kVstrlr = 0x3f,
  kVlip = 0x49,
  kVcvb = 0x50,
  kVcvbg = 0x52,
  kVcvd = 0x58,
  kVsrp = 0x59,
  kVcvdg = 0x5a,
  kVpsop = 0x5b,
  kVtp = 0x5f,
  kVap = 0x71,
  kVsp = 0x73,
  kVcp = 0x77,
  kVmp = 0x78,
  kVmsp = 0x79,
  kVdp = 0x7a,
  kVrp = 0x7b,
  kVsdp = 0x7e,
};
constexpr uint64_t kIgnoreOverflow = 0x80;
constexpr uint64_t kSetCc = 1;

class VectorDecimalTest : public testing::Test {
 protected:
  explicit VectorDecimalTest(FacilityList facilities = OfferedFacilities()) : machine_(facilities) {
    machine_.block.ictl = uapi::kIctlPint;
    machine_.cpu.cr[0] |= cr0::kVector;
    machine_.cpu.gpr[1] = kOperand;
  }

  // The instruction with these fields, as bits 8-39. The code of a program interruption, or 0.
  int Run(uint64_t operation, uint64_t fields) {
    machine_.Put(GuestMachine::kProgram, 0xe6ull << 56 | fields << 24 | operation << 16);
    machine_.PutCode(GuestMachine::kProgram + 6, {0x83, 0x00, 0x00, 0x44});
    machine_.cpu.psw.mask = Psw::kExtendedAddressing | Psw::kBasicAddressing |
                            uint64_t{program_mask_} << 40 | uint64_t{1} << 44;
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.block.iprcc = 0;
    machine_.Run();
    cc_ = machine_.cpu.psw.condition_code();
    return machine_.block.iprcc;
  }
  // V1 = V2 op V3, in registers 17, 18 and 3.
  std::string Three(uint64_t operation, const std::string& a, const std::string& b, uint64_t i4,
                    uint64_t m5 = kSetCc) {
    vr_[18] = OfHex(a);
    vr_[3] = OfHex(b);
    vr_[17] = OfHex("77");
    code_ = Run(operation, 0x1230'0000 | m5 << 12 | i4 << 4 | 0xc);
    return HexOf(vr_[17]);
  }
  // V1 = op of V2, in registers 1 and 20.
  std::string Two(uint64_t operation, const std::string& a, uint64_t i3, uint64_t i4,
                  uint64_t m5 = kSetCc) {
    vr_[20] = OfHex(a);
    vr_[1] = OfHex("77");
    code_ = Run(operation, 0x1400'0000 | i4 << 16 | m5 << 12 | i3 << 4 | 4);
    return HexOf(vr_[1]);
  }

  GuestMachine machine_;
  std::array<VectorRegister, 32>& vr_ = machine_.cpu.vr;
  uint8_t program_mask_ = 0;
  uint8_t cc_ = 0;
  int code_ = 0;
};

TEST_F(VectorDecimalTest, AddAndSubtract) {
  EXPECT_EQ(Three(kVap, "123c", "1d", 31), "122c");
  EXPECT_EQ(cc_, 2);
  EXPECT_EQ(Three(kVap, "123d", "23b", 31), "146d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(Three(kVsp, "5d", "5d", 31), "c");  // zero is positive
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(Three(kVsp, "5a", "6f", 31), "1d");
  EXPECT_EQ(Three(kVap, "9999999999999999999999999999999c", "1c", 31), "c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Three(kVap, "98c", "7c", 2), "5c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Three(kVap, "98c", "7c", 2, 0), "5c");  // no condition code
  EXPECT_EQ(cc_, 1);
}

TEST_F(VectorDecimalTest, SignsMayBeForced) {
  constexpr uint64_t kSecond = 8, kThird = 4, kResult = 2;
  EXPECT_EQ(Three(kVap, "7d", "3c", 31, kSetCc | kSecond), "10c");
  EXPECT_EQ(Three(kVap, "70", "39", 31, kSetCc | kSecond | kThird), "10c");  // not even signs
  EXPECT_EQ(Three(kVap, "7d", "3c", 31, kSetCc | kResult), "4f");
  EXPECT_EQ(cc_, 2);
  EXPECT_EQ(Three(kVap, "7c", "7d", 31, kSetCc | kResult), "f");
  EXPECT_EQ(cc_, 0);
}

TEST_F(VectorDecimalTest, OverflowInterruptsIfNeitherMaskForbidsIt) {
  program_mask_ = 4;
  EXPECT_EQ(Three(kVap, "98c", "7c", 2), "5c");
  EXPECT_EQ(code_, kDecimalOverflow);
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Three(kVap, "98c", "7c", 2 | kIgnoreOverflow), "5c");
  EXPECT_EQ(code_, 0);
  EXPECT_EQ(cc_, 3);
}

TEST_F(VectorDecimalTest, NumbersThatAreNoneSuppressTheInstruction) {
  for (const uint64_t operation : {kVap, kVsp, kVmp, kVmsp, kVdp, kVrp, kVsdp}) {
    for (const auto& [a, b] : std::initializer_list<std::pair<const char*, const char*>>{
             {"ac", "1c"}, {"1c", "a0c"}, {"19", "1c"}, {"1c", "15"}}) {
      EXPECT_EQ(Three(operation, a, b, 31), "77") << a << " " << b;
      EXPECT_EQ(code_, kData);
      EXPECT_EQ(machine_.block.dxc, 0u);
    }
    EXPECT_EQ(Three(operation, "1c", "1c", 0x20 | 31), "77");
    EXPECT_EQ(code_, kSpecification);
    EXPECT_EQ(Three(operation, "1c", "1c", 0x40 | 31), "77");
    EXPECT_EQ(code_, kSpecification);
  }
  for (const uint64_t operation : {kVap, kVsp, kVmp, kVdp, kVrp}) {
    Three(operation, "1c", "1c", 0);
    EXPECT_EQ(code_, kSpecification);
  }
}

TEST_F(VectorDecimalTest, MultiplyAndDivide) {
  EXPECT_EQ(Three(kVmp, "123456789012345c", "1000000000000000d", 31),
            "123456789012345000000000000000d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(Three(kVmp, "1234567890123456c", "1000000000000000c", 31),
            "1234567890123456000000000000000c");
  EXPECT_EQ(Three(kVmp, "12345678901234567c", "1000000000000000c", 31),
            "2345678901234567000000000000000c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Three(kVmp, "c", "5d", 31), "c");
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(Three(kVmsp, "15c", "15c", 1), "22c");
  EXPECT_EQ(
      Three(kVmsp, "9999999999999999999999999999999c", "9999999999999999999999999999999d", 31),
      "9999999999999999999999999999998d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(
      Three(kVmsp, "9999999999999999999999999999999c", "9999999999999999999999999999999c", 30),
      "9999999999999999999999999999980c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Three(kVdp, "100d", "7c", 31), "14d");
  EXPECT_EQ(Three(kVrp, "100d", "7d", 31), "2d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(Three(kVrp, "98d", "7c", 31), "c");
  EXPECT_EQ(Three(kVdp, "12345c", "1c", 3), "345c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Three(kVsdp, "1c", "3c", 30), "333333333333333333333333333333c");
  EXPECT_EQ(Three(kVsdp, "2c", "3d", 31), "6666666666666666666666666666666d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(Three(kVsdp, "20c", "3c", 31), "6666666666666666666666666666666c");
  EXPECT_EQ(cc_, 3);
  for (const uint64_t operation : {kVdp, kVrp, kVsdp}) {
    EXPECT_EQ(Three(operation, "1c", "d", 31), "77");
    EXPECT_EQ(code_, kDecimalDivide);
  }
}

TEST_F(VectorDecimalTest, ShiftAndRound) {
  constexpr uint64_t kRound = 0x80;
  const auto right = [](int digits) { return static_cast<uint64_t>(-digits) & 0x7f; };
  EXPECT_EQ(Two(kVsrp, "12345c", 31, 2), "1234500c");
  EXPECT_EQ(cc_, 2);
  EXPECT_EQ(Two(kVsrp, "12345d", 31, right(2)), "123d");
  EXPECT_EQ(Two(kVsrp, "12355d", 31, right(2) | kRound), "124d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(Two(kVsrp, "9999999999999999999999999999999c", 31, right(31) | kRound), "1c");
  EXPECT_EQ(Two(kVsrp, "9999999999999999999999999999999d", 31, right(32) | kRound), "c");
  EXPECT_EQ(Two(kVsrp, "9999999999999999999999999999999d", 31, right(64) | kRound), "c");
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(Two(kVsrp, "12c", 31, 30), "2000000000000000000000000000000c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Two(kVsrp, "12c", 3, 2), "200c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Two(kVsrp, "12d", 31, 63), "c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Two(kVsrp, "12d", 31, 1, kSetCc | 8 | 2), "120f");
  EXPECT_EQ(Two(kVsrp, "12d", 0, 1), "77");
  EXPECT_EQ(code_, kSpecification);
  EXPECT_EQ(Two(kVsrp, "a2d", 31, 1), "77");
  EXPECT_EQ(code_, kData);
}

TEST_F(VectorDecimalTest, Compare) {
  const auto compare = [&](const std::string& a, const std::string& b, uint64_t m3 = 0) {
    vr_[21] = OfHex(a);
    vr_[6] = OfHex(b);
    EXPECT_EQ(Run(kVcp, 0x0560'0004 | m3 << 12), 0);
    return int{cc_};
  };
  EXPECT_EQ(compare("1c", "1a"), 0);
  EXPECT_EQ(compare("c", "d"), 0);
  EXPECT_EQ(compare("1d", "c"), 1);
  EXPECT_EQ(compare("1d", "2d"), 2);
  EXPECT_EQ(compare("5c", "6c"), 1);
  EXPECT_EQ(compare("1d", "1c", 8), 0);
  EXPECT_EQ(compare("1c", "15", 4), 0);
  vr_[6] = OfHex("15");
  EXPECT_EQ(Run(kVcp, 0x0560'0004), kData);
}

TEST_F(VectorDecimalTest, PerformSignOperation) {
  enum : uint64_t { kMaintain = 0, kComplement = 4, kPositive = 8, kNegative = 12 };
  constexpr uint64_t kPlusF = 2, kValidate = 1, kNoValidation = 0x80, kNegativeZero = 0x40;
  EXPECT_EQ(Two(kVpsop, "12a", 31, kMaintain), "12c");
  EXPECT_EQ(cc_, 2);
  EXPECT_EQ(Two(kVpsop, "12b", 31, kMaintain), "12d");
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(Two(kVpsop, "12c", 31, kMaintain | kPlusF), "12f");
  EXPECT_EQ(Two(kVpsop, "d", 31, kMaintain), "c");
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(Two(kVpsop, "d", 31, kMaintain | kNegativeZero), "d");
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(Two(kVpsop, "12c", 31, kComplement), "12d");
  EXPECT_EQ(Two(kVpsop, "12d", 31, kComplement), "12c");
  EXPECT_EQ(Two(kVpsop, "c", 31, kComplement), "c");
  EXPECT_EQ(Two(kVpsop, "c", 31, kComplement | kNegativeZero), "d");
  EXPECT_EQ(Two(kVpsop, "127", 31, kPositive), "12c");
  EXPECT_EQ(Two(kVpsop, "127", 31, kNegative), "12d");
  EXPECT_EQ(Two(kVpsop, "127", 31, kPositive | kValidate), "77");
  EXPECT_EQ(code_, kData);
  EXPECT_EQ(Two(kVpsop, "127", 31, kComplement | kNoValidation), "77");
  EXPECT_EQ(code_, kData);
  EXPECT_EQ(Two(kVpsop, "a27", 31, kMaintain), "77");
  EXPECT_EQ(Two(kVpsop, "a27", 31, kMaintain | kNoValidation), "a27");
  EXPECT_EQ(cc_, 2);
  EXPECT_EQ(Two(kVpsop, "12345d", 3, kMaintain), "345d");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(Two(kVpsop, "12000d", 3, kMaintain), "c");
  EXPECT_EQ(cc_, 3);
}

TEST_F(VectorDecimalTest, TestDecimal) {
  const auto test = [&](const std::string& a) {
    vr_[17] = OfHex(a);
    EXPECT_EQ(Run(kVtp, 0x0100'0004), 0);
    return int{cc_};
  };
  EXPECT_EQ(test("9999999999999999999999999999999a"), 0);
  EXPECT_EQ(test("19"), 1);
  EXPECT_EQ(test("a000000000000000000000000000000c"), 2);
  EXPECT_EQ(test("a0"), 3);
}

TEST_F(VectorDecimalTest, ConvertToBinary) {
  const auto convert = [&](uint64_t operation, const std::string& a, uint64_t m3, uint64_t m4 = 0) {
    vr_[16] = OfHex(a);
    machine_.cpu.gpr[5] = 0x1111111122222222;
    code_ = Run(operation, 0x5000'0004 | m3 << 12 | m4 << 8);
    return machine_.cpu.gpr[5];
  };
  constexpr uint64_t kForce = 8, kLogical = 2;
  EXPECT_EQ(convert(kVcvb, "2147483647c", kSetCc), 0x111111117fffffffu);
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(convert(kVcvb, "2147483648d", kSetCc), 0x1111111180000000u);
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(convert(kVcvb, "2147483648c", kSetCc), 0x1111111180000000u);
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(convert(kVcvb, "4294967295d", kSetCc | kLogical), 0x11111111ffffffffu);
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(convert(kVcvb, "4294967296c", kSetCc | kLogical), 0x1111111100000000u);
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(convert(kVcvb, "5d", kForce), 0x1111111100000005u);
  EXPECT_EQ(cc_, 1);
  EXPECT_EQ(convert(kVcvb, "5d", 0), 0x11111111fffffffbu);
  EXPECT_EQ(convert(kVcvbg, "9223372036854775808d", kSetCc), 0x8000000000000000u);
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(convert(kVcvbg, "9223372036854775809d", kSetCc), 0x7fffffffffffffffu);
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(convert(kVcvbg, "18446744073709551615c", kSetCc | kLogical), ~uint64_t{0});
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(convert(kVcvbg, "a", 0), 0u);
  EXPECT_EQ(convert(kVcvbg, "a1", 0), 0x1111111122222222u);
  EXPECT_EQ(code_, kData);
  program_mask_ = 8;
  EXPECT_EQ(convert(kVcvb, "2147483648c", kSetCc), 0x1111111180000000u);
  EXPECT_EQ(code_, kFixedPointOverflow);
  convert(kVcvb, "2147483648c", kSetCc, 8);
  EXPECT_EQ(code_, 0);
}

TEST_F(VectorDecimalTest, ConvertToDecimal) {
  const auto convert = [&](uint64_t operation, uint64_t value, uint64_t m4, uint64_t i3 = 31) {
    machine_.cpu.gpr[6] = value;
    vr_[31] = OfHex("77");
    code_ = Run(operation, 0xf600'0008 | m4 << 12 | i3 << 4);
    return HexOf(vr_[31]);
  };
  constexpr uint64_t kLogical = 8, kForce = 2;
  EXPECT_EQ(convert(kVcvd, 0xaaaaaaaa80000000, kSetCc), "2147483648d");
  EXPECT_EQ(cc_, 0);
  EXPECT_EQ(convert(kVcvd, 0x80000000, kLogical), "2147483648c");
  EXPECT_EQ(convert(kVcvd, 0xffffffff, kForce), "1f");
  EXPECT_EQ(convert(kVcvdg, 0x8000000000000000, 0), "9223372036854775808d");
  EXPECT_EQ(convert(kVcvdg, ~uint64_t{0}, kLogical), "18446744073709551615c");
  EXPECT_EQ(convert(kVcvdg, 0, 0), "c");
  EXPECT_EQ(convert(kVcvdg, 12345, kSetCc, 3), "345c");
  EXPECT_EQ(cc_, 3);
  EXPECT_EQ(convert(kVcvdg, 12345, kSetCc, 0), "77");
  EXPECT_EQ(code_, kSpecification);
  program_mask_ = 4;
  convert(kVcvdg, 12345, 0, 3);
  EXPECT_EQ(code_, kDecimalOverflow);
  convert(kVcvdg, 12345, 0, 3 | kIgnoreOverflow);
  EXPECT_EQ(code_, 0);
}

TEST_F(VectorDecimalTest, LoadImmediate) {
  const auto load = [&](uint64_t i2, uint64_t i3) {
    vr_[9] = OfHex("77");
    code_ = Run(kVlip, 0x9000'0000 | i2 << 8 | i3 << 4);
    return HexOf(vr_[9]);
  };
  EXPECT_EQ(load(0x1234, 0), "1234c");
  EXPECT_EQ(load(0x9876, 8), "9876d");
  EXPECT_EQ(load(0x9876, 3), "9876000c");
  EXPECT_EQ(load(0x1234, 15), "12340000000d");
  EXPECT_EQ(load(0xa000, 0), "77");
  EXPECT_EQ(code_, kData);
}

TEST_F(VectorDecimalTest, RightmostBytesAreLoadedAndStored) {
  machine_.Put<uint64_t>(kOperand, 0x0102030405060708);
  machine_.Put<uint64_t>(kOperand + 8, 0x090a0b0c0d0e0f10);
  vr_[19] = OfHex("77");
  EXPECT_EQ(Run(kVlrl, 0x0210'0031), 0);
  EXPECT_EQ(HexOf(vr_[19]), "10203");
  EXPECT_EQ(Run(kVlrl, 0x0f10'0031), 0);
  EXPECT_EQ(vr_[19], (VectorRegister{0x0102030405060708, 0x090a0b0c0d0e0f10}));
  EXPECT_EQ(Run(kVlrl, 0x1010'0031), kSpecification);
  EXPECT_EQ(Run(kVstrl, 0x1010'0031), kSpecification);
  machine_.cpu.gpr[2] = 0xffffffff00000001;
  EXPECT_EQ(Run(kVlrlr, 0x0210'0031), 0);
  EXPECT_EQ(HexOf(vr_[19]), "102");
  machine_.cpu.gpr[2] = 16;
  EXPECT_EQ(Run(kVlrlr, 0x0210'0031), 0);
  EXPECT_EQ(vr_[19].low, 0x090a0b0c0d0e0f10u);

  vr_[19] = {0x1112131415161718, 0x191a1b1c1d1e1f20};
  EXPECT_EQ(Run(kVstrl, 0x0210'0031), 0);
  EXPECT_EQ(machine_.Read<uint64_t>(kOperand), 0x1e1f200405060708u);
  machine_.cpu.gpr[2] = 0x80000000;
  EXPECT_EQ(Run(kVstrlr, 0x0210'0031), 0);
  EXPECT_EQ(machine_.Read<uint64_t>(kOperand), 0x1112131415161718u);
  EXPECT_EQ(machine_.Read<uint64_t>(kOperand + 8), 0x191a1b1c1d1e1f20u);
}

TEST_F(VectorDecimalTest, ZonedNumbersArePackedAndUnpacked) {
  machine_.Put<uint64_t>(kOperand, 0xf1f2f3f4d5ffffff);
  vr_[1] = OfHex("77");
  EXPECT_EQ(Run(kVpkz, 0x0410'0010), 0);
  EXPECT_EQ(HexOf(vr_[1]), "12345d");
  EXPECT_EQ(Run(kVpkz, 0x0010'0010), 0);
  EXPECT_EQ(HexOf(vr_[1]), "1f");
  EXPECT_EQ(Run(kVpkz, 0x1f10'0010), kSpecification);
  EXPECT_EQ(Run(kVpkz, 0x2010'0010), kSpecification);

  vr_[1] = OfHex("1234567890123456789012345678901d");
  for (int i = 0; i < 32; ++i) machine_.Put<uint8_t>(kOperand + static_cast<uint64_t>(i), 0x40);
  EXPECT_EQ(Run(kVupkz, 0x1e10'0010), 0);
  EXPECT_EQ(machine_.Read<uint64_t>(kOperand), 0xf1f2f3f4f5f6f7f8u);
  EXPECT_EQ(machine_.Read<uint64_t>(kOperand + 24), 0xf5f6f7f8f9f0d140u);
  EXPECT_EQ(Run(kVupkz, 0x0210'0010), 0);
  EXPECT_EQ(machine_.Read<uint32_t>(kOperand), 0xf9f0d1f4u);
  EXPECT_EQ(Run(kVupkz, 0x1f10'0010), kSpecification);
}

// The instruction-overflow mask, the negative zero and doing without validation came later.
class WithoutEnhancement : public VectorDecimalTest {
 protected:
  WithoutEnhancement() : VectorDecimalTest(Facilities()) {}
  static FacilityList Facilities() {
    FacilityList facilities = OfferedFacilities();
    facilities.Set(static_cast<int>(Facility::kVectorPackedDecimalEnhancement1), false);
    return facilities;
  }
};

TEST_F(WithoutEnhancement, OverflowCannotBeIgnored) {
  for (const uint64_t operation : {kVap, kVsp, kVmp, kVmsp, kVdp, kVrp, kVsdp}) {
    Three(operation, "1c", "1c", 31 | kIgnoreOverflow);
    EXPECT_EQ(code_, kSpecification);
    Three(operation, "1c", "1c", 31);
    EXPECT_EQ(code_, 0);
  }
  for (const uint64_t operation : {kVsrp, kVpsop}) {
    Two(operation, "1c", 31 | kIgnoreOverflow, 0);
    EXPECT_EQ(code_, kSpecification);
  }
  EXPECT_EQ(Two(kVpsop, "d", 31, 0x40), "c");
  EXPECT_EQ(Two(kVpsop, "a5", 31, 0x80), "77");
  EXPECT_EQ(code_, kData);
}

// Numbers as digits, the rightmost first, calculated as on paper.
class Paper {
 public:
  static constexpr size_t kSize = 96;
  std::array<int, kSize> digits{};
  bool negative = false;

  std::string Packed(size_t count, bool& overflow) const {
    std::string text;
    overflow = false;
    bool is_zero = true;
    for (size_t i = 0; i < kSize; ++i) {
      if (i >= count) overflow |= digits[i] != 0;
      if (i < count) is_zero &= digits[i] == 0;
    }
    for (size_t i = count; i-- > 0;) text += static_cast<char>('0' + digits[i]);
    text += negative && !is_zero ? 'd' : 'c';
    return text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
  }
  bool IsLess(const Paper& b) const {
    for (size_t i = kSize; i-- > 0;)
      if (digits[i] != b.digits[i]) return digits[i] < b.digits[i];
    return false;
  }
  void Subtract(const Paper& b) {
    int borrow = 0;
    for (size_t i = 0; i < kSize; ++i) {
      const int digit = digits[i] - b.digits[i] - borrow;
      borrow = digit < 0;
      digits[i] = digit + 10 * borrow;
    }
  }
  void Add(const Paper& b) {
    int carry = 0;
    for (size_t i = 0; i < kSize; ++i) {
      const int digit = digits[i] + b.digits[i] + carry;
      carry = digit / 10;
      digits[i] = digit % 10;
    }
  }
  Paper Shifted(int left) const {
    Paper result;
    result.negative = negative;
    for (size_t i = 0; i < kSize; ++i) {
      const int to = static_cast<int>(i) + left;
      if (to >= 0 && to < static_cast<int>(kSize))
        result.digits[static_cast<size_t>(to)] = digits[i];
    }
    return result;
  }
};
Paper Sum(Paper a, Paper b) {
  if (a.negative == b.negative) {
    a.Add(b);
    return a;
  }
  if (a.IsLess(b)) std::swap(a, b);
  a.Subtract(b);
  return a;
}
Paper Product(const Paper& a, const Paper& b) {
  Paper product;
  for (size_t i = 0; i < kDigits; ++i)
    for (int n = 0; n < a.digits[i]; ++n) product.Add(b.Shifted(static_cast<int>(i)));
  product.negative = a.negative != b.negative;
  return product;
}
Paper Quotient(Paper& a, const Paper& b) {
  Paper quotient;
  quotient.negative = a.negative != b.negative;
  for (int i = 62; i >= 0; --i) {
    const Paper part = b.Shifted(i);
    for (; !a.IsLess(part); ++quotient.digits[static_cast<size_t>(i)]) a.Subtract(part);
  }
  return quotient;
}

TEST_F(VectorDecimalTest, RandomNumbersAreCalculatedAsOnPaper) {
  std::mt19937_64 random(1);
  const auto below = [&](uint64_t n) { return random() % n; };
  for (int i = 0; i < 4000; ++i) {
    Paper operands[2];
    std::string texts[2];
    for (int n = 0; n < 2; ++n) {
      const size_t length = below(3) == 0 ? kDigits : below(kDigits + 1);
      for (size_t digit = 0; digit < length; ++digit)
        operands[n].digits[digit] = static_cast<int>(below(8) == 0 ? 9 : below(10));
      operands[n].negative = below(2) != 0;
      bool overflow;
      texts[n] = operands[n].Packed(kDigits, overflow);
    }
    const auto count = 1 + below(kDigits);
    const auto shift = below(32);
    const auto expect = [&](const char* name, const std::string& ours, const Paper& paper,
                            size_t bound) {
      bool overflow;
      const std::string expected = paper.Packed(bound, overflow);
      EXPECT_EQ(ours, expected) << name << " " << texts[0] << " " << texts[1] << " " << bound << " "
                                << shift;
      const int cc = overflow ? 3 : expected == "c" ? 0 : expected.back() == 'd' ? 1 : 2;
      EXPECT_EQ(int{cc_}, cc) << name << " " << texts[0] << " " << texts[1];
    };
    Paper a = operands[0];
    Paper b = operands[1];
    expect("VAP", Three(kVap, texts[0], texts[1], count), Sum(a, b), count);
    Paper negative = b;
    negative.negative = !b.negative;
    expect("VSP", Three(kVsp, texts[0], texts[1], count), Sum(a, negative), count);
    expect("VMP", Three(kVmp, texts[0], texts[1], count), Product(a, b), count);
    expect("VMSP", Three(kVmsp, texts[0], texts[1], shift),
           Product(a, b).Shifted(-static_cast<int>(shift)), kDigits);
    expect("VSRP", Two(kVsrp, texts[0], count, shift), a.Shifted(static_cast<int>(shift)), count);
    Paper rounded = a.Shifted(1 - static_cast<int>(shift));
    if (shift != 0) {
      Paper five;
      five.digits[0] = 5;
      five.negative = a.negative;
      rounded.Add(five);
    }
    expect("VSRP", Two(kVsrp, texts[0], count, (-shift & 0x7f) | 0x80), rounded.Shifted(-1), count);
    if (std::all_of(b.digits.begin(), b.digits.end(), [](int digit) { return digit == 0; }))
      continue;
    Paper remainder = a;
    const Paper quotient = Quotient(remainder, b);
    expect("VDP", Three(kVdp, texts[0], texts[1], count), quotient, count);
    expect("VRP", Three(kVrp, texts[0], texts[1], count), remainder, count);
    Paper dividend = a.Shifted(static_cast<int>(shift));
    expect("VSDP", Three(kVsdp, texts[0], texts[1], shift), Quotient(dividend, b), kDigits);
  }
}

}  // namespace
}  // namespace hypervisor
