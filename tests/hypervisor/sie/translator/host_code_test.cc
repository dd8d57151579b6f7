// Translated code of common guest code doesn't grow.
#include "tests/hypervisor/sie/translator/host_code.h"

#include <fstream>
#include <iterator>

#include "gtest/gtest.h"

namespace hypervisor {
namespace {

constexpr const char* kRegenerate =
    "if the change is meant: bazel run //tests/hypervisor/sie/translator:host_code > "
    "tests/golden/host_code.txt";

const std::optional<std::map<std::string, HostCode>>& Measured() {
  static const auto measured = MeasureHostCode();
  return measured;
}

TEST(HostCodeTest, IsNoLongerThanItWas) {
  std::ifstream file("tests/golden/host_code.txt");
  ASSERT_TRUE(file);
  const auto golden = FromText(std::string{std::istreambuf_iterator<char>(file), {}});
  const auto& measured = Measured();
  if (!measured) GTEST_SKIP() << "this host has no translator";
  ASSERT_EQ(golden.size(), measured->size()) << kRegenerate;
  bool shrinks = false;
  for (const auto& [name, code] : *measured) {
    ASSERT_TRUE(golden.contains(name)) << name << ": " << kRegenerate;
    const HostCode& before = golden.at(name);
    EXPECT_LE(code.instructions, before.instructions) << name << ": " << kRegenerate;
    EXPECT_LE(code.bytes, before.bytes) << name << ": " << kRegenerate;
    shrinks |= code.instructions < before.instructions || code.bytes < before.bytes;
  }
  if (shrinks) std::printf("Some of it is shorter. %s\n", kRegenerate);
}

// Each loop does something: its code is more than that of the branch alone.
TEST(HostCodeTest, CountsWhatIsExecuted) {
  const auto& measured = Measured();
  if (!measured) GTEST_SKIP() << "this host has no translator";
  const uint64_t branch = measured->at("BRCT").instructions;
  EXPECT_GE(branch, 2u);
  for (const auto& [name, code] : *measured) {
    if (name != "BRCT") {
      EXPECT_GT(code.instructions, branch) << name;
    }
    EXPECT_LT(code.instructions, 200u) << name;
    EXPECT_GT(code.bytes, 50u) << name;
  }
}

}  // namespace
}  // namespace hypervisor
