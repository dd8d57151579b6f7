#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/assist/compression/random_dictionary.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kDictionaries = 0x100000;
constexpr uint64_t kText = 0x40f35;
constexpr uint64_t kSymbols = 0x200ffe;
constexpr uint64_t kExpanded = 0x280ff9;
constexpr uint64_t kExpansion = 0x100;
constexpr uint64_t kFormat1 = 0x200;
constexpr uint64_t kTranslation = 0x10000;

class CompressionCallTest : public testing::Test {
 protected:
  // CMPSC 2,4 again while the condition code is 3. Yields the code, 8 + it for an exception.
  int Call(uint64_t control, uint64_t dictionary, uint64_t target, uint64_t room, uint64_t source,
           uint64_t length) {
    machine_.PutCode(GuestMachine::kProgram, {0xb2, 0x63, 0x00, 0x24,    // cmpsc 2,4
                                              0xa7, 0x14, 0xff, 0xfe,    // jo
                                              0x83, 0x00, 0x00, 0x44});  // diag
    machine_.block.ictl = uapi::kIctlPint;
    machine_.cpu.psw.address = GuestMachine::kProgram;
    uint64_t* gpr = machine_.cpu.gpr.data();
    gpr[0] = control;
    gpr[1] = dictionary;
    gpr[2] = target;
    gpr[3] = room;
    gpr[4] = source;
    gpr[5] = length;
    machine_.Run();
    if (machine_.block.icptcode == 4) return machine_.cpu.psw.condition_code();
    return 8 + machine_.block.iprcc;
  }

  void PutDictionary(const RandomDictionary& dictionary) {
    uint64_t at = kDictionaries;
    for (const auto* entries : {&dictionary.compression(), &dictionary.expansion()}) {
      for (const uint64_t entry : *entries) {
        machine_.Put<uint64_t>(at, entry);
        at += 8;
      }
    }
  }
  void PutText(uint64_t at, const std::string& text) {
    std::copy(text.begin(), text.end(), machine_.At(at));
  }
  std::string Text(uint64_t at, size_t length) {
    return {reinterpret_cast<const char*>(machine_.At(at)), length};
  }
  // Symbols as they stand in storage.
  std::vector<uint32_t> SymbolsAt(uint64_t at, uint32_t bit, uint32_t bits, size_t count) {
    std::vector<uint32_t> symbols;
    uint64_t position = at * 8 + bit;
    for (size_t i = 0; i < count; ++i) {
      uint32_t symbol = 0;
      for (uint32_t j = 0; j < bits; ++j, ++position)
        symbol = symbol << 1 | (*machine_.At(position / 8) >> (7 - position % 8) & 1);
      symbols.push_back(symbol);
    }
    return symbols;
  }

  GuestMachine machine_;
};

TEST_F(CompressionCallTest, TextsOfRandomDictionariesBecomeTheirSymbolsAndComeBack) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    const uint32_t code = 1 + seed % 5;
    const uint32_t bits = 8 + code;
    const bool format_1 = seed / 5 % 2;
    const uint32_t bit = seed % 8;
    RandomDictionary dictionary(static_cast<int>(bits), format_1, seed);
    PutDictionary(dictionary);
    const std::string text = dictionary.RandomText(1 + seed * seed * 5);
    PutText(kText, text);
    const std::vector<uint32_t> symbols = dictionary.Compress(text);

    *machine_.At(kSymbols) = 0xff;
    const uint64_t control = code << 12 | (format_1 ? kFormat1 : 0);
    ASSERT_EQ(Call(control, kDictionaries | bit, kSymbols, 0x40000, kText, text.size()), 0) << seed;
    const uint64_t ends = bit + symbols.size() * bits;
    EXPECT_EQ(machine_.cpu.gpr[1], kDictionaries | ends % 8);
    EXPECT_EQ(machine_.cpu.gpr[2], kSymbols + ends / 8);
    EXPECT_EQ(machine_.cpu.gpr[3], 0x40000 - ends / 8);
    EXPECT_EQ(machine_.cpu.gpr[4], kText + text.size());
    EXPECT_EQ(machine_.cpu.gpr[5], 0u);
    EXPECT_EQ(SymbolsAt(kSymbols, bit, bits, symbols.size()), symbols) << seed;
    EXPECT_EQ(*machine_.At(kSymbols) >> (8 - bit), 0xff >> (8 - bit)) << "bits before stay";

    const uint64_t expansion = kDictionaries + (uint64_t{8} << bits);
    ASSERT_EQ(
        Call(control | kExpansion, expansion | bit, kExpanded, 0x40000, kSymbols, (ends + 7) / 8),
        0);
    EXPECT_EQ(machine_.cpu.gpr[2], kExpanded + text.size());
    EXPECT_EQ(machine_.cpu.gpr[1], expansion | ends % 8);
    EXPECT_EQ(Text(kExpanded, text.size()), text) << seed;
  }
}

TEST_F(CompressionCallTest, AFullTargetIsConditionCode1AndTheWorkGoesOnWhereItEnded) {
  RandomDictionary dictionary(11, false, 99);
  PutDictionary(dictionary);
  const std::string text = dictionary.RandomText(3000);
  PutText(kText, text);
  const std::vector<uint32_t> symbols = dictionary.Compress(text);

  uint64_t at = kSymbols, source = kText, place = kDictionaries;
  for (int code = 1; code == 1;) {
    code = Call(0x3000, place, at, 7, source, kText + text.size() - source);
    ASSERT_LE(code, 1);
    at = machine_.cpu.gpr[2];
    source = machine_.cpu.gpr[4];
    place = machine_.cpu.gpr[1];
  }
  EXPECT_EQ(SymbolsAt(kSymbols, 0, 11, symbols.size()), symbols);

  uint64_t to = kExpanded;
  const uint64_t end = kSymbols + (symbols.size() * 11 + 7) / 8;
  at = kSymbols;
  place = kDictionaries + 0x4000;
  for (int code = 1; code == 1;) {
    code = Call(0x3100, place, to, 300, at, end - at);
    ASSERT_LE(code, 1);
    to = machine_.cpu.gpr[2];
    at = machine_.cpu.gpr[4];
    place = machine_.cpu.gpr[1];
  }
  EXPECT_EQ(Text(kExpanded, text.size()), text);
}

TEST_F(CompressionCallTest, SymbolsAreTranslatedOnRequest) {
  PutText(kText, "az");
  machine_.Put<uint16_t>(kDictionaries + 0x2000 + 2 * 'a', 0x123);
  machine_.Put<uint16_t>(kDictionaries + 0x2000 + 2 * 'z', 0x0ab);
  // Bits 52-60 of GR1 count 128 bytes.
  EXPECT_EQ(Call(0x1000 | kTranslation, kDictionaries | 0x2000 >> 4, kSymbols, 100, kText, 2), 0);
  EXPECT_EQ(SymbolsAt(kSymbols, 0, 9, 2), (std::vector<uint32_t>{0x123, 0x0ab}));
  EXPECT_EQ(machine_.cpu.gpr[1], kDictionaries | 0x2000 >> 4 | 2);
}

TEST_F(CompressionCallTest, ChildrenThatBeginLikewiseAreTriedInTurn) {
  // "a" has children "bxx" and "b", both under their first character.
  machine_.Put<uint64_t>(kDictionaries + 8 * 'a', 0x5801006262000000);
  machine_.Put<uint64_t>(kDictionaries + 8 * 0x100, 0x0040007878000000);
  PutText(kText, "abxxabxyab");
  EXPECT_EQ(Call(0x1000, kDictionaries, kSymbols, 100, kText, 10), 0);
  EXPECT_EQ(SymbolsAt(kSymbols, 0, 9, 5), (std::vector<uint32_t>{0x100, 0x101, 'x', 'y', 0x101}));
}

TEST_F(CompressionCallTest, WhatIsNoDictionaryIsADataException) {
  PutText(kText, "ab");
  const struct {
    const char* name;
    uint64_t parent;
    uint64_t at_0x100;
  } rows[] = {
      {"seven children", 0xe001006263646566, 0},
      {"six children and an extension", 0xc021006263646566, 0},
      {"five extensions", 0x00a0000000000000, 0},
      {"a child beyond the end", 0x2002006200000000, 0},
      {"no siblings", 0xc001006364656667, 0},
  };
  for (const auto& row : rows) {
    machine_.Put<uint64_t>(kDictionaries + 8 * 'a', row.parent);
    machine_.Put<uint64_t>(kDictionaries + 8 * 0x105, row.at_0x100);
    EXPECT_EQ(Call(0x1000, kDictionaries, kSymbols, 100, kText, 2), 8 + 7) << row.name;
    EXPECT_EQ(machine_.block.dxc, 0u);
    EXPECT_EQ(machine_.cpu.gpr[5], 2u) << "suppressed";
  }
  // Behind a good symbol it is left to the next execution.
  PutText(kText, "bax");
  EXPECT_EQ(Call(0x1000, kDictionaries, kSymbols, 100, kText, 3), 8 + 7);
  EXPECT_EQ(machine_.cpu.gpr[5], 2u);

  const struct {
    const char* name;
    uint64_t entry;
  } expansions[] = {{"no characters", 0x0000000000000000},
                    {"six of a part", 0xc100000000000000},
                    {"a predecessor beyond the end", 0x2200000000000001},
                    {"its own predecessor", 0x2100000000000000}};
  *machine_.At(kSymbols) = 0x80;
  *machine_.At(kSymbols + 1) = 0;
  for (const auto& row : expansions) {
    machine_.Put<uint64_t>(kDictionaries + 8 * 0x100, row.entry);
    EXPECT_EQ(Call(0x1000 | kExpansion, kDictionaries, kExpanded, 100, kSymbols, 2), 8 + 7)
        << row.name;
  }
}

TEST_F(CompressionCallTest, RegistersAndSymbolSizeAreChecked) {
  for (const uint64_t size : {0x0000, 0x6000, 0xf000})
    EXPECT_EQ(Call(size, kDictionaries, kSymbols, 100, kText, 1), 8 + 6);
  EXPECT_EQ(Call(0x1000, kDictionaries, kSymbols, 1, kText, 1), 1) << "no room for nine bits";
  EXPECT_EQ(Call(0x1000, kDictionaries, kSymbols, 1, kText, 0), 0) << "nothing to do comes first";
  EXPECT_EQ(Call(0x1100, kDictionaries, kExpanded, 0, kSymbols, 1), 0) << "no nine bits left";
  EXPECT_EQ(Call(0x1100, kDictionaries, kExpanded, 0, kSymbols, 2), 1);
}

// The page behind the text is missing: what stands before it is compressed, then comes the fault.
TEST_F(CompressionCallTest, AFaultBehindTheFirstSymbolLeavesThemDone) {
  const uint64_t text = GuestMachine::kStorageSize - 3;
  PutText(text, "abc");
  machine_.PutCode(GuestMachine::kProgram, {0xb2, 0x63, 0x00, 0x24, 0x83, 0x00, 0x00, 0x44});
  uint64_t* gpr = machine_.cpu.gpr.data();
  gpr[0] = 0x1000;
  gpr[1] = kDictionaries;
  gpr[2] = kSymbols;
  gpr[3] = 100;
  gpr[4] = text;
  gpr[5] = 4;
  EXPECT_EQ(machine_.Run().reason, SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(machine_.cpu.psw.address, GuestMachine::kProgram);
  EXPECT_EQ(gpr[5], 1u);
  EXPECT_EQ(SymbolsAt(kSymbols, 0, 9, 3), (std::vector<uint32_t>{'a', 'b', 'c'}));
}

}  // namespace
}  // namespace hypervisor
