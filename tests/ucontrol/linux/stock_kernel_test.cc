// Debian's own kernel, as its package has it: to a shell on the console, and power off from inside.
#include <gtest/gtest.h>

#include "tests/ucontrol/linux/linux_guest.h"

namespace ucontrol {
namespace {

class StockKernelTest : public testing::TestWithParam<uint16_t> {};

TEST_P(StockKernelTest, ComesToAShellAndPowersOff) {
  if (!HasGuestFile("kernel") || !HasGuestFile("initramfs")) {
    GTEST_SKIP() << "tools/debian-guest hasn't run";
  }
  constexpr absl::Duration kBoot = absl::Minutes(10);
  constexpr absl::Duration kCommand = absl::Minutes(1);
  LinuxGuest guest;
  LinuxGuest::Options options;
  options.kernel = "kernel";
  options.cpus = GetParam();
  const absl::Status started = guest.Start(options);
  ASSERT_TRUE(started.ok()) << started;
  ASSERT_TRUE(guest.Await("/ # ", kBoot)) << guest.transcript() << guest.crash();
  guest.Type("uname -sm; nproc\n");
  EXPECT_TRUE(guest.Await("\nLinux s390x\r\n" + std::to_string(GetParam()), kCommand))
      << guest.transcript();
  guest.Type("poweroff -f\n");
  EXPECT_EQ(guest.AwaitEnd(kCommand), MachineState::kStopped) << guest.crash();
}

INSTANTIATE_TEST_SUITE_P(Cpus, StockKernelTest, testing::Values(1, 4));

}  // namespace
}  // namespace ucontrol
