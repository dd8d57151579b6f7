// Instructions on operands of any length. The program under test is one instruction, then DIAGNOSE.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/arch/prefix_area.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kA = 0x20000;
constexpr uint64_t kB = 0x40000;

class StringsTest : public testing::Test {
 protected:
  // Runs `code` until DIAGNOSE; DIAGNOSE 0x45 is where program interruptions go.
  void Execute(std::initializer_list<uint8_t> code) {
    machine.PutCode(GuestMachine::kProgram, code);
    machine.PutCode(GuestMachine::kProgram + code.size(), {0x83, 0x00, 0x00, 0x44});
    machine.PutCode(0x8000, {0x83, 0x00, 0x00, 0x45});
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw, 0x180000000);
    machine.Put<uint64_t>(prefix_area::kProgramNewPsw + 8, 0x8000);
    machine.block.ecb |= uapi::kEcbSpeci;
    machine.cpu.psw.address = GuestMachine::kProgram;
    exit = machine.Run();
  }
  int cc() const { return machine.cpu.psw.condition_code(); }
  bool completed() const { return machine.block.ipb == 0x00440000u; }
  uint16_t program_code() { return machine.Read<uint16_t>(prefix_area::kProgramCode); }
  void PutText(uint64_t address, const std::string& text) {
    std::memcpy(machine.At(address), text.data(), text.size());
  }
  std::string Text(uint64_t address, size_t length) {
    return std::string(reinterpret_cast<char*>(machine.At(address)), length);
  }
  uint64_t& gpr(int r) { return machine.cpu.gpr[r]; }

  GuestMachine machine;
  SieExit exit{};
};

TEST_F(StringsTest, MoveRepeatsWhatItHasWritten) {
  for (uint32_t distance : {1u, 2u, 3u, 7u, 8u, 100u}) {
    std::vector<uint8_t> expected(600);
    for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<uint8_t>(i * 7 + 3);
    std::memcpy(machine.At(kA + 0xf80), expected.data(), expected.size());
    for (uint32_t i = 0; i < 256; ++i) expected[distance + i] = expected[i];
    gpr(1) = kA + 0xf80 + distance;
    gpr(2) = kA + 0xf80;
    Execute({0xd2, 0xff, 0x10, 0x00, 0x20, 0x00});  // mvc 0(256,1),0(2), across a page
    ASSERT_TRUE(completed());
    EXPECT_EQ(std::memcmp(machine.At(kA + 0xf80), expected.data(), expected.size()), 0) << distance;
  }
}

TEST_F(StringsTest, MoveTestsBothOperandsFirst) {
  PutText(GuestMachine::kStorageSize - 8, "unharmed");
  gpr(1) = GuestMachine::kStorageSize - 8;
  gpr(2) = kA;
  Execute({0xd2, 0x0f, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(Text(GuestMachine::kStorageSize - 8, 8), "unharmed");
}

TEST_F(StringsTest, MoveInverseNumericsAndZones) {
  PutText(kB, "abcdef");
  gpr(1) = kA;
  gpr(2) = kB + 5;
  Execute({0xe8, 0x05, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(Text(kA, 6), "fedcba");
  machine.Put<uint16_t>(kA, 0x1234);
  machine.Put<uint16_t>(kB, 0xabcd);
  gpr(2) = kB;
  Execute({0xd1, 0x01, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(machine.Read<uint16_t>(kA), 0x1b3d);
  Execute({0xd3, 0x01, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(machine.Read<uint16_t>(kA), 0xabcd);
}

TEST_F(StringsTest, LogicalOperationsSetTheConditionCode) {
  machine.Put<uint64_t>(kA, 0x00ff00ff00ff00ff);
  machine.Put<uint64_t>(kB, 0xff00ff00ff00ff00);
  gpr(1) = kA;
  gpr(2) = kB;
  Execute({0xd6, 0x07, 0x10, 0x00, 0x20, 0x00});  // oc
  EXPECT_EQ(machine.Read<uint64_t>(kA), ~uint64_t{0});
  EXPECT_EQ(cc(), 1);
  Execute({0xd7, 0x07, 0x10, 0x00, 0x20, 0x00});  // xc
  EXPECT_EQ(machine.Read<uint64_t>(kA), 0x00ff00ff00ff00ffu);
  EXPECT_EQ(cc(), 1);
  Execute({0xd4, 0x07, 0x10, 0x00, 0x20, 0x00});  // nc
  EXPECT_EQ(machine.Read<uint64_t>(kA), 0u);
  EXPECT_EQ(cc(), 0);
  machine.Put<uint64_t>(kA, 0x1122334455667788);
  gpr(2) = kA;
  Execute({0xd7, 0x07, 0x10, 0x00, 0x20, 0x00});  // xc of one place by two registers
  EXPECT_EQ(machine.Read<uint64_t>(kA), 0u);
  EXPECT_EQ(cc(), 0);
}

TEST_F(StringsTest, ExclusiveOrWorksByteByByte) {
  for (uint8_t i = 0; i < 17; ++i) *machine.At(kA + i) = i + 1;
  uint8_t expected[17];
  for (uint8_t i = 0; i < 17; ++i) expected[i] = static_cast<uint8_t>(i + 1);
  for (int i = 0; i < 16; ++i)
    expected[i + 1] = static_cast<uint8_t>(expected[i + 1] ^ expected[i]);
  gpr(1) = kA + 1;
  gpr(2) = kA;
  Execute({0xd7, 0x0f, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(std::memcmp(machine.At(kA), expected, 17), 0);
}

TEST_F(StringsTest, CompareLogical) {
  PutText(kA + 0xffc, "same thing");
  PutText(kB, "same thong");
  gpr(1) = kA + 0xffc;
  gpr(2) = kB;
  Execute({0xd5, 0x09, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(cc(), 1);
  Execute({0xd5, 0x06, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(cc(), 0);
  gpr(1) = kB;
  gpr(2) = kA + 0xffc;
  Execute({0xd5, 0x09, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(cc(), 2);
}

TEST_F(StringsTest, TranslateNeedsOnlyThePagesItUses) {
  // The table's second half would lie behind the end of storage.
  const uint64_t table = GuestMachine::kStorageSize - 128;
  for (uint8_t i = 0; i < 128; ++i) *machine.At(table + i) = static_cast<uint8_t>(i ^ 0x20);
  PutText(kA, "Hello");
  gpr(1) = kA;
  gpr(2) = table;
  Execute({0xdc, 0x04, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(Text(kA, 5), "hELLO");
  *machine.At(kA + 4) = 0x80;
  Execute({0xdc, 0x04, 0x10, 0x00, 0x20, 0x00});
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(Text(kA, 4), "hELL");
}

TEST_F(StringsTest, TranslateAndTestFindsTheByteAndItsFunction) {
  *machine.At(kB + ' ') = 0x42;
  PutText(kA, "one two");
  gpr(2) = 0x1111111111111111;
  gpr(3) = kA;
  gpr(4) = kB;
  Execute({0xdd, 0x06, 0x30, 0x00, 0x40, 0x00});  // trt 0(7,3),0(4)
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(1), kA + 3);
  EXPECT_EQ(gpr(2), 0x1111111111111142u);
  Execute({0xdd, 0x03, 0x30, 0x00, 0x40, 0x00});
  EXPECT_EQ(cc(), 2);
  Execute({0xdd, 0x02, 0x30, 0x00, 0x40, 0x00});
  EXPECT_EQ(cc(), 0);
  gpr(3) = kA + 6;
  Execute({0xd0, 0x06, 0x30, 0x00, 0x40, 0x00});  // trtr
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(1), kA + 3);
}

TEST_F(StringsTest, MoveLongMovesPadsAndCounts) {
  constexpr uint64_t kLength = 0x30123;
  for (uint64_t i = 0; i < 0x2000; ++i) *machine.At(kB + i) = static_cast<uint8_t>(i * 13);
  gpr(2) = 0x100000 + 1;
  gpr(3) = 0xffffffffaa000000 | kLength;
  gpr(4) = kB;
  gpr(5) = 0xeeeeeeee5a002000;
  Execute({0x0e, 0x24});
  ASSERT_TRUE(completed());
  EXPECT_EQ(cc(), 2);
  EXPECT_EQ(gpr(2), 0x100001 + kLength);
  EXPECT_EQ(gpr(3), 0xffffffffaa000000u);
  EXPECT_EQ(gpr(4), kB + 0x2000);
  EXPECT_EQ(gpr(5), 0xeeeeeeee5a000000u);
  EXPECT_EQ(std::memcmp(machine.At(0x100001), machine.At(kB), 0x2000), 0);
  for (uint64_t i = 0x2000; i < kLength; ++i) ASSERT_EQ(*machine.At(0x100001 + i), 0x5a);
  EXPECT_EQ(*machine.At(0x100001 + kLength), 0);
}

TEST_F(StringsTest, MoveLongRefusesDestructiveOverlap) {
  gpr(2) = kA + 1;
  gpr(3) = 16;
  gpr(4) = kA;
  gpr(5) = 16;
  Execute({0x0e, 0x24});
  EXPECT_EQ(cc(), 3);
  EXPECT_EQ(gpr(3), 16u);
  Execute({0x0e, 0x34});
  EXPECT_EQ(program_code(), 6);
}

TEST_F(StringsTest, MoveLongKeepsWhatItDidBeforeAFault) {
  gpr(2) = GuestMachine::kStorageSize - 0x1800;
  gpr(3) = 0x3000;
  gpr(4) = kB;
  gpr(5) = 0x3000;
  PutText(kB, "first");
  Execute({0x0e, 0x24});
  EXPECT_EQ(exit.reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(machine.cpu.psw.address, GuestMachine::kProgram);
  EXPECT_EQ(Text(GuestMachine::kStorageSize - 0x1800, 5), "first");
  EXPECT_EQ(gpr(2) - (GuestMachine::kStorageSize - 0x1800), 0x3000 - gpr(3));
  EXPECT_EQ(gpr(3), gpr(5));
  EXPECT_LT(gpr(3), 0x3000u);
}

TEST_F(StringsTest, MoveLongExtendedLeavesWithConditionCode3) {
  gpr(2) = 0x100000;
  gpr(3) = 0x100000;
  gpr(4) = kB;
  gpr(5) = 0;
  Execute({0xa8, 0x24, 0x00, 0x77});
  EXPECT_EQ(cc(), 3);
  Execute({0xa8, 0x24, 0x00, 0x77, 0xa7, 0x14, 0xff, 0xfe});  // jo to it
  EXPECT_EQ(cc(), 2);
  EXPECT_EQ(gpr(3), 0u);
  EXPECT_EQ(gpr(2), 0x200000u);
  EXPECT_EQ(*machine.At(0x1fffff), 0x77);
  EXPECT_EQ(*machine.At(0x200000), 0);
}

TEST_F(StringsTest, MoveLongUnicodePadsByCharacters) {
  gpr(2) = kA + 1;
  gpr(3) = 6;
  gpr(4) = kB;
  gpr(5) = 2;
  PutText(kB, "AB");
  gpr(6) = 0x4344;
  Execute({0xeb, 0x24, 0x60, 0x00, 0x00, 0x8e});
  EXPECT_EQ(cc(), 2);
  EXPECT_EQ(Text(kA + 1, 6), "ABCDCD");
  gpr(3) = 3;
  Execute({0xeb, 0x24, 0x60, 0x00, 0x00, 0x8e});
  EXPECT_EQ(program_code(), 6);
}

TEST_F(StringsTest, CompareLogicalLongStopsAtTheUnequalByte) {
  std::memset(machine.At(0x100000), 7, 0x20000);
  std::memset(machine.At(0x200003), 7, 0x20000);
  *machine.At(0x200003 + 0x1f000) = 8;
  gpr(2) = 0x100000;
  gpr(3) = 0x20000;
  gpr(4) = 0x200003;
  gpr(5) = 0x07000000 | 0x20000;
  Execute({0x0f, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), 0x11f000u);
  EXPECT_EQ(gpr(3), 0x1000u);
  EXPECT_EQ(gpr(4), 0x21f003u);
  EXPECT_EQ(gpr(5), 0x07001000u);
  // The rest of the first operand against the padding.
  gpr(3) = 0x1000;
  gpr(5) = 0x07000000;
  Execute({0x0f, 0x24});
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(gpr(2), 0x120000u);
  EXPECT_EQ(gpr(3), 0u);
}

TEST_F(StringsTest, CompareLogicalLongExtendedAndUnicode) {
  PutText(kA, "abcdef");
  PutText(kB, "abcx");
  gpr(2) = kA;
  gpr(3) = 6;
  gpr(4) = kB;
  gpr(5) = 4;
  Execute({0xa9, 0x24, 0x00, 0x40});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 3);
  EXPECT_EQ(gpr(5), 1u);
  gpr(2) = kA;
  gpr(3) = 6;
  gpr(4) = kB;
  gpr(5) = 4;
  Execute({0xeb, 0x24, 0x00, 0x40, 0x00, 0x8f});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 2);
  EXPECT_EQ(gpr(5), 2u);
}

TEST_F(StringsTest, StringsEndWithTheirCharacter) {
  // The source ends where storage does.
  const uint64_t source = GuestMachine::kStorageSize - 6;
  PutText(source, std::string("hello\0", 6));
  gpr(0) = 0;
  gpr(2) = kA + 0xffd;
  gpr(4) = source;
  Execute({0xb2, 0x55, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 0xffd + 5);
  EXPECT_EQ(gpr(4), source);
  EXPECT_EQ(Text(kA + 0xffd, 6), std::string("hello\0", 6));

  gpr(2) = kA + 0xffd;
  Execute({0xb2, 0x5d, 0x00, 0x24});  // clst
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(gpr(2), kA + 0xffd);
  *machine.At(kA + 0xffd + 3) = 0;  // the ending character is the lowest
  Execute({0xb2, 0x5d, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 0xffd + 3);
  EXPECT_EQ(gpr(4), source + 3);

  gpr(0) = 'o';
  gpr(2) = 0;
  gpr(4) = source;
  Execute({0xb2, 0x5e, 0x00, 0x24});  // srst
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), source + 4);
  gpr(2) = source + 4;
  Execute({0xb2, 0x5e, 0x00, 0x24});
  EXPECT_EQ(cc(), 2);
  gpr(0) = 0x100;
  Execute({0xb2, 0x5e, 0x00, 0x24});
  EXPECT_EQ(program_code(), 6);
}

TEST_F(StringsTest, SearchStringUnicode) {
  machine.Put<uint32_t>(kA, 0x00410042);
  gpr(0) = 0x42;
  gpr(2) = kA + 4;
  gpr(4) = kA;
  Execute({0xb9, 0xbe, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 2);
  gpr(0) = 0x4100;
  gpr(2) = kA + 4;
  Execute({0xb9, 0xbe, 0x00, 0x24});
  EXPECT_EQ(cc(), 2);
}

TEST_F(StringsTest, Checksum) {
  for (uint32_t i = 0; i < 0x21003; ++i) *machine.At(0x100001 + i) = static_cast<uint8_t>(i * 31);
  uint64_t sum = 0x11223344;
  for (uint32_t i = 0; i < 0x21003; ++i) {
    sum += uint64_t{static_cast<uint8_t>(i * 31)} << (24 - i % 4 * 8);
    while (sum >> 32) sum = (sum & 0xffffffff) + (sum >> 32);
  }
  gpr(1) = 0xaaaaaaaa11223344;
  gpr(2) = 0x100001;
  gpr(3) = 0x21003;
  Execute({0xb2, 0x41, 0x00, 0x12, 0xa7, 0x14, 0xff, 0xfe});
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(gpr(1), 0xaaaaaaaa00000000 | sum);
  EXPECT_EQ(gpr(2), 0x100001u + 0x21003);
  EXPECT_EQ(gpr(3), 0u);
}

TEST_F(StringsTest, TranslateExtendedStopsAtTheTestByte) {
  for (int i = 0; i < 256; ++i)
    *machine.At(kB + static_cast<uint64_t>(i)) = static_cast<uint8_t>(i + 1);
  PutText(kA, "HAL.HAL");
  gpr(0) = '.';
  gpr(2) = kA;
  gpr(3) = 7;
  gpr(4) = kB;
  Execute({0xb2, 0xa5, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(Text(kA, 7), "IBM.HAL");
  EXPECT_EQ(gpr(2), kA + 3);
  EXPECT_EQ(gpr(3), 4u);
}

TEST_F(StringsTest, TranslateTwoToOneComparesTheFunctionCharacter) {
  gpr(0) = '!';
  gpr(1) = 0x100000;
  for (uint64_t i = 0; i < 0x10000; ++i) *machine.At(0x100000 + i) = static_cast<uint8_t>(i >> 8);
  PutText(kB, "a.b.!.c.");
  gpr(2) = kA;
  gpr(3) = 8;
  gpr(4) = kB;
  Execute({0xb9, 0x91, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(Text(kA, 3), std::string("ab\0", 3));
  EXPECT_EQ(gpr(2), kA + 2);
  EXPECT_EQ(gpr(3), 4u);
  EXPECT_EQ(gpr(4), kB + 4);
  Execute({0xb9, 0x91, 0x10, 0x24});  // without the comparison
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(Text(kA, 4), "ab!c");
}

TEST_F(StringsTest, TranslateAndTestExtendedBothWays) {
  *machine.At(kB + 'x') = 9;
  PutText(kA, "--x--x--");
  gpr(1) = kB;
  gpr(2) = kA;
  gpr(3) = 8;
  Execute({0xb9, 0xbf, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 2);
  EXPECT_EQ(gpr(3), 6u);
  EXPECT_EQ(gpr(4), 9u);
  gpr(2) = kA + 7;
  gpr(3) = 8;
  Execute({0xb9, 0xbd, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), kA + 5);
  EXPECT_EQ(gpr(3), 6u);
}

TEST_F(StringsTest, Utf8ToUtf16AndBack) {
  const std::string utf8 = "z\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  PutText(kB + 0xffb, utf8);  // the last character crosses a page
  gpr(2) = kA;
  gpr(3) = 100;
  gpr(4) = kB + 0xffb;
  gpr(5) = utf8.size();
  Execute({0xb2, 0xa7, 0x10, 0x24});
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(gpr(2), kA + 10);
  EXPECT_EQ(gpr(3), 90u);
  EXPECT_EQ(gpr(5), 0u);
  EXPECT_EQ(machine.Read<uint64_t>(kA), 0x007a00e420acd83du);
  EXPECT_EQ(machine.Read<uint16_t>(kA + 8), 0xde00);
  gpr(2) = kB;
  gpr(3) = utf8.size() - 1;
  gpr(4) = kA;
  gpr(5) = 10;
  Execute({0xb2, 0xa6, 0x10, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(5), 4u);
  EXPECT_EQ(Text(kB, 6), utf8.substr(0, 6));
}

TEST_F(StringsTest, IllFormedUtf8) {
  const auto convert = [&](const std::string& utf8, bool strict) {
    PutText(kB, utf8);
    gpr(2) = kA;
    gpr(3) = 100;
    gpr(4) = kB;
    gpr(5) = utf8.size();
    Execute({0xb9, 0xb0, static_cast<uint8_t>(strict ? 0x10 : 0), 0x24});  // cu14
    return cc();
  };
  EXPECT_EQ(convert("\x80", false), 2);
  EXPECT_EQ(convert("\xc0\x80", false), 0);
  EXPECT_EQ(convert("\xc0\x80", true), 2);
  EXPECT_EQ(convert("\xe0\x9f\x80", true), 2);
  EXPECT_EQ(convert("\xed\xa0\x80", true), 2);
  EXPECT_EQ(convert("\xf4\x90\x80\x80", true), 2);
  EXPECT_EQ(convert("\xf4\x8f\xbf\xbf", true), 0);
  EXPECT_EQ(machine.Read<uint32_t>(kA), 0x10ffffu);
  EXPECT_EQ(convert("\xe2\x82", true), 0);  // incomplete
  EXPECT_EQ(gpr(5), 2u);
}

TEST_F(StringsTest, CompareUntilSubstringEqual) {
  PutText(kA, "abXYZc");
  PutText(kB, "cdXYZe");
  gpr(0) = 3;
  gpr(1) = ' ';
  gpr(2) = kA;
  gpr(3) = 6;
  gpr(4) = kB;
  gpr(5) = 6;
  Execute({0xb2, 0x57, 0x00, 0x24});
  EXPECT_EQ(cc(), 0);
  EXPECT_EQ(gpr(2), kA + 2);
  EXPECT_EQ(gpr(3), 4u);
  gpr(0) = 4;
  Execute({0xb2, 0x57, 0x00, 0x24});
  EXPECT_EQ(cc(), 2);
  EXPECT_EQ(gpr(5), 0u);
}

// In the 31-bit mode the left halves of registers stay, in the 24-bit mode addresses wrap at 16
// MiB.
TEST_F(StringsTest, ShortAddressesLeaveTheLeftHalves) {
  machine.cpu.psw.mask = Psw::kBasicAddressing;
  PutText(kB, "text.");
  gpr(0) = '.';
  gpr(2) = 0xaaaaaaaa80000000 | kA;
  gpr(4) = 0xbbbbbbbb80000000 | kB;
  Execute({0xb2, 0x55, 0x00, 0x24});
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(2), 0xaaaaaaaa00000000 | (kA + 4));
  EXPECT_EQ(Text(kA, 5), "text.");

  gpr(2) = 0x1111111100000000 | kA;
  gpr(3) = 0x2222222200000008;
  gpr(4) = 0x3333333300000000 | kB;
  gpr(5) = 0x4444444400000005;
  Execute({0xa8, 0x24, 0x00, 0x2b});
  EXPECT_EQ(cc(), 2);
  EXPECT_EQ(gpr(2), 0x1111111100000000 | (kA + 8));
  EXPECT_EQ(gpr(3), 0x2222222200000000u);
  EXPECT_EQ(gpr(5), 0x4444444400000000u);
  EXPECT_EQ(Text(kA, 8), "text.+++");

  machine.cpu.psw.mask = 0;
  *machine.At(kB + 't') = 7;
  gpr(1) = 0x9999999955000000;
  gpr(3) = 0x12000000 | kA;
  gpr(4) = kB;
  Execute({0xdd, 0x04, 0x30, 0x00, 0x40, 0x00});  // trt
  EXPECT_EQ(cc(), 1);
  EXPECT_EQ(gpr(1), 0x9999999955000000 | kA);
}

TEST_F(StringsTest, OperandsWrapAroundTheEndOfShortAddresses) {
  GuestMachine wrapping;
  // Storage at both ends of the 24-bit addresses.
  wrapping.space.Map(UserAddress(reinterpret_cast<uint64_t>(wrapping.At(3 * kSegmentSize))),
                     VcpuAddress(15 * kSegmentSize), kSegmentSize);
  uint8_t* end = wrapping.At(4 * kSegmentSize);
  std::memcpy(end - 3, "abc", 3);
  std::memcpy(wrapping.At(0), "def", 3);
  wrapping.PutCode(GuestMachine::kProgram, {0x0e, 0x24, 0x83, 0x00, 0x00, 0x44});
  wrapping.cpu.psw.mask = 0;
  wrapping.cpu.gpr[2] = kA;
  wrapping.cpu.gpr[3] = 6;
  wrapping.cpu.gpr[4] = 0xfffffd;
  wrapping.cpu.gpr[5] = 6;
  wrapping.Run();
  EXPECT_EQ(wrapping.cpu.psw.condition_code(), 0);
  EXPECT_EQ(std::memcmp(wrapping.At(kA), "abcdef", 6), 0);
  EXPECT_EQ(wrapping.cpu.gpr[4], 3u);
}

TEST_F(StringsTest, ExecuteGivesALength) {
  PutText(kB, "0123456789");
  gpr(1) = kA;
  gpr(2) = kB;
  gpr(3) = 4;
  gpr(4) = GuestMachine::kProgram + 0x100;
  machine.PutCode(GuestMachine::kProgram + 0x100, {0xd2, 0x00, 0x10, 0x00, 0x20, 0x00});
  Execute({0x44, 0x30, 0x40, 0x00});
  ASSERT_TRUE(completed());
  EXPECT_EQ(Text(kA, 6), std::string("01234\0", 6));
}

TEST_F(StringsTest, InterruptionsComeBetweenUnits) {
  // A PER event for the fetching of the instruction shows where MOVE LONG can be interrupted.
  gpr(2) = 0x100000;
  gpr(3) = 0x200000;
  gpr(4) = kB;
  gpr(5) = 0;
  machine.cpu.cr[9] = 0x40000000;
  machine.cpu.cr[10] = GuestMachine::kProgram;
  machine.cpu.cr[11] = GuestMachine::kProgram;
  machine.cpu.psw.mask |= Psw::kPer;
  Execute({0x0e, 0x24});
  EXPECT_EQ(program_code(), 0x80);
  EXPECT_EQ(machine.Read<uint64_t>(prefix_area::kProgramOldPsw + 8), GuestMachine::kProgram);
  EXPECT_EQ(gpr(2), 0x110000u);
  EXPECT_EQ(gpr(3), 0x1f0000u);
  machine.cpu.psw.mask &= ~Psw::kPer;
  machine.cpu.psw.address = GuestMachine::kProgram;
  machine.Run();
  EXPECT_EQ(gpr(2), 0x300000u);
  EXPECT_EQ(gpr(3), 0u);
}

}  // namespace
}  // namespace hypervisor
