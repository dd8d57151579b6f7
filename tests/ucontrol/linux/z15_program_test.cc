// A program compiled for z15, as the only one of a Linux guest: it finds the facilities that it
// needs, and calculates what it calculates without them.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/ucontrol/linux/linux_guest.h"

namespace ucontrol {
namespace {

// A file of a cpio archive (newc).
std::string Member(const std::string& name, uint32_t mode, const std::string& content) {
  std::string member = "070701";
  for (const size_t field :
       {size_t{0}, size_t{mode}, size_t{0}, size_t{0}, size_t{1}, size_t{0}, content.size(),
        size_t{0}, size_t{0}, size_t{0}, size_t{0}, name.size() + 1, size_t{0}}) {
    char text[9];
    std::snprintf(text, sizeof text, "%08x", static_cast<unsigned>(field));
    member += text;
  }
  const auto pad = [&member] { member.resize((member.size() + 3) / 4 * 4); };
  member += name + '\0';
  pad();
  member += content;
  pad();
  return member;
}

std::vector<uint8_t> InitramfsOf(const std::string& program) {
  std::ifstream file(program, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::string archive = Member("init", 0100755, bytes) + Member("TRAILER!!!", 0, "");
  return {archive.begin(), archive.end()};
}

struct Run {
  const char* kernel;
  const char* engine;
};

class Z15ProgramTest : public testing::TestWithParam<Run> {};

TEST_P(Z15ProgramTest, CalculatesAsItDoesWithoutVectors) {
  if (!HasGuestFile(GetParam().kernel)) GTEST_SKIP() << "there is no " << GetParam().kernel;
  setenv("UCONTROL_ENGINE", GetParam().engine, /*overwrite=*/1);
  LinuxGuest guest;
  LinuxGuest::Options options;
  options.kernel = GetParam().kernel;
  options.initramfs = InitramfsOf("tests/ucontrol/linux/z15_program.elf");
  const absl::Status started = guest.Start(options);
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_TRUE(guest.Await("hwcap ", absl::Minutes(5))) << guest.transcript() << guest.crash();
  EXPECT_TRUE(guest.Await("all 215264 agree", absl::Minutes(5))) << guest.transcript();
  EXPECT_EQ(guest.AwaitEnd(absl::Minutes(1)), MachineState::kStopped) << guest.crash();
}

INSTANTIATE_TEST_SUITE_P(Guests, Z15ProgramTest,
                         testing::Values(Run{"kernel", "translator"},
                                         Run{"small-kernel", "interpreter"}),
                         [](const auto& of) { return std::string(of.param.engine); });

}  // namespace
}  // namespace ucontrol
