// ROTATE THEN INSERT SELECTED BITS with each selection and amount there is, executed by both
// engines.
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/translator/both_engines.h"

namespace hypervisor {
namespace {

constexpr int kTargets = 14;  // the others are what is rotated
constexpr uint8_t kZeroesTheRest = 0x80;

class SelectedBitsTest : public BothEngines {
 protected:
  // From registers 14 and 15 by turns to each of the others, and from each of the others to itself.
  void Compare(int first, int last, int begin) {
    const uint64_t program = end_;
    for (int i = 0; i < kTargets; ++i) {
      const auto by = static_cast<uint8_t>((begin + i) & 63);
      const int from = i % 3 == 2 ? i : 14 + i % 2;
      Append({0xec, static_cast<uint8_t>(i << 4 | from), static_cast<uint8_t>(first),
              static_cast<uint8_t>(last), by, 0x55});
    }
    Append({0x83, 0x00, 0x00, 0x44});  // diag
    for (auto& gpr : interpreted_.cpu.gpr) gpr = random_();
    interpreted_.cpu.psw.address = program;
    translated_.cpu = interpreted_.cpu;
    interpreted_.Run();
    translated_.Run();
    ASSERT_EQ(interpreted_.block.ipa, 0x8300);
    ASSERT_EQ(translated_.block.ipa, 0x8300);
    ASSERT_TRUE(interpreted_.cpu == translated_.cpu)
        << "bits " << first << " to " << (last & 63) << (last & kZeroesTheRest ? ", zeroing" : "")
        << ", rotated by " << begin << " and more";
  }

  void Append(const std::vector<uint8_t>& code) {
    PutCode(end_, code);
    end_ += code.size();
  }

  uint64_t end_ = GuestMachine::kProgram;  // of the code so far
  std::mt19937_64 random_{1};
};

TEST_F(SelectedBitsTest, EachSelectionRotatedByEachAmount) {
  for (const int zeroes : {0, int{kZeroesTheRest}}) {
    for (int first = 0; first < 64; ++first) {
      for (int last = 0; last < 64; ++last) {
        for (int by = 0; by < 64; by += kTargets) {
          Compare(first, last | zeroes, by);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

}  // namespace
}  // namespace hypervisor
