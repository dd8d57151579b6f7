// The decoder against the list of all opcodes.
#include "hypervisor/isa/decode.h"

#include <algorithm>
#include <map>
#include <random>

#include "gtest/gtest.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_list.h"

namespace hypervisor {
namespace {

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

TEST(DecodeTest, EveryOpcodeUpToZec12IsARow) {
  const auto opcodes = ListedOpcodes();
  ASSERT_GT(opcodes.size(), 1200u);
  for (const ListedOpcode& opcode : opcodes) {
    Insn insn;
    Decode(opcode.text, insn);
    EXPECT_EQ(insn.length, opcode.length) << opcode.mnemonic;
    if (insn.row == kInvalidRow) {
      EXPECT_FALSE(opcode.up_to_zec12()) << opcode.opcode << " " << opcode.mnemonic;
    } else {
      // Some names are listed with the size of their elements only.
      const std::string ours = LowerCase(Table()[insn.row].mnemonic);
      EXPECT_TRUE(ours == opcode.mnemonic || ours + "b" == opcode.mnemonic ||
                  std::find(opcode.other_forms.begin(), opcode.other_forms.end(), ours) !=
                      opcode.other_forms.end())
          << opcode.opcode << " " << opcode.mnemonic << ", ours " << ours;
    }
  }
}

TEST(DecodeTest, NoTwoRowsShareAnOpcodeOrAMnemonic) {
  std::map<std::pair<int, int>, std::string> opcodes;
  std::map<std::string, int> mnemonics;
  for (const TableRow& row : Table()) {
    const auto layout = ShapeOf(row.format).layout;
    const auto [at, is_new] =
        opcodes.emplace(std::pair(static_cast<int>(layout), row.opcode), row.mnemonic);
    EXPECT_TRUE(is_new) << at->second << " and " << row.mnemonic;
    EXPECT_EQ(++mnemonics[row.mnemonic], 1) << row.mnemonic;
  }
}

// The rest of the opcode stands in one place for each first byte.
TEST(DecodeTest, RowsOfOneFirstByteAgreeWhereTheRestIs) {
  std::map<int, OpcodeLayout> layouts;
  for (const TableRow& row : Table()) {
    const auto layout = ShapeOf(row.format).layout;
    int first = row.opcode >> 8;
    if (layout == OpcodeLayout::kByte) first = row.opcode;
    if (layout == OpcodeLayout::kNibble) first = row.opcode >> 4;
    EXPECT_EQ(layouts.emplace(first, layout).first->second, layout) << row.mnemonic;
    EXPECT_EQ(InsnLength(static_cast<uint8_t>(first)), ShapeOf(row.format).length) << row.mnemonic;
  }
}

// Bits that are not the row's opcode don't change the row.
TEST(DecodeTest, AnyFieldsLeadToTheRow) {
  std::mt19937_64 random(1);
  for (RowIndex row = 0; row < Table().size(); ++row) {
    const TableRow& entry = Table()[row];
    uint64_t opcode = 0;
    uint64_t bits = 0;
    switch (ShapeOf(entry.format).layout) {
      case OpcodeLayout::kByte:
        opcode = uint64_t{entry.opcode} << 56;
        bits = uint64_t{0xff} << 56;
        break;
      case OpcodeLayout::kTwoBytes:
        opcode = uint64_t{entry.opcode} << 48;
        bits = uint64_t{0xffff} << 48;
        break;
      case OpcodeLayout::kNibble:
        opcode = (uint64_t{entry.opcode} >> 4) << 56 | uint64_t{entry.opcode & 15u} << 48;
        bits = uint64_t{0xff0f} << 48;
        break;
      case OpcodeLayout::kLastByte:
        opcode = (uint64_t{entry.opcode} >> 8) << 56 | uint64_t{entry.opcode & 255u} << 16;
        bits = uint64_t{0xff} << 56 | uint64_t{0xff} << 16;
        break;
    }
    for (int i = 0; i < 16; ++i) {
      Insn insn;
      Decode((random() & ~bits) | opcode, insn);
      ASSERT_EQ(insn.row, row) << entry.mnemonic;
    }
  }
}

TEST(DecodeTest, LongDisplacementsAreSigned) {
  Insn insn;
  Decode(0xe312f008ff040000, insn);  // lg 1,-4088(2,15)
  EXPECT_EQ(insn.r1, 1);
  EXPECT_EQ(insn.x2, 2);
  EXPECT_EQ(insn.b2, 15);
  EXPECT_EQ(insn.d2, -4088);
}

}  // namespace
}  // namespace hypervisor
