// COMPARE AND FORM CODEWORD, UPDATE TREE.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kFirst = 0x40000;
constexpr uint64_t kThird = 0x41000;
constexpr uint64_t kTree = 0x50000;
constexpr uint64_t kEnd = uint64_t{1} << 63;

class SortingTest : public testing::Test {
 protected:
  SortingTest() { machine_.block.ictl = uapi::kIctlPint; }

  // Yields the condition code, or 8 + the code of an exception.
  int Run(std::initializer_list<uint8_t> code) {
    std::vector<uint8_t> text(code);
    for (const uint8_t byte : {0x83, 0x00, 0x00, 0x44}) text.push_back(byte);
    std::memcpy(machine_.At(GuestMachine::kProgram), text.data(), text.size());
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.Run();
    if (machine_.block.icptcode == 4) return machine_.cpu.psw.condition_code();
    return 8 + machine_.block.iprcc;
  }
  // CFC `control`; operands "abcdefghi..." that differ where `first` and `third` do.
  int Compare(const char* first, const char* third, uint64_t offset, uint16_t control) {
    std::memcpy(machine_.At(kFirst), first, std::strlen(first));
    std::memcpy(machine_.At(kThird), third, std::strlen(third));
    machine_.cpu.gpr[1] = kFirst;
    machine_.cpu.gpr[2] = offset;
    machine_.cpu.gpr[3] = kThird;
    return Run({0xb2, 0x1a, static_cast<uint8_t>(control >> 8), static_cast<uint8_t>(control)});
  }
  int UpdateTree(uint64_t codeword, uint64_t rest, uint64_t offset) {
    machine_.cpu.gpr[0] = codeword;
    machine_.cpu.gpr[1] = rest;
    machine_.cpu.gpr[4] = kTree;
    machine_.cpu.gpr[5] = offset;
    return Run({0x01, 0x02});
  }
  void Mode31() { machine_.cpu.psw.mask = Psw::kBasicAddressing; }

  GuestMachine machine_;
};

TEST_F(SortingTest, ACodewordIsTheOffsetBehindTheDifferenceAndWhatSortsLater) {
  // In sequence, ascending: the higher operand's bytes, inverted.
  EXPECT_EQ(Compare("abcdefAAAAAA", "abcdefABBBBB", 0, 0x00c), 1);
  EXPECT_EQ(machine_.cpu.gpr[2], 0x000c000000000000 | (~0x414242424242u & 0xffffffffffff));
  EXPECT_EQ(machine_.cpu.gpr[1], kFirst);
  EXPECT_EQ(machine_.cpu.gpr[3], kThird);
  // Out of sequence: the operands change places.
  EXPECT_EQ(Compare("abcdefZAAAAA", "abcdefABBBBB", 6, 0x00c), 2);
  EXPECT_EQ(machine_.cpu.gpr[2], 0x000c000000000000 | (~0x5a4141414141u & 0xffffffffffff));
  EXPECT_EQ(machine_.cpu.gpr[1], kThird);
  EXPECT_EQ(machine_.cpu.gpr[3], kFirst);
  // Descending: the lower operand's bytes as they are.
  EXPECT_EQ(Compare("ZAAAAA", "ABBBBB", 0, 0x00d), 1);
  EXPECT_EQ(machine_.cpu.gpr[2], 0x0006414242424242u);
  EXPECT_EQ(Compare("ABBBBB", "ZAAAAA", 0, 0x00d), 2);
  EXPECT_EQ(machine_.cpu.gpr[2], 0x0006414242424242u);
}

TEST_F(SortingTest, EqualOperandsLeaveTheThirdMarked) {
  EXPECT_EQ(Compare("abcdefabcdef", "abcdefabcdef", 0, 0x006), 0);
  EXPECT_EQ(machine_.cpu.gpr[2], kThird | kEnd);
  EXPECT_EQ(Compare("a", "b", 8, 0x006), 0) << "the offset is beyond the limit at once";
}

TEST_F(SortingTest, TwoBytesAreComparedOutsideThe64BitMode) {
  Mode31();
  EXPECT_EQ(Compare("abcd", "abce", 0, 0x010), 1);
  EXPECT_EQ(static_cast<uint32_t>(machine_.cpu.gpr[2]), 0x00040000u | (~0x6365u & 0xffff));
  Mode31();
  EXPECT_EQ(Compare("ab", "ab", 0, 0x000), 0);
  EXPECT_EQ(machine_.cpu.gpr[2], kThird | 0x80000000);
}

TEST_F(SortingTest, OddRegistersAreSpecificationExceptions) {
  EXPECT_EQ(Compare("a", "b", 1, 0x006), 8 + 6);
  EXPECT_EQ(UpdateTree(1, 1, 8), 8 + 6);
  Mode31();
  EXPECT_EQ(UpdateTree(1, 1, 8), 1) << "8 bytes are a node there, and its parent is no node";
}

TEST_F(SortingTest, ANodeClimbsOverLowerOnes) {
  // Nodes at 1, 2 and 4 times the size of one; it starts below node 8.
  const uint64_t codewords[] = {0, 50, 70, 0, 20};
  for (uint64_t i = 1; i < 5; ++i) {
    machine_.Put<uint64_t>(kTree + 16 * i, codewords[i]);
    machine_.Put<uint64_t>(kTree + 16 * i + 8, 1000 + i);
  }
  EXPECT_EQ(UpdateTree(60, 7, 16 * 8), 1);
  // Past 20, in the place of 70, which goes up past 50 to the root.
  EXPECT_EQ(machine_.cpu.gpr[0], 70u);
  EXPECT_EQ(machine_.cpu.gpr[1], 1002u);
  EXPECT_EQ(machine_.cpu.gpr[5], 0u);
  EXPECT_EQ(machine_.Read<uint64_t>(kTree + 32), 60u);
  EXPECT_EQ(machine_.Read<uint64_t>(kTree + 40), 7u);
  EXPECT_EQ(machine_.Read<uint64_t>(kTree + 16), 50u);

  EXPECT_EQ(UpdateTree(60, 9, 16 * 4), 0) << "an equal codeword";
  EXPECT_EQ(machine_.cpu.gpr[2], 60u);
  EXPECT_EQ(machine_.cpu.gpr[3], 7u);
  EXPECT_EQ(machine_.cpu.gpr[5], 32u);
  EXPECT_EQ(UpdateTree(kEnd | 60, 9, 16 * 4), 3) << "a negative one";
}

TEST_F(SortingTest, AFaultLeavesTheUnitsBeforeIt) {
  machine_.cpu.gpr[0] = 5;
  machine_.cpu.gpr[4] = GuestMachine::kStorageSize - 32;
  machine_.cpu.gpr[5] = 64;
  machine_.Put<uint64_t>(GuestMachine::kStorageSize - 16, 3);
  machine_.PutCode(GuestMachine::kProgram, {0x01, 0x02, 0x83, 0x00, 0x00, 0x44});
  EXPECT_EQ(machine_.Run().reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(machine_.cpu.gpr[5], 64u);
  machine_.cpu.gpr[5] = 32;
  machine_.Run();
  EXPECT_EQ(machine_.cpu.gpr[5], 0u);
}

// The instructions' purpose: a tournament over keys that CFC compares and UPT orders.
TEST_F(SortingTest, ATournamentOfCodewordsPutsKeysInOrder) {
  constexpr uint64_t kKeys = 16;
  std::mt19937 random(1);
  std::vector<uint64_t> codewords;
  for (uint64_t i = 1; i < 2 * kKeys; ++i) machine_.Put<uint64_t>(kTree + 16 * i, 0);
  for (uint64_t i = 0; i < kKeys; ++i) codewords.push_back(random() % 1000 * 2 + 2);
  // Each node enters at its leaf; the highest comes out at the root.
  std::vector<uint64_t> out;
  for (uint64_t i = 0; i < kKeys; ++i) {
    const int code = UpdateTree(codewords[i], i, 16 * (kKeys + i));
    if (code == 1 && machine_.cpu.gpr[0]) out.push_back(machine_.cpu.gpr[0]);
    EXPECT_TRUE(code == 1 || code == 0);
    if (code == 0) return;  // a pair of equals: nothing more to show
  }
  for (const uint64_t winner : out) {
    EXPECT_NE(std::find(codewords.begin(), codewords.end(), winner), codewords.end());
  }
  uint64_t kept = 0;
  for (uint64_t i = 1; i < kKeys; ++i) kept += machine_.Read<uint64_t>(kTree + 16 * i) != 0;
  EXPECT_EQ(kept + out.size(), kKeys) << "none is lost";
}

}  // namespace
}  // namespace hypervisor
