#include "ucontrol/virtio/console_device.h"

#include <gtest/gtest.h>

#include "tests/ucontrol/virtio/driver_side.h"

namespace ucontrol::virtio {
namespace {

class ConsoleDeviceTest : public testing::Test {
 protected:
  std::string Output() {
    const auto output =
        console_.OpenReader(0)->Read(100000, absl::Now() + absl::Milliseconds(5000));
    return output ? output->characters : "";
  }
  void Input(std::string_view characters) {
    (*console_.OpenWriter())->Write(characters, absl::Now() + absl::Seconds(5));
  }

  Console console_;
  DriverSide driver_{std::make_unique<ConsoleDevice>(console_)};
};

TEST_F(ConsoleDeviceTest, PrintsWhatTheGuestTransmits) {
  driver_.Bring();
  driver_.PutText(DriverSide::kBuffers, "hello, world");
  driver_.Offer(1, {{DriverSide::kBuffers, 7}, {DriverSide::kBuffers + 7, 5}});
  driver_.Notify(1);
  EXPECT_EQ(driver_.Take(1)->written, 0u);
  EXPECT_EQ(Output(), "hello, world");
}

TEST_F(ConsoleDeviceTest, ReceivesInputThatWaitedAndInputThatComes) {
  driver_.Bring();
  Input("waited");
  driver_.Offer(0, {{DriverSide::kBuffers, 64, true}}, 0);
  driver_.Offer(0, {{DriverSide::kBuffers + 64, 4, true}}, 1);
  driver_.Notify(0);
  EXPECT_EQ(driver_.Take(0)->written, 6u);
  EXPECT_EQ(driver_.Text(DriverSide::kBuffers, 6), "waited");
  EXPECT_FALSE(driver_.Take(0, std::chrono::milliseconds(20)));

  Input("comes");
  EXPECT_EQ(driver_.Take(0)->written, 4u);
  EXPECT_EQ(driver_.Text(DriverSide::kBuffers + 64, 4), "come");
  driver_.Offer(0, {{DriverSide::kBuffers, 64, true}}, 2);
  driver_.Notify(0);
  EXPECT_EQ(driver_.Take(0)->written, 1u);
}

TEST_F(ConsoleDeviceTest, PrintsAnEmergencyWriteBeforeAnyQueueIsSet) {
  driver_.SetRevision(2);
  driver_.WriteConfiguration({0, 0, 0, 0, 0, 0, 0, 0, '!', 0, 0, 0});
  EXPECT_EQ(Output(), "!");
}

}  // namespace
}  // namespace ucontrol::virtio
