// What vector enhancements 1 and 2 add, beside what tests/differential compares with another
// implementation.
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kOperand = 0x20ff8;  // crosses a page
constexpr int kSpecification = static_cast<int>(PgmCode::kSpecification);

constexpr uint64_t kOne = 0x3ff0000000000000;
constexpr uint64_t kTwo = 0x4000000000000000;
constexpr uint64_t kMinus = uint64_t{1} << 63;
constexpr uint64_t kQuiet = 0x7ff8000000000001;
constexpr uint64_t kSignaling = 0x7ff0000000000001;
constexpr uint32_t kInvalid = 0x00800000;  // of the FPC

class VectorEnhancementsTest : public testing::Test {
 protected:
  explicit VectorEnhancementsTest(FacilityList facilities = OfferedFacilities())
      : machine_(facilities) {
    machine_.block.ictl = uapi::kIctlPint;
    machine_.cpu.cr[0] |= cr0::kVector;
    machine_.cpu.gpr[1] = kOperand;
    machine_.Put<uint64_t>(kOperand, 0x0102030405060708);
    machine_.Put<uint64_t>(kOperand + 8, 0x090a0b0c0d0e0f10);
  }

  // An instruction of six bytes. The code of a program interruption, or 0.
  int Run(uint64_t text) {
    machine_.Put(GuestMachine::kProgram, text << 16);
    machine_.PutCode(GuestMachine::kProgram + 6, {0x83, 0x00, 0x00, 0x44});
    machine_.cpu.psw.address = GuestMachine::kProgram;
    machine_.block.iprcc = 0;
    machine_.Run();
    return machine_.block.iprcc;
  }
  uint8_t cc() const { return machine_.cpu.psw.condition_code(); }

  GuestMachine machine_;
  std::array<VectorRegister, 32>& vr_ = machine_.cpu.vr;
};

// VFMAX or VFMIN 1,2,3 of one long number; the FPC's flags afterwards.
class ExtremesTest : public VectorEnhancementsTest {
 protected:
  uint64_t Extreme(bool minimum, uint64_t function, uint64_t a, uint64_t b) {
    machine_.cpu.fpc = 0;
    vr_[2] = {a, 9};
    vr_[3] = {b, 9};
    EXPECT_EQ(Run(0xe712'3008'30ee | function << 20 | (minimum ? 0 : 1)), 0);
    return vr_[1].high;
  }
  uint64_t Max(uint64_t function, uint64_t a, uint64_t b) { return Extreme(false, function, a, b); }
  uint64_t Min(uint64_t function, uint64_t a, uint64_t b) { return Extreme(true, function, a, b); }
};

TEST_F(ExtremesTest, OfNumbers) {
  for (const uint64_t function : {0, 1, 2, 3, 4}) {
    EXPECT_EQ(Max(function, kOne, kTwo), kTwo);
    EXPECT_EQ(Max(function, kOne | kMinus, kTwo | kMinus), kOne | kMinus);
    EXPECT_EQ(Min(function, kOne, kTwo), kOne);
    EXPECT_EQ(Min(function, kOne, kTwo | kMinus), kTwo | kMinus);
    EXPECT_EQ(machine_.cpu.fpc, 0u);
  }
  EXPECT_EQ(Max(8, kOne, kTwo | kMinus), kTwo | kMinus);  // IEEE: the number of the magnitude
  EXPECT_EQ(Min(8, kOne | kMinus, kTwo), kOne | kMinus);
  EXPECT_EQ(Max(8, kOne | kMinus, kOne), kOne);
  for (const uint64_t function : {9, 10, 11, 12}) {
    EXPECT_EQ(Max(function, kOne, kTwo | kMinus), kTwo);  // the magnitude itself
    EXPECT_EQ(Min(function, kOne | kMinus, kTwo), kOne);
  }
}

TEST_F(ExtremesTest, OfZeros) {
  for (const uint64_t function : {0, 1, 4}) {
    EXPECT_EQ(Max(function, kMinus, 0), 0u);
    EXPECT_EQ(Max(function, 0, kMinus), 0u);
    EXPECT_EQ(Min(function, kMinus, 0), kMinus);
    EXPECT_EQ(Min(function, 0, kMinus), kMinus);
  }
  EXPECT_EQ(Max(2, 0, kMinus), kMinus);  // a > b ? a : b
  EXPECT_EQ(Min(2, 0, kMinus), kMinus);
  EXPECT_EQ(Max(3, kMinus, 0), kMinus);  // a < b ? b : a
  EXPECT_EQ(Min(3, 0, kMinus), 0u);
}

TEST_F(ExtremesTest, OfNans) {
  EXPECT_EQ(Max(0, kQuiet, kOne), kOne);
  EXPECT_EQ(Min(0, kOne, kQuiet), kOne);
  EXPECT_EQ(machine_.cpu.fpc, 0u);
  EXPECT_EQ(Max(0, kOne, kSignaling), kSignaling | kQuiet);
  EXPECT_EQ(machine_.cpu.fpc, kInvalid);
  EXPECT_EQ(Max(1, kOne, kQuiet), kQuiet);
  EXPECT_EQ(machine_.cpu.fpc, 0u);
  EXPECT_EQ(Max(2, kQuiet, kOne), kOne);
  EXPECT_EQ(machine_.cpu.fpc, kInvalid);
  EXPECT_EQ(Max(2, kOne, kQuiet), kQuiet);
  EXPECT_EQ(Max(3, kOne, kQuiet), kOne);
  EXPECT_EQ(machine_.cpu.fpc, kInvalid);
  EXPECT_EQ(Max(4, kSignaling, kOne), kOne);
  EXPECT_EQ(machine_.cpu.fpc, kInvalid);
}

TEST_F(ExtremesTest, OtherFunctionsAreSpecificationExceptions) {
  for (const uint64_t function : {5, 6, 7, 13, 14, 15})
    EXPECT_EQ(Run(0xe712'3008'30ee | function << 20), kSpecification);
}

// The sum is rounded, then inverted: toward +infinity the magnitude of a negative result grows. A
// NaN keeps its sign.
TEST_F(VectorEnhancementsTest, NegativeMultiplyAndAddInvertsWhatWasRounded) {
  constexpr uint64_t kAdd = 0xe712'3308'409f;  // VFNMA 1,2,3,4 of one long number
  machine_.cpu.fpc = 2;                        // toward +infinity
  vr_[2] = {kOne, 0};
  vr_[3] = {kOne, 0};
  vr_[4] = {0x3c00000000000000, 0};
  EXPECT_EQ(Run(kAdd), 0);
  EXPECT_EQ(vr_[1].high, kMinus | (kOne + 1));
  vr_[4] = {kQuiet, 0};
  EXPECT_EQ(Run(kAdd), 0);
  EXPECT_EQ(vr_[1].high, kQuiet);
  machine_.cpu.fpc = 0;
  vr_[4] = {kTwo, 0};
  EXPECT_EQ(Run(kAdd - 1), 0);  // VFNMS: 2 - 1 * 1
  EXPECT_EQ(vr_[1].high, kOne);
  vr_[4] = {kOne, 0};
  EXPECT_EQ(Run(kAdd - 1), 0);
  EXPECT_EQ(vr_[1].high, kMinus);
}

TEST_F(VectorEnhancementsTest, MultiplySumLogicalDoublesEitherProduct) {
  vr_[2] = {3, 5};
  vr_[3] = {7, 11};
  vr_[4] = {0, 1000};
  for (const auto& [m6, sum] : std::initializer_list<std::pair<uint64_t, uint64_t>>{
           {0, 1076}, {8, 1097}, {4, 1131}, {12, 1152}}) {
    EXPECT_EQ(Run(0xe712'3300'40b8 | m6 << 20), 0);
    EXPECT_EQ(vr_[1], (VectorRegister{0, sum})) << m6;
  }
  vr_[2] = vr_[3] = {~uint64_t{0}, 0};
  vr_[4] = {};
  EXPECT_EQ(Run(0xe712'3300'40b8), 0);
  EXPECT_EQ(vr_[1], (VectorRegister{0xfffffffffffffffe, 1}));
  EXPECT_EQ(Run(0xe712'3200'40b8), kSpecification);
}

TEST_F(VectorEnhancementsTest, ReversedElementsAreLoaded) {
  const auto load = [&](uint64_t operation, uint64_t m3) {
    vr_[1] = {9, 9};
    EXPECT_EQ(Run(0xe610'1000'0000 | m3 << 12 | operation), 0);
    return vr_[1];
  };
  EXPECT_EQ(load(0x01, 2), (VectorRegister{0x02010009, 9}));
  EXPECT_EQ(load(0x03, 3), (VectorRegister{9, 0x04030201}));
  EXPECT_EQ(load(0x02, 0), (VectorRegister{0x0807060504030201, 9}));
  EXPECT_EQ(load(0x04, 1), (VectorRegister{0x0201, 0}));
  EXPECT_EQ(load(0x04, 3), (VectorRegister{0x0807060504030201, 0}));
  EXPECT_EQ(load(0x04, 6), (VectorRegister{0x0403020100000000, 0}));
  EXPECT_EQ(load(0x05, 2), (VectorRegister{0x0403020104030201, 0x0403020104030201}));
  EXPECT_EQ(load(0x06, 1), (VectorRegister{0x0201040306050807, 0x0a090c0b0e0d100f}));
  EXPECT_EQ(load(0x06, 4), (VectorRegister{0x100f0e0d0c0b0a09, 0x0807060504030201}));
  EXPECT_EQ(load(0x07, 1), (VectorRegister{0x0f100d0e0b0c090a, 0x0708050603040102}));
  EXPECT_EQ(load(0x07, 3), (VectorRegister{0x090a0b0c0d0e0f10, 0x0102030405060708}));
  for (const uint64_t text :
       {0xe610'1000'8001, 0xe610'1000'4003, 0xe610'1000'2002, 0xe610'1000'0004, 0xe610'1000'4005,
        0xe610'1000'0006, 0xe610'1000'5006, 0xe610'1000'4007})
    EXPECT_EQ(Run(text), kSpecification) << std::hex << text;
}

TEST_F(VectorEnhancementsTest, ReversedElementsAreStored) {
  vr_[1] = {0x1112131415161718, 0x191a1b1c1d1e1f20};
  const auto store = [&](uint64_t operation, uint64_t m3) {
    machine_.Put<uint64_t>(kOperand, 0);
    machine_.Put<uint64_t>(kOperand + 8, 0);
    EXPECT_EQ(Run(0xe610'1000'0000 | m3 << 12 | operation), 0);
    return VectorRegister{machine_.Read<uint64_t>(kOperand), machine_.Read<uint64_t>(kOperand + 8)};
  };
  EXPECT_EQ(store(0x09, 7), (VectorRegister{0x201f000000000000, 0}));
  EXPECT_EQ(store(0x0b, 0), (VectorRegister{0x1413121100000000, 0}));
  EXPECT_EQ(store(0x0a, 1), (VectorRegister{0x201f1e1d1c1b1a19, 0}));
  EXPECT_EQ(store(0x0e, 2), (VectorRegister{0x1413121118171615, 0x1c1b1a19201f1e1d}));
  EXPECT_EQ(store(0x0e, 4), (VectorRegister{0x201f1e1d1c1b1a19, 0x1817161514131211}));
  EXPECT_EQ(store(0x0f, 1), (VectorRegister{0x1f201d1e1b1c191a, 0x1718151613141112}));
}

TEST_F(VectorEnhancementsTest, TwoVectorsAreShiftedByBits) {
  vr_[2] = {0x0102030405060708, 0x090a0b0c0d0e0f10};
  vr_[3] = {0xf1f2f3f4f5f6f7f8, 0xf9fafbfcfdfeff01};
  EXPECT_EQ(Run(0xe712'3004'0086), 0);
  EXPECT_EQ(vr_[1], (VectorRegister{0x1020304050607080, 0x90a0b0c0d0e0f10f}));
  EXPECT_EQ(Run(0xe712'3004'0087), 0);
  EXPECT_EQ(vr_[1], (VectorRegister{0x0f1f2f3f4f5f6f7f, 0x8f9fafbfcfdfeff0}));
  EXPECT_EQ(Run(0xe712'3000'0086), 0);
  EXPECT_EQ(vr_[1], vr_[2]);
  EXPECT_EQ(Run(0xe712'3000'0087), 0);
  EXPECT_EQ(vr_[1], vr_[3]);
  EXPECT_EQ(Run(0xe712'3008'0086), kSpecification);
  EXPECT_EQ(Run(0xe712'3008'0087), kSpecification);
}

VectorRegister OfText(const char* text) {
  uint8_t bytes[16] = {};
  std::memcpy(bytes, text, std::min<size_t>(std::strlen(text), 16));
  return {LoadStorage<uint64_t>(bytes), LoadStorage<uint64_t>(bytes + 8)};
}

TEST_F(VectorEnhancementsTest, StringSearch) {
  const auto search = [&](const char* string, const char* substring, uint64_t length, uint64_t m6,
                          uint64_t size = 0) {
    vr_[2] = OfText(string);
    vr_[3] = OfText(substring);
    vr_[4] = {length, 0};
    EXPECT_EQ(Run(0xe712'3000'408b | size << 24 | m6 << 20), 0);
    EXPECT_EQ(vr_[1].low, 0u);
    return std::pair<uint64_t, int>(vr_[1].high, cc());
  };
  using Found = std::pair<uint64_t, int>;
  EXPECT_EQ(search("the quick brown ", "quick", 5, 0), Found(4, 2));
  EXPECT_EQ(search("the quick brown ", "brown fox", 9, 0), Found(10, 3));
  EXPECT_EQ(search("the quick brown ", "bears", 5, 0), Found(16, 0));
  EXPECT_EQ(search("the quick brown ", "", 0, 0), Found(0, 2));
  EXPECT_EQ(search("ababababababac", "abac", 4, 0), Found(10, 2));
  EXPECT_EQ(search("ababababababac", "abac", 4, 2), Found(10, 2));
  EXPECT_EQ(search("the quick", "brown", 5, 2), Found(16, 1));
  EXPECT_EQ(search("the quick", "quicker", 7, 2), Found(16, 1));  // the string ends before
  EXPECT_EQ(search("the quick", "qui", 16, 2), Found(4, 2));      // the substring's zero ends it
  EXPECT_EQ(search("the quick brown ", "rown", 4, 0, 1), Found(16, 0));
  EXPECT_EQ(search("the quick brown ", "brow", 4, 0, 1), Found(10, 2));
  EXPECT_EQ(Run(0xe712'3300'408b), kSpecification);
  EXPECT_EQ(Run(0xe712'3010'408b), kSpecification);
}

}  // namespace
}  // namespace hypervisor
