#include "ucontrol/console.h"

#include <gtest/gtest.h>

#include <thread>

namespace ucontrol {
namespace {

std::string ReadNow(Console::Reader& reader, size_t limit = 1 << 20) {
  const auto output = reader.Read(limit, absl::InfinitePast());
  return output ? output->characters : "";
}

TEST(ConsoleTest, GivesEveryReaderAllOutputAtItsOwnPace) {
  Console console;
  const auto first = console.OpenReader(0);
  const auto second = console.OpenReader(0);
  console.Write("boot ");
  EXPECT_EQ(ReadNow(*first), "boot ");
  console.Write("done");
  EXPECT_EQ(ReadNow(*first), "done");
  EXPECT_EQ(ReadNow(*second, 6), "boot d");
  EXPECT_EQ(ReadNow(*second), "one");
  EXPECT_EQ(ReadNow(*second), "");
}

TEST(ConsoleTest, KeepsTheLatestOutputAndSaysWhatIsLost) {
  Console console({.scroll_back = 8, .input = 8});
  const auto reader = console.OpenReader(0);
  console.Write("0123456");
  console.Write("789");
  const auto output = reader->Read(100, absl::InfinitePast());
  ASSERT_TRUE(output);
  EXPECT_EQ(output->position, 2u);
  EXPECT_EQ(output->characters, "23456789");
  console.Write("a string longer than the ring");
  EXPECT_EQ(ReadNow(*reader), "the ring");
  EXPECT_EQ(console.position(), 39u);
}

TEST(ConsoleTest, ResumesAtAPosition) {
  Console console;
  console.Write("abcdef");
  EXPECT_EQ(ReadNow(*console.OpenReader(4)), "ef");
  const auto later = console.OpenReader(8);
  console.Write("ghij");
  EXPECT_EQ(ReadNow(*later), "ij");
}

TEST(ConsoleTest, WakesAReaderThatWaits) {
  Console console;
  const auto reader = console.OpenReader(0);
  std::thread guest([&] { console.Write("x"); });
  const auto output = reader->Read(10, absl::InfiniteFuture());
  guest.join();
  ASSERT_TRUE(output);
  EXPECT_EQ(output->characters, "x");
}

TEST(ConsoleTest, CancelAndCloseEndAWait) {
  Console console;
  const auto cancelled = console.OpenReader(0);
  std::thread other([&] { cancelled->Cancel(); });
  EXPECT_FALSE(cancelled->Read(10, absl::InfiniteFuture()));
  other.join();

  const auto reader = console.OpenReader(0);
  console.Write("last");
  std::thread closer([&] { console.Close(); });
  EXPECT_EQ(reader->Read(10, absl::InfiniteFuture())->characters, "last");
  EXPECT_FALSE(reader->Read(10, absl::InfiniteFuture()));
  closer.join();
}

TEST(ConsoleTest, HasOneWriterAtATime) {
  Console console;
  auto writer = console.OpenWriter();
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(console.OpenWriter().status().code(), absl::StatusCode::kFailedPrecondition);
  writer->reset();
  EXPECT_TRUE(console.OpenWriter().ok());
}

TEST(ConsoleTest, HoldsAWriterBackUntilTheGuestTakesItsInput) {
  Console console({.scroll_back = 8, .input = 4});
  auto writer = console.OpenWriter();
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ((*writer)->Write("abcdef", absl::InfinitePast()), 4u);
  std::thread guest([&] {
    std::string taken;
    while (taken.size() < 6) taken += console.TakeInput(1);
    EXPECT_EQ(taken, "abcdef");
  });
  EXPECT_EQ((*writer)->Write("ef", absl::InfiniteFuture()), 2u);
  guest.join();
  EXPECT_FALSE(console.has_input());
}

TEST(ConsoleTest, TellsOfEachInputWithoutHoldingALock) {
  Console console;
  int arrivals = 0;
  console.OnInput([&] { arrivals += console.has_input() ? 1 : 0; });
  auto writer = console.OpenWriter();
  ASSERT_TRUE(writer.ok());
  (*writer)->Write("a", absl::InfiniteFuture());
  (*writer)->Write("b", absl::InfiniteFuture());
  EXPECT_EQ(arrivals, 2);
}

TEST(ConsoleTest, GivesLinesWhole) {
  Console console({.scroll_back = 8, .input = 16});
  auto writer = console.OpenWriter();
  ASSERT_TRUE(writer.ok());
  (*writer)->Write("one\ntw", absl::InfiniteFuture());
  EXPECT_TRUE(console.HasInputLine(10));
  EXPECT_EQ(console.TakeInputLine(10), "one");
  EXPECT_EQ(console.TakeInputLine(10), std::nullopt);
  (*writer)->Write("o\n\n", absl::InfiniteFuture());
  EXPECT_EQ(console.TakeInputLine(2), "tw");
  EXPECT_EQ(console.TakeInputLine(2), "o");
  EXPECT_EQ(console.TakeInputLine(2), "");
  EXPECT_EQ(console.TakeInputLine(2), std::nullopt);
  (*writer)->Write("0123456789abcdef", absl::InfiniteFuture());
  EXPECT_EQ(console.TakeInputLine(100), "0123456789abcdef");
}

}  // namespace
}  // namespace ucontrol
