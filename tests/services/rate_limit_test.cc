#include "services/rate_limit.h"

#include <gtest/gtest.h>

namespace services {
namespace {

using std::chrono::milliseconds;

TEST(RateLimitTest, ASecondsWorthAtOnceAndThenTheRate) {
  RateLimit limit;
  limit.SetRate(10);
  auto now = RateLimit::Clock::now();
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limit.Admit("a", now);
  EXPECT_EQ(admitted, 10);
  EXPECT_TRUE(limit.Admit("b", now));
  now += milliseconds(100);
  EXPECT_TRUE(limit.Admit("a", now));
  EXPECT_FALSE(limit.Admit("a", now));
  now += milliseconds(60'000);
  admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limit.Admit("a", now);
  EXPECT_EQ(admitted, 10);
}

TEST(RateLimitTest, NoRateIsNoLimit) {
  RateLimit limit;
  limit.SetRate(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limit.Admit("a"));
}

}  // namespace
}  // namespace services
