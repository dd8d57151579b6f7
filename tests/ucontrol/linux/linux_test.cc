// What Linux finds in a machine, and what becomes of the machine when Linux ends. The tests' small
// kernel, which boots in a second.
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/ucontrol/linux/linux_guest.h"
#include "ucontrol/service_call/service_call.h"

namespace ucontrol {
namespace {

constexpr absl::Duration kBoot = absl::Seconds(50);
constexpr absl::Duration kCommand = absl::Seconds(20);

class LinuxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasGuestFile("small-kernel") || !HasGuestFile("initramfs")) {
      GTEST_SKIP() << "tools/small-kernel and tools/debian-guest haven't run";
    }
  }
  void Boot(const LinuxGuest::Options& options) {
    const absl::Status started = guest_.Start(options);
    ASSERT_TRUE(started.ok()) << started;
    ASSERT_TRUE(guest_.Await("/ # ", kBoot)) << guest_.transcript() << guest_.crash();
  }
  // The shell shows what is typed, so an answer must differ from its question.
  void Ask(std::string_view question, std::string_view answer) {
    guest_.Type(question);
    guest_.Type("\n");
    EXPECT_TRUE(guest_.Await(answer, kCommand)) << guest_.transcript() << guest_.crash();
    EXPECT_TRUE(guest_.Await("/ # ", kCommand)) << guest_.transcript();
  }
  void PowerOff() {
    guest_.Type("poweroff -f\n");
    EXPECT_EQ(guest_.AwaitEnd(kCommand), MachineState::kStopped) << guest_.crash();
  }

  LinuxGuest guest_;
};

TEST_F(LinuxTest, ComesToAShellAndPowersOff) {
  LinuxGuest::Options options;
  options.name = "three.two.two";
  Boot(options);
  Ask("echo $((6 * 7))", "\n42\r\n");
  Ask("cat /proc/sysinfo", "VM00 Extended Name:   three.two.two");
  Ask("grep -c ^processor.[0-9] /proc/cpuinfo", "\n1\r\n");
  PowerOff();
}

TEST_F(LinuxTest, RunsOnFourCpusAndTakesThemAwayAndBack) {
  LinuxGuest::Options options;
  options.cpus = 4;
  Boot(options);
  Ask("nproc", "\n4\r\n");
  Ask("echo 0 >/sys/devices/system/cpu/cpu2/online; cat /sys/devices/system/cpu/online", "0-1,3");
  Ask("echo 1 >/sys/devices/system/cpu/cpu2/online; cat /sys/devices/system/cpu/online", "0-3\r\n");
  Ask("for i in 1 2 3 4 5 6 7 8; do (echo $i | sha256sum >/dev/null) & done; wait; echo do''ne",
      "done");
  PowerOff();
}

TEST_F(LinuxTest, LoadsItselfAgain) {
  Boot({});
  guest_.Type("touch /gone; reboot -f\n");
  ASSERT_TRUE(guest_.Await("Linux version", kBoot)) << guest_.transcript() << guest_.crash();
  ASSERT_TRUE(guest_.Await("/ # ", kBoot)) << guest_.transcript() << guest_.crash();
  Ask("ls /gone", "No such file");
  PowerOff();
}

TEST_F(LinuxTest, ShutsDownWhenAsked) {
  Boot({});
  ASSERT_TRUE(guest_.machine().FindPart<ServiceCall>()->RequestQuiesce());
  EXPECT_EQ(guest_.AwaitEnd(kCommand), MachineState::kStopped) << guest_.crash();
}

TEST_F(LinuxTest, SpeaksInLinesToo) {
  LinuxGuest::Options options;
  options.line_mode = true;
  options.command_line = "console=ttyS0";
  Boot(options);
  Ask("echo $((6 * 7))", "\n42\n");
  PowerOff();
}

TEST_F(LinuxTest, SleepsAndKeepsTime) {
  Boot({});
  const absl::Time before = absl::Now();
  Ask("sleep 2; echo a''wake", "awake");
  const absl::Duration slept = absl::Now() - before;
  EXPECT_GE(slept, absl::Seconds(2));
  EXPECT_LT(slept, absl::Seconds(10));
  PowerOff();
}

}  // namespace
}  // namespace ucontrol
