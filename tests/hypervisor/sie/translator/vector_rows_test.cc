// Vector instructions as translated code: that they are operations of it, and that these do what
// the interpreter does, at page ends and with each condition code too.
#include <array>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_text.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kData = 0x100000;
constexpr uint64_t kDataSize = 0x400;
constexpr uint64_t kOne = 0x3ff0000000000000;  // as a long number

FacilityList WithVectors() {
  FacilityList facilities = OfferedFacilities();
  facilities.Set(static_cast<int>(Facility::kVector), true);
  facilities.Set(static_cast<int>(Facility::kVectorEnhancements1), true);
  return facilities;
}

// Rows of the vector facility that handlers do in all their forms.
const std::set<std::string_view>& OfHandlers() {
  static const std::set<std::string_view> names = {
      "VGEF",  "VGEG", "VSCEF", "VSCEG", "VAC",   "VACCC", "VSBI", "VSBCBI",
      "VCKSM", "VMAH", "VMALH", "VGFM",  "VGFMA", "VERIM", "VSL",  "VSRA",
      "VSRAB", "VSRL", "VSTRC", "VCFPL", "VCLFP", "VFTCI"};
  return names;
}

// An instruction of six bytes.
constexpr uint64_t Six(uint64_t text) {
  return text << 16;
}

struct Example {
  std::string_view mnemonic;
  uint64_t text;
};

// Each row with the modifiers that most of its format have, of different registers and of the same.
std::vector<Example> ExamplesOf(const TableRow& row) {
  std::vector<Example> examples;
  const std::string_view format = ShapeOf(row.format).name;
  const bool is_vrr = format.starts_with("VRR");
  // Bits 24-27 and 28-31: flags, modes, or parts of a number.
  std::vector<uint64_t> modes = {0, 1};
  std::vector<uint64_t> flags_of_format = {0, 4, 8};
  if (format == "VRR_a") modes = {0, 1, 2, 3, 4, 5, 6, 7};
  if (format == "VRR_b") modes = {0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15};
  if (!is_vrr) flags_of_format = {0, 1, 3, 8, 13};
  for (uint64_t size = 0; size <= 4; ++size) {
    for (const uint64_t flags : flags_of_format) {
      for (const uint64_t mode : modes) {
        for (const uint64_t registers : {0x12'3, 0x11'3, 0x12'1, 0x11'1, 0x12'2, 0x12'0}) {
          const uint64_t fourth = is_vrr && (format == "VRR_d" || format == "VRR_e") ? 4 : size;
          uint64_t text = registers << 44 | size << 40 | mode << 36 | flags << 32 | fourth << 28;
          // A register has the address of data, and no index is added.
          if (format == "VRX" || format == "RXE") text &= ~(uint64_t{15} << 48);
          if (row.format == Format::kVRI_c) text &= ~(uint64_t{0xfff0} << 32);
          examples.push_back({row.mnemonic, WithOpcode(row, text)});
        }
      }
    }
  }
  return examples;
}

class Random {
 public:
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1d;
  }
  uint64_t Below(uint64_t n) { return (Next() >> 16) % n; }
  // Halves of registers that have the same elements, zeros, ones, signs, and numbers of all kinds.
  uint64_t Half() {
    constexpr uint64_t kHalves[] = {0,
                                    ~uint64_t{0},
                                    0x8000000000000000,
                                    0x7fffffffffffffff,
                                    0x8000800080008000,
                                    0x8080808080808080,
                                    0x0001000100010001,
                                    0x3ff0000000000000,
                                    0xbff8000000000000,
                                    0x0010000000000000,
                                    0x0000000000000001,
                                    0x7fefffffffffffff,
                                    0x7ff0000000000000,
                                    0x7ff8000000000000,
                                    0x7ff4000000000001,
                                    0x4000000000000001};
    switch (Below(4)) {
      case 0:
        return Next();
      case 1:
        return 0x3ff0000000000000 | Next() >> 12;
      case 2: {
        // Bytes of few values.
        uint64_t half = 0;
        for (int i = 0; i < 8; ++i) half = half << 8 | Below(3) * 0x7f;
        return half;
      }
      default:
        return kHalves[Below(std::size(kHalves))];
    }
  }

 private:
  uint64_t state_ = 88172645463325252;
};

class VectorRowsTest : public testing::Test {
 protected:
  VectorRowsTest() {
    for (GuestMachine* machine : {&translated_, &interpreted_}) {
      machine->block.ictl = uapi::kIctlPint;
      machine->cpu.cr[0] |= cr0::kVector;
    }
    translated_.sie = MakeTranslator(
        {translated_.space, translated_.keys, translated_.broadcast, translated_.facilities_});
    interpreted_.sie = MakeInterpreter(
        {interpreted_.space, interpreted_.keys, interpreted_.broadcast, interpreted_.facilities_});
  }
  void SetUp() override {
    if (!translated_.sie) GTEST_SKIP() << "this host has no translator";
  }

  // Instructions, then an interception.
  static void Put(GuestMachine& machine, uint64_t address,
                  std::initializer_list<uint64_t> instructions) {
    for (const uint64_t text : instructions) {
      machine.Put<uint64_t>(address, text);
      address += InsnLength(static_cast<uint8_t>(text >> 56));
    }
    machine.PutCode(address, {0x83, 0x00, 0x00, 0x44});
  }
  static int RunAt(GuestMachine& machine, uint64_t address) {
    machine.cpu.psw.address = address;
    machine.block.iprcc = 0;
    machine.Run();
    return machine.block.iprcc;
  }
  int Run(std::initializer_list<uint64_t> instructions) {
    const uint64_t program = NewProgram();
    Put(translated_, program, instructions);
    return RunAt(translated_, program);
  }
  // A place for one: what is often changed is not translated.
  uint64_t NewProgram() {
    programs_ = (programs_ + 1) % 0x1c00;
    return GuestMachine::kProgram + 0x40 * programs_;
  }
  uint64_t HandlerCalls() const {
    EngineStatistics sums;
    translated_.sie->AddStatistics(sums);
    return sums["handler calls"];
  }

  void Randomize() {
    CpuState& cpu = translated_.cpu;
    for (VectorRegister& r : cpu.vr) {
      r = {random_.Half(), random_.Half()};
      if (random_.Below(4) == 0) r.low = r.high;
    }
    // Pairs that are the same but for a byte, so that something is found late.
    cpu.vr[3] = random_.Below(2) ? cpu.vr[2] : cpu.vr[3];
    if (random_.Below(2)) cpu.vr[3].low ^= uint64_t{1} << random_.Below(64);
    for (uint64_t& r : cpu.gpr) r = random_.Next();
    cpu.gpr[1] = cpu.gpr[2] = cpu.gpr[3] = kData + 0x100 + random_.Below(64);
    cpu.fpc = static_cast<uint32_t>(random_.Below(4));
    cpu.psw.set_condition_code(static_cast<uint8_t>(random_.Below(4)));
    for (uint64_t at = 0; at < kDataSize; at += 8)
      translated_.Put<uint64_t>(kData + at, random_.Half());
    interpreted_.cpu = cpu;
    std::memcpy(interpreted_.At(kData), translated_.At(kData), kDataSize);
  }

  GuestMachine translated_{WithVectors()};
  GuestMachine interpreted_{WithVectors()};
  Random random_;
  uint64_t programs_ = 0;
};

TEST_F(VectorRowsTest, RowsAreOperationsOfTranslatedCode) {
  if (std::getenv("UCONTROL_CHAOS")) GTEST_SKIP() << "C++ does what operations would";
  translated_.cpu.gpr[1] = translated_.cpu.gpr[2] = translated_.cpu.gpr[3] = kData + 0x100;
  Run({Six(0xe31020000004), Six(0xe31020000024)});  // LG, STG: the page is known then
  for (const TableRow& row : Table()) {
    if (row.facility != Facility::kVector) continue;
    bool is_operation = false;
    for (const Example& example : ExamplesOf(row)) {
      if (is_operation) break;
      const uint64_t program = NewProgram();
      Put(translated_, program, {example.text});
      int code = 0;
      uint64_t before = 0;
      for (int time = 0; time < 2; ++time) {    // the first may find that the page is not known
        translated_.cpu.vr.fill({kOne, kOne});  // nothing that is left to a handler
        translated_.cpu.gpr[1] = translated_.cpu.gpr[2] = translated_.cpu.gpr[3] = kData + 0x100;
        translated_.cpu.gpr[0] = 0;
        before = HandlerCalls();
        code = RunAt(translated_, program);
      }
      const bool ended = translated_.cpu.psw.address == program + 10;  // by the interception
      is_operation = ended && code == 0 && HandlerCalls() == before + 1;
    }
    EXPECT_EQ(is_operation, !OfHandlers().contains(row.mnemonic)) << row.mnemonic;
  }
}

TEST_F(VectorRowsTest, RowsDoWhatTheInterpreterDoes) {
  for (const TableRow& row : Table()) {
    const bool is_vector = std::string_view(ShapeOf(row.format).name).starts_with("VR");
    if (!is_vector || !translated_.facilities_.Has(row.facility)) continue;
    for (const Example& example : ExamplesOf(row)) {
      const uint64_t program = NewProgram();
      Put(translated_, program, {example.text});
      Put(interpreted_, program, {example.text});
      for (int state = 0; state < 12; ++state) {
        Randomize();
        const std::array<VectorRegister, 32> vr = translated_.cpu.vr;
        const int code = RunAt(translated_, program);
        ASSERT_EQ(code, RunAt(interpreted_, program)) << row.mnemonic;
        for (size_t r = 0; r < vr.size(); ++r) {
          const VectorRegister& ours = translated_.cpu.vr[r];
          const VectorRegister& theirs = interpreted_.cpu.vr[r];
          ASSERT_TRUE(ours == theirs)
              << std::hex << row.mnemonic << " " << example.text << " v" << r << " " << ours.high
              << " " << ours.low << " is to be " << theirs.high << " " << theirs.low << " of "
              << vr[1].high << " " << vr[1].low << ", " << vr[2].high << " " << vr[2].low << ", "
              << vr[3].high << " " << vr[3].low;
        }
        ASSERT_EQ(translated_.cpu.fpc, interpreted_.cpu.fpc)
            << std::hex << row.mnemonic << " " << example.text;
        ASSERT_TRUE(translated_.cpu == interpreted_.cpu)
            << std::hex << row.mnemonic << " " << example.text << " "
            << translated_.cpu.psw.condition_code();
        ASSERT_EQ(std::memcmp(translated_.At(kData), interpreted_.At(kData), kDataSize), 0)
            << std::hex << row.mnemonic << " " << example.text;
        if (code != 0) break;
      }
    }
  }
}

// Each condition code, and each branch on it.
TEST_F(VectorRowsTest, ConditionCodesAreBranchedOn) {
  struct Case {
    uint64_t text;
    VectorRegister a, b;
    int cc;
  };
  constexpr uint64_t kText = 0x4142434445464748;
  const Case cases[] = {
      {Six(0xe712301020f8), {1, 2}, {1, 2}, 0},  // VCEQFS 1,2,3
      {Six(0xe712301020f8), {1, 2}, {1, 3}, 1},
      {Six(0xe712301000f8), {0x0101010101010101, 0}, {0, 0x0101010101010101}, 3},  // VCEQBS
      {Six(0xe712301030fb), {2, 5}, {1, 2}, 0},                                    // VCHGS
      {Six(0xe712301030fb), {~uint64_t{0}, 5}, {1, 2}, 1},
      {Six(0xe712301030fb), {~uint64_t{0}, 5}, {1, 5}, 3},
      {Six(0xe712301030f9), {~uint64_t{0}, 5}, {1, 4}, 0},  // VCHLGS
      {Six(0xe71230300080), {kText, 0}, {0, kText}, 0},     // VFEEZBS: a zero
      {Six(0xe71230100080), {kText, 0}, {~kText, 0}, 1},    // VFEEBS: an equal element
      {Six(0xe71230300080), {kText, 0}, {kText, 0}, 2},     // VFEEZBS: it is first
      {Six(0xe71230300080), {kText, kText}, {~kText, ~kText}, 3},
      {Six(0xe71230300081), {kText, 0}, {kText, kText}, 1},          // VFENEZBS: differs, low
      {Six(0xe71230300081), {kText, 0}, {kText, 0}, 0},              // a zero in both
      {Six(0xe71230300081), {kText, kText}, {kText, kText - 1}, 2},  // high
      {Six(0xe71230300081), {kText, kText}, {kText, kText}, 3},
      {Six(0xe71220300081), {kText, kText}, {}, 3},  // VFENEZBS 1,2,2
      {Six(0xe71220300081), {kText, 0}, {}, 0},
      {Six(0xe712301030e8), {0x3ff0000000000000, 0}, {0x3ff0000000000000, 1}, 1},  // VFCEDBS
      {Six(0xe712301830e8), {0x3ff0000000000000, 0}, {0x3ff0000000000000, 1}, 0},  // WFCEDBS
      {Six(0xe712301830eb), {0x3ff0000000000000, 0}, {0x3ff0000000000000, 1}, 3},  // WFCHDBS
      {Six(0xe723000030cb), {0x3ff0000000000000, 0}, {0x4000000000000000, 0}, 1},  // WFCDB 2,3
  };
  for (const Case& test : cases) {
    for (uint64_t mask = 0; mask < 16; ++mask) {
      translated_.cpu.vr[2] = test.a;
      translated_.cpu.vr[3] = test.b;
      translated_.cpu.gpr[4] = 0;
      // LGHI 5,7 / the instruction / BRC mask,*+8 / LGHI 4,1
      ASSERT_EQ(Run({0xa7590007'00000000, test.text, 0xa7040004'00000000 | mask << 52,
                     0xa7490001'00000000}),
                0);
      EXPECT_EQ(translated_.cpu.gpr[4] == 0, (mask << test.cc & 8) != 0)
          << std::hex << test.text << " " << mask;
      EXPECT_EQ(translated_.cpu.psw.condition_code(), test.cc) << std::hex << test.text;
    }
  }
}

class VectorPagesTest : public VectorRowsTest {
 protected:
  static constexpr uint64_t kSegmentTable = 0x80000;
  static constexpr uint64_t kPageTable = 0x90000;
  static constexpr uint64_t kAbsent = kData + kPageSize;  // a page without a valid entry

  VectorPagesTest() {
    translated_.Put<uint64_t>(kSegmentTable, kPageTable);
    translated_.Put<uint64_t>(kSegmentTable + 8, kPageTable + 0x800);
    for (uint64_t page = 0; page < 512; ++page)
      translated_.Put<uint64_t>(kPageTable + page * 8, page * kPageSize);
    translated_.Put<uint64_t>(kPageTable + (kAbsent >> 12) * 8, kAbsent | 0x400);
    translated_.cpu.cr[1] = translated_.cpu.cr[7] = translated_.cpu.cr[13] = kSegmentTable;
    translated_.cpu.psw.mask |= Psw::kDat;
    for (uint64_t at = kData; at < kData + 2 * kPageSize; at += 8)
      translated_.Put<uint64_t>(at, at);
  }
  // Walks from 64 bytes before the page that is absent into it: LA 1,16(1) behind the instruction,
  // and a branch back.
  int Walk(uint64_t text) {
    translated_.cpu.gpr[1] = kAbsent - 64 + 8;
    return Run({text, 0x41101010'00000000, 0xa7f4fffb'00000000});
  }
};

TEST_F(VectorPagesTest, ALoadThatCrossesIntoAnAbsentPageChangesNothing) {
  EXPECT_EQ(Walk(Six(0xe72010000006)), 0x11);  // VL 2,0(1)
  EXPECT_EQ(translated_.cpu.gpr[1], kAbsent - 8);
  EXPECT_EQ(translated_.block.tecmc & ~kPageMask, kAbsent);
  EXPECT_EQ(translated_.cpu.vr[2], (VectorRegister{kAbsent - 24, kAbsent - 16}));
}

TEST_F(VectorPagesTest, AStoreThatCrossesIntoAnAbsentPageStoresNothing) {
  translated_.cpu.vr[2] = {0x1122334455667788, 0x99aabbccddeeff00};
  EXPECT_EQ(Walk(Six(0xe7201000000e)), 0x11);  // VST 2,0(1)
  EXPECT_EQ(translated_.cpu.gpr[1], kAbsent - 8);
  EXPECT_EQ(translated_.Read<uint64_t>(kAbsent - 16), 0x99aabbccddeeff00u);
  EXPECT_EQ(translated_.Read<uint64_t>(kAbsent - 8), kAbsent - 8);
  EXPECT_EQ(translated_.Read<uint64_t>(kAbsent), kAbsent);
}

TEST_F(VectorPagesTest, StoreMultipleStoresAllOrNothing) {
  for (int r = 2; r <= 4; ++r) translated_.cpu.vr[static_cast<size_t>(r)] = {7, 8};
  EXPECT_EQ(Walk(Six(0xe7241000003e)), 0x11);  // VSTM 2,4,0(1)
  EXPECT_EQ(translated_.cpu.gpr[1], kAbsent - 40);
  EXPECT_EQ(translated_.Read<uint64_t>(kAbsent - 16), 8u);
  EXPECT_EQ(translated_.Read<uint64_t>(kAbsent - 8), kAbsent - 8);
}

TEST_F(VectorPagesTest, LoadMultipleLoadsAllOrNothing) {
  EXPECT_EQ(Walk(Six(0xe72410000036)), 0x11);  // VLM 2,4,0(1)
  EXPECT_EQ(translated_.cpu.gpr[1], kAbsent - 40);
  EXPECT_EQ(translated_.cpu.vr[2], (VectorRegister{kAbsent - 56, kAbsent - 48}));
  EXPECT_EQ(translated_.cpu.vr[4], (VectorRegister{kAbsent - 24, kAbsent - 16}));
}

TEST_F(VectorPagesTest, AnOperandAcrossTwoPagesIsLoadedAndStored) {
  translated_.cpu.gpr[1] = kData + 0x800 - 8;
  translated_.Put<uint64_t>(kPageTable + (kAbsent >> 12) * 8, kAbsent);
  EXPECT_EQ(Run({Six(0xe72017fc000e), Six(0xe73017fc0006)}), 0);  // VST, VL
  EXPECT_EQ(translated_.cpu.vr[3], translated_.cpu.vr[2]);
}

// No byte beyond the boundary is fetched.
TEST_F(VectorPagesTest, LoadToBlockBoundaryEndsAtAPage) {
  translated_.cpu.gpr[1] = kAbsent - 8;
  EXPECT_EQ(Run({Six(0xe72010006007)}), 0);  // VLBB 2,0(1),6
  EXPECT_EQ(translated_.cpu.vr[2], (VectorRegister{kAbsent - 8, 0}));
  translated_.cpu.gpr[1] = kAbsent - 72;
  EXPECT_EQ(Run({Six(0xe72010000007)}), 0);  // to a boundary of 64
  EXPECT_EQ(translated_.cpu.vr[2], (VectorRegister{kAbsent - 72, 0}));
}

// Lengths are read from a register; a page that they end before need not be there.
TEST_F(VectorPagesTest, LoadWithLengthEndsAtAPage) {
  translated_.cpu.gpr[1] = kAbsent - 8;
  translated_.cpu.gpr[5] = 7;
  EXPECT_EQ(Run({Six(0xe72510000037)}), 0);  // VLL 2,5,0(1)
  EXPECT_EQ(translated_.cpu.vr[2], (VectorRegister{kAbsent - 8, 0}));
  translated_.cpu.gpr[5] = 8;
  EXPECT_EQ(Run({Six(0xe72510000037)}), 0x11);
}

// What a vector store changes is executed as it is from then on.
TEST_F(VectorPagesTest, CodeThatAVectorStoreChangesIsExecutedAnew) {
  const uint64_t program = GuestMachine::kProgram + 0x8000;
  Put(translated_, program,
      {Six(0xe7201000000e), 0xa7490001'00000000, 0xa7590001'00000000, 0xa7690001'00000000,
       0xa7790001'00000000});
  translated_.cpu.gpr[1] = program + 6;
  translated_.cpu.vr[2] = {0xa7490002'a7590003, 0xa7690004'a7790005};
  EXPECT_EQ(RunAt(translated_, program), 0);
  EXPECT_EQ(translated_.cpu.gpr[4], 2u);
  EXPECT_EQ(translated_.cpu.gpr[7], 5u);
}

// A floating-point register is the left half of a vector register within a block too.
TEST_F(VectorRowsTest, FloatingPointAndVectorRegistersAreTheSame) {
  translated_.cpu.vr[4] = {0x4000000000000000, 11};
  translated_.cpu.vr[5] = {0x4008000000000000, 13};
  EXPECT_EQ(Run({
                Six(0xe71440000056),  // VLR 1,4
                0xb31a0015'00000000,  // ADBR 1,5
                Six(0xe72110003043),  // a VLEIF of the right half: VLEIF 2,0x1000,3
                Six(0xe731100030f3),  // VAG 3,1,1
                0xb31a0035'00000000,  // ADBR 3,5
                Six(0xe74330000056),  // VLR 4,3
            }),
            0);
  EXPECT_EQ(translated_.cpu.vr[1], (VectorRegister{0x4014000000000000, 11}));
  EXPECT_EQ(translated_.cpu.vr[3].low, 22u);
  EXPECT_EQ(translated_.cpu.vr[4], translated_.cpu.vr[3]);
}

// The condition code of a floating-point comparison, once a vector instruction has changed what was
// compared.
TEST_F(VectorRowsTest, AWaitingComparisonOutlivesItsOperands) {
  translated_.cpu.vr[1] = {0x4000000000000000, 11};
  translated_.cpu.vr[2] = {0x4008000000000000, 13};
  translated_.cpu.gpr[4] = 0;
  EXPECT_EQ(Run({
                0xb3190012'00000000,  // CDBR 1,2
                Six(0xe71200000056),  // VLR 1,2
                0xa7440004'00000000,  // JL *+8
                0xa7490001'00000000,
            }),
            0);
  EXPECT_EQ(translated_.cpu.gpr[4], 0u);
  EXPECT_EQ(translated_.cpu.psw.condition_code(), 1);
}

// Likewise of a short number, while a vector is converted to where it was.
TEST_F(VectorRowsTest, ANumberThatIsKeptForACodeTakesNoVectorsPlace) {
  translated_.cpu.vr[1] = {0x4000000000000000, 11};
  translated_.cpu.vr[14] = {0x4014000000000000, 0xc018000000000000};
  translated_.cpu.gpr[4] = 0;
  EXPECT_EQ(Run({
                0xb3030011'00000000,  // LCEBR 1,1
                Six(0xe71e000030c2),  // VCGDB 1,14,0,0
                0xa7440004'00000000,  // JL *+8
                0xa7490001'00000000,
            }),
            0);
  EXPECT_EQ(translated_.cpu.vr[1], (VectorRegister{5, static_cast<uint64_t>(-6)}));
  EXPECT_EQ(translated_.cpu.gpr[4], 0u);
}

}  // namespace
}  // namespace hypervisor
