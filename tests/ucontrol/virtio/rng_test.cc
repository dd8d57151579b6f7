#include "ucontrol/virtio/rng.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/ucontrol/virtio/driver_side.h"

namespace ucontrol::virtio {
namespace {

TEST(RngTest, FillsBuffersWithBytesThatDiffer) {
  DriverSide driver(std::make_unique<Rng>());
  driver.Bring();
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    driver.Offer(0, {{DriverSide::kBuffers, 32, true}});
    driver.Notify(0);
    const auto used = driver.Take(0);
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, 32u);
    EXPECT_TRUE(seen.insert(driver.Text(DriverSide::kBuffers, 32)).second);
  }
}

TEST(RngTest, GivesNoMoreThanIsReasonable) {
  DriverSide driver(std::make_unique<Rng>());
  driver.Bring();
  driver.Offer(0, {{DriverSide::kBuffers, 1000000, true}});
  driver.Notify(0);
  EXPECT_EQ(driver.Take(0)->written, 4096u);
}

}  // namespace
}  // namespace ucontrol::virtio
