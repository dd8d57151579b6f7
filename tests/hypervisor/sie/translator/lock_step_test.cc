// Random code in lock step, LOCK_STEP_GROUPS groups of it, half of the seed LOCK_STEP_SEED and half
// of the next one.
//
// LOCK_STEP_GROUP executes that group alone, and looks at storage after each step.
#include "tests/hypervisor/sie/translator/lock_step.h"

#include <cstdio>
#include <cstdlib>

#include "gtest/gtest.h"

namespace hypervisor {
namespace {

uint64_t Number(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT: nothing here sets any
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

TEST(LockStepTest, RandomCodeEndsAlike) {
  const uint64_t first = Number("LOCK_STEP_SEED", 1);
  if (const char* group = std::getenv("LOCK_STEP_GROUP")) {  // NOLINT: likewise
    LockStep lock_step(first);
    lock_step.CompareEachStep();
    ASSERT_TRUE(lock_step.Execute(std::strtoull(group, nullptr, 0))) << lock_step.difference();
    return;
  }
  const uint64_t groups = Number("LOCK_STEP_GROUPS", 30) / 2;
  for (const uint64_t seed : {first, first + 1}) {
    LockStep lock_step(seed);
    if (!lock_step.available()) GTEST_SKIP() << "this host has no translator";
    for (uint64_t group = 0; group < groups; ++group)
      ASSERT_TRUE(lock_step.Execute(group)) << lock_step.difference();
    const LockStep::Counts& counts = lock_step.counts();
    std::printf("%lu instructions in %lu steps, %lu of them in loops; %lu runs set aside\n",
                counts.instructions, counts.steps, counts.of_loops, counts.set_aside);
    // It compares what it means to, the translator with the interpreter.
    EngineStatistics statistics;
    lock_step.translator().AddStatistics(statistics);
    EXPECT_EQ(statistics["blocks that could not be translated"], 0u);
    EXPECT_GT(counts.steps, groups * 100);
    EXPECT_GT(counts.instructions - counts.of_loops, counts.steps * 2);
    EXPECT_GT(counts.faults, counts.steps / 2);
    EXPECT_LT(counts.set_aside, groups);
  }
}

}  // namespace
}  // namespace hypervisor
