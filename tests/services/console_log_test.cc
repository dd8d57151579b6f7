#include "services/console_log.h"

#include <gtest/gtest.h>

#include <thread>

namespace services {
namespace {

constexpr absl::Duration kAtOnce = absl::ZeroDuration();

std::string ReadAll(ConsoleLog& log, int64_t offset, size_t most = 1000) {
  return log.Read(1, offset, false, false, most, kAtOnce).output;
}

TEST(ConsoleLogTest, KeepsTheLastBytes) {
  ConsoleLog log(8);
  log.Append("abc");
  EXPECT_EQ(ReadAll(log, 0), "abc");
  EXPECT_EQ(ReadAll(log, 2), "c");
  log.Append("defghij");
  EXPECT_EQ(log.begin_offset(), 2);
  EXPECT_EQ(log.end_offset(), 10);
  const ConsoleLog::Piece piece = log.Read(1, 0, false, false, 1000, kAtOnce);
  EXPECT_EQ(piece.offset, 2);
  EXPECT_EQ(piece.output, "cdefghij");
}

TEST(ConsoleLogTest, OutputLongerThanTheRingLeavesItsEnd) {
  ConsoleLog log(4);
  log.Append("x");
  log.Append("0123456789");
  EXPECT_EQ(ReadAll(log, 0), "6789");
  log.Append("ab");
  EXPECT_EQ(ReadAll(log, 0), "89ab");
}

TEST(ConsoleLogTest, PiecesAreBounded) {
  ConsoleLog log(100);
  log.Append("abcdef");
  EXPECT_EQ(ReadAll(log, 0, 4), "abcd");
  EXPECT_EQ(ReadAll(log, 4, 4), "ef");
}

TEST(ConsoleLogTest, EndsOnlyWhenAllIsRead) {
  ConsoleLog log(100);
  log.SetRunning(true);
  log.Append("abc");
  log.SetRunning(false);
  EXPECT_FALSE(log.Read(1, 0, false, false, 2, kAtOnce).ended);
  EXPECT_TRUE(log.Read(1, 2, false, false, 2, kAtOnce).ended);
  EXPECT_FALSE(log.Read(1, 3, false, /*follow=*/true, 2, kAtOnce).ended);
  log.Delete();
  EXPECT_FALSE(log.Read(1, 0, false, true, 2, kAtOnce).deleted);
  EXPECT_TRUE(log.Read(1, 3, false, true, 2, kAtOnce).deleted);
}

TEST(ConsoleLogTest, AReaderWaitsForOutput) {
  ConsoleLog log(100);
  log.SetRunning(true);
  std::thread writer([&] { log.Append("late"); });
  EXPECT_EQ(log.Read(1, 0, false, false, 100, absl::Seconds(20)).output, "late");
  writer.join();
}

TEST(ConsoleLogTest, OneWritesUntilAnotherSteals) {
  ConsoleLog log(100);
  const uint64_t first = log.AddReader();
  const uint64_t second = log.AddReader();
  EXPECT_TRUE(log.BecomeWriter(first, "a", false));
  EXPECT_FALSE(log.BecomeWriter(second, "b", false));
  EXPECT_TRUE(log.IsWriter(first));
  EXPECT_TRUE(log.BecomeWriter(second, "b", true));
  EXPECT_FALSE(log.IsWriter(first));
  EXPECT_EQ(log.writer(), "b");
  log.RemoveReader(second);
  EXPECT_EQ(log.writer(), "");
  EXPECT_TRUE(log.BecomeWriter(first, "a", false));
  EXPECT_EQ(log.readers(), 1);
}

}  // namespace
}  // namespace services
