// Decimal instructions: one instruction, operands and results as hexadecimal text.
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kA = 0x20ff8;  // the first operand may cross a page
constexpr uint64_t kB = 0x40000;

class DecimalTest : public testing::Test {
 protected:
  static std::string Bytes(const std::string& hex) {
    std::string bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
  }
  std::string Hex(uint64_t address, size_t length) {
    std::string hex;
    char two[3];
    for (size_t i = 0; i < length; ++i) {
      snprintf(two, sizeof two, "%02x", *machine.At(address + i));
      hex += two;
    }
    return hex;
  }
  void PutHex(uint64_t address, const std::string& hex) {
    const std::string bytes = Bytes(hex);
    std::memcpy(machine.At(address), bytes.data(), bytes.size());
  }
  // The program-interruption code; 0 if there was none.
  int Execute(std::initializer_list<uint8_t> code) {
    machine.PutCode(GuestMachine::kProgram, code);
    machine.PutCode(GuestMachine::kProgram + code.size(), {0x83, 0x00, 0x00, 0x44});
    machine.PutCode(0x8000, {0x83, 0x00, 0x00, 0x45});
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x180000000);
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, 0x8000);
    machine.block.ecb |= uapi::kEcbSpeci;
    machine.cpu.psw.address = GuestMachine::kProgram;
    machine.cpu.psw.mask =
        Psw::kExtendedAddressing | Psw::kBasicAddressing | uint64_t{program_mask} << 40;
    machine.cpu.gpr[1] = kA;
    machine.cpu.gpr[2] = kB;
    machine.Run();
    if (machine.block.ipb == 0x00440000u) {
      cc = machine.cpu.psw.condition_code();
      return 0;
    }
    const Psw old{machine.Read<uint64_t>(prefix_area::kProgramOldPsw),
                  machine.Read<uint64_t>(prefix_area::kProgramOldPsw + 8)};
    cc = old.condition_code();
    return machine.Read<uint16_t>(prefix_area::kProgramCode);
  }
  // An instruction in format SS on two operands in hexadecimal: its first operand afterwards, the
  // condition code or "P" and the program-interruption code.
  std::string Ss(uint8_t opcode, const std::string& first, const std::string& second) {
    PutHex(kA, first);
    PutHex(kB, second);
    const auto lengths =
        static_cast<uint8_t>((first.size() / 2 - 1) << 4 | (second.size() / 2 - 1));
    const int code = Execute({opcode, lengths, 0x10, 0x00, 0x20, 0x00});
    return Hex(kA, first.size() / 2) +
           (code ? " P" + std::to_string(code) : " " + std::to_string(cc));
  }

  GuestMachine machine;
  int cc = 0;
  uint8_t program_mask = 0;
};

TEST_F(DecimalTest, AddAndSubtract) {
  constexpr uint8_t kAp = 0xfa, kSp = 0xfb;
  EXPECT_EQ(Ss(kAp, "2460000c", "81723d"), "2378277c 2");
  EXPECT_EQ(Ss(kAp, "999c", "1c"), "000c 3");
  EXPECT_EQ(Ss(kAp, "999d", "1d"), "000d 3");  // digits were lost: the sign stays
  EXPECT_EQ(Ss(kAp, "001f", "1b"), "000c 0");
  EXPECT_EQ(Ss(kAp, "000d", "0d"), "000c 0");
  EXPECT_EQ(Ss(kSp, "1c", "00000000000000000000000000002c"), "1d 1");
  EXPECT_EQ(Ss(kSp, "9999999999999999999999999999999c", "1d"),
            "0000000000000000000000000000000c 3");
  EXPECT_EQ(Ss(kAp, "1a0c", "1c"), "1a0c P7");
  EXPECT_EQ(Ss(kAp, "1c", "12"), "1c P7");
  program_mask = 4;
  EXPECT_EQ(Ss(kAp, "999c", "1c"), "000c P10");
  EXPECT_EQ(cc, 3);
}

TEST_F(DecimalTest, AnOperandMayOverlapItself) {
  PutHex(kA, "00123c");
  EXPECT_EQ(Execute({0xfa, 0x21, 0x10, 0x00, 0x10, 0x01}), 0);  // ap 0(3,1),1(2,1)
  EXPECT_EQ(Hex(kA, 3), "00246c");
  EXPECT_EQ(Execute({0xfb, 0x22, 0x10, 0x00, 0x10, 0x00}), 0);  // sp of itself
  EXPECT_EQ(Hex(kA, 3), "00000c");
  EXPECT_EQ(cc, 0);
}

TEST_F(DecimalTest, SumsAgreeWithDigitByDigitAddition) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string a(31, '0'), b(31, '0');
    const size_t n = random() % 31 + 1, m = random() % 31 + 1;
    for (size_t i = 31 - n; i < 31; ++i) a[i] = static_cast<char>('0' + random() % 10);
    for (size_t i = 31 - m; i < 31; ++i) b[i] = static_cast<char>('0' + random() % 10);
    std::string sum(31, '0');
    int carry = 0;
    for (size_t i = 31; i-- > 0;) {
      const int digit = a[i] - '0' + b[i] - '0' + carry;
      sum[i] = static_cast<char>('0' + digit % 10);
      carry = digit / 10;
    }
    ASSERT_EQ(Ss(0xfa, a + "c", b + "c"), sum + "c " +
                                              (carry                         ? "3"
                                               : sum == std::string(31, '0') ? "0"
                                                                             : "2"));
    if (!carry) {  // and back
      ASSERT_EQ(Ss(0xfb, sum + "f", b + "a").substr(0, 32), a + "c");
    }
  }
}

TEST_F(DecimalTest, ZeroAndAddAndCompare) {
  EXPECT_EQ(Ss(0xf8, "ffffffffff", "38460d"), "000038460d 1");
  EXPECT_EQ(Ss(0xf8, "ff", "123c"), "3c 3");
  EXPECT_EQ(Ss(0xf8, "ffff", "0b"), "000c 0");
  EXPECT_EQ(Ss(0xf9, "1725354d", "001721475d"), "1725354d 1");
  EXPECT_EQ(Ss(0xf9, "0c", "000d"), "0c 0");
  EXPECT_EQ(Ss(0xf9, "1c", "000d"), "1c 2");
}

TEST_F(DecimalTest, MultiplyAndDivide) {
  constexpr uint8_t kMp = 0xfc, kDp = 0xfd;
  EXPECT_EQ(Ss(kMp, "0000038460", "321d").substr(11, 2), "P7");  // no sign
  EXPECT_EQ(Ss(kMp, "000038460d", "321d"), "012345660c 0");
  EXPECT_EQ(Ss(kMp, "00100c", "010c"), "00100c P7");  // not enough zeros
  EXPECT_EQ(Ss(kMp, "00000d", "010c"), "00000d 0");   // signs follow algebra
  EXPECT_EQ(Ss(kMp, "000c", "010c"), "000c P6");
  EXPECT_EQ(Ss(kDp, "012345678c", "321d"), "38460d018c 0");
  EXPECT_EQ(Ss(kDp, "0000000007d0", "3c"), "0000000007d0 P7");
  EXPECT_EQ(Ss(kDp, "00007d", "3c"), "002d1d 0");
  EXPECT_EQ(Ss(kDp, "00007d", "0c"), "00007d P11");
  EXPECT_EQ(Ss(kDp, "01000c", "1c"), "01000c P11");
}

TEST_F(DecimalTest, ShiftAndRound) {
  const auto srp = [&](const std::string& first, uint8_t shift, uint8_t digit) {
    PutHex(kA, first);
    const auto lengths = static_cast<uint8_t>((first.size() / 2 - 1) << 4 | digit);
    const int code = Execute({0xf0, lengths, 0x10, 0x00, 0x00, shift});
    return Hex(kA, first.size() / 2) +
           (code ? " P" + std::to_string(code) : " " + std::to_string(cc));
  };
  EXPECT_EQ(srp("000031250d", 3, 0), "031250000d 1");
  EXPECT_EQ(srp("039865400d", 64 - 3, 5), "000039865d 1");
  EXPECT_EQ(srp("039865500d", 64 - 3, 5), "000039866d 1");
  EXPECT_EQ(srp("100c", 1, 0), "000c 3");
  EXPECT_EQ(srp("100d", 1, 0), "000d 3");
  EXPECT_EQ(srp("5d", 64 - 1, 5), "1d 1");
  EXPECT_EQ(srp("4d", 64 - 1, 5), "0c 0");
  EXPECT_EQ(srp("9999999999999999999999999999999f", 32, 9), "0000000000000000000000000000000c 0");
  EXPECT_EQ(srp("4d", 0, 10), "4d P7");
}

TEST_F(DecimalTest, TestDecimal) {
  const auto tp = [&](const std::string& operand) {
    PutHex(kA, operand);
    EXPECT_EQ(Execute({0xeb, static_cast<uint8_t>((operand.size() / 2 - 1) << 4), 0x10, 0x00, 0x00,
                       0xc0}),
              0);
    return cc;
  };
  EXPECT_EQ(tp("123a"), 0);
  EXPECT_EQ(tp("1239"), 1);
  EXPECT_EQ(tp("1f3a"), 2);
  EXPECT_EQ(tp("a239"), 3);
}

TEST_F(DecimalTest, EditFormatsAndMarks) {
  const auto edit = [&](uint8_t opcode, const std::string& pattern, const std::string& source) {
    PutHex(kA, pattern);
    PutHex(kB, source);
    machine.cpu.gpr[1] = kA;
    const int code =
        Execute({opcode, static_cast<uint8_t>(pattern.size() / 2 - 1), 0x10, 0x00, 0x20, 0x00});
    return Hex(kA, pattern.size() / 2) +
           (code ? " P" + std::to_string(code) : " " + std::to_string(cc));
  };
  // bddd,dd(.ddbCR of PoP's example.
  const std::string pattern = "4020206b2020214b202040c3d9";
  EXPECT_EQ(edit(0xde, pattern, "0257426c"), "4040f26bf5f7f44bf2f6404040 2");
  EXPECT_EQ(edit(0xde, pattern, "0000026d"), "404040404040404bf2f640c3d9 1");
  EXPECT_EQ(edit(0xdf, pattern, "0257426c"), "4040f26bf5f7f44bf2f6404040 2");
  EXPECT_EQ(machine.cpu.gpr[1], kA + 2);
  EXPECT_EQ(edit(0xdf, pattern, "0000026d"), "404040404040404bf2f640c3d9 1");
  EXPECT_EQ(machine.cpu.gpr[1], kA);  // significance was forced
  EXPECT_EQ(edit(0xde, "402020", "0ca1"), "402020 P7");
}

TEST_F(DecimalTest, PackUnpackAndMoveWithOffset) {
  EXPECT_EQ(Ss(0xf2, "ffffffffff", "f1f2f3f4c5"), "000012345c 0");
  EXPECT_EQ(Ss(0xf2, "ffff", "f1f2f3f4c5"), "345c 0");
  EXPECT_EQ(Ss(0xf3, "ffffffffff", "12345d"), "f1f2f3f4d5 0");
  EXPECT_EQ(Ss(0xf3, "ffffffffffff", "12345d"), "f0f1f2f3f4d5 0");
  EXPECT_EQ(Ss(0xf1, "7788990c", "123456"), "0123456c 0");
  PutHex(kA, "f1f2f3f4c5");
  EXPECT_EQ(Execute({0xf2, 0x44, 0x10, 0x00, 0x10, 0x00}), 0);  // in place
  EXPECT_EQ(Hex(kA, 5), "000012345c");
}

TEST_F(DecimalTest, AsciiAndUnicode) {
  std::memcpy(machine.At(kB), "123456789", 9);
  EXPECT_EQ(Execute({0xe9, 8, 0x10, 0x00, 0x20, 0x00}), 0);  // pka
  EXPECT_EQ(Hex(kA, 16), "0000000000000000000000123456789c");
  std::memcpy(machine.At(kB), machine.At(kA), 16);
  *machine.At(kB + 15) = 0x9d;
  EXPECT_EQ(Execute({0xea, 9, 0x10, 0x00, 0x20, 0x00}), 0);  // unpka
  EXPECT_EQ(cc, 1);
  EXPECT_EQ(std::memcmp(machine.At(kA), "0123456789", 10), 0);
  EXPECT_EQ(Execute({0xe2, 7, 0x10, 0x00, 0x20, 0x00}), 0);  // unpku
  EXPECT_EQ(Hex(kA, 8), "0036003700380039");
  std::memcpy(machine.At(kB), machine.At(kA), 8);
  EXPECT_EQ(Execute({0xe1, 7, 0x10, 0x00, 0x20, 0x00}), 0);  // pku
  EXPECT_EQ(Hex(kA, 16), "0000000000000000000000000006789c");
  EXPECT_EQ(Execute({0xe1, 6, 0x10, 0x00, 0x20, 0x00}), 6);
  EXPECT_EQ(Execute({0xe9, 32, 0x10, 0x00, 0x20, 0x00}), 6);
}

TEST_F(DecimalTest, ConvertBothWays) {
  machine.cpu.gpr[7] = 0xffffffff80000000;
  EXPECT_EQ(Execute({0x4e, 0x70, 0x10, 0x00}), 0);
  EXPECT_EQ(Hex(kA, 8), "000002147483648d");
  machine.cpu.gpr[7] = 0;
  EXPECT_EQ(Execute({0x4f, 0x70, 0x10, 0x00}), 0);
  EXPECT_EQ(machine.cpu.gpr[7], 0x80000000u);
  PutHex(kA, "000002147483648c");
  EXPECT_EQ(Execute({0x4f, 0x70, 0x10, 0x00}), 9);
  PutHex(kA, "00000214748364ac");
  EXPECT_EQ(Execute({0x4f, 0x70, 0x10, 0x00}), 7);
  machine.cpu.gpr[7] = uint64_t{1} << 63;
  EXPECT_EQ(Execute({0xe3, 0x70, 0x10, 0x00, 0x00, 0x2e}), 0);
  EXPECT_EQ(Hex(kA, 16), "0000000000009223372036854775808d");
  EXPECT_EQ(Execute({0xe3, 0x80, 0x10, 0x00, 0x00, 0x0e}), 0);
  EXPECT_EQ(machine.cpu.gpr[8], uint64_t{1} << 63);
  *machine.At(kA + 15) = 0x8c;
  machine.cpu.gpr[8] = 5;
  EXPECT_EQ(Execute({0xe3, 0x80, 0x10, 0x00, 0x00, 0x0e}), 9);
  EXPECT_EQ(machine.cpu.gpr[8], 5u);
}

}  // namespace
}  // namespace hypervisor
