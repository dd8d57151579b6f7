// The TOD clock, the clock comparator and the CPU timer as a program sees them (PoP: Control,
// "Timing").
#include "gtest/gtest.h"
#include "tests/guests/commands.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMode64 = Psw::kExtendedAddressing | Psw::kBasicAddressing;
constexpr uint64_t kEnabled = kMode64 | Psw::kExternal;
constexpr uint64_t kUser = CommandMachine::kUser;
constexpr uint64_t kMillisecond = uint64_t{1000} << 12;

TEST(TimingTest, TheClockRunsForward) {
  CommandMachine machine;
  machine.Do({{Operation::kStoreClock, {0, kUser}}, {Operation::kStoreClock, {0, kUser + 8}}});
  EXPECT_NE(machine.Read<uint64_t>(kUser), 0u);
  EXPECT_GE(machine.Read<uint64_t>(kUser + 8), machine.Read<uint64_t>(kUser));
  EXPECT_LT(machine.Read<uint64_t>(kUser + 8) - machine.Read<uint64_t>(kUser),
            60000 * kMillisecond);
}

TEST(TimingTest, TheClockComparatorInterruptsALoop) {
  CommandMachine machine;
  machine.cr[0] |= cr0::kClockComparator;
  machine.Do({Operation::kStoreClock, {0, kUser}});
  machine.Put<uint64_t>(kUser + 8, machine.Read<uint64_t>(kUser) + 2 * kMillisecond);
  const auto records = machine.Do({{Operation::kSetClockComparator, {0, kUser + 8}},
                                   {Operation::kSpin, {}, kEnabled},
                                   {Operation::kStoreClock, {0, kUser + 16}}});
  EXPECT_EQ(records[1].kind, Record::kExternal);
  EXPECT_EQ(records[1].code, 0x1004);
  EXPECT_EQ(records[1].psw.address, 0u) << "in the loop";
  EXPECT_GE(machine.Read<uint64_t>(kUser + 16), machine.Read<uint64_t>(kUser + 8));
}

TEST(TimingTest, TheCpuTimerRunsBackwardAndInterruptsWhenNegative) {
  CommandMachine machine;
  machine.cr[0] |= cr0::kCpuTimer;
  machine.Put<uint64_t>(kUser, 2 * kMillisecond);
  const auto records = machine.Do({{Operation::kSetCpuTimer, {0, kUser}},
                                   {Operation::kStoreCpuTimer, {0, kUser + 8}},
                                   {Operation::kSpin, {}, kEnabled},
                                   {Operation::kStoreCpuTimer, {0, kUser + 16}}});
  EXPECT_LE(machine.Read<int64_t>(kUser + 8), static_cast<int64_t>(2 * kMillisecond));
  EXPECT_EQ(records[2].kind, Record::kExternal);
  EXPECT_EQ(records[2].code, 0x1005);
  EXPECT_LT(machine.Read<int64_t>(kUser + 16), 0);
}

TEST(TimingTest, OperandsAreAlignedAndTheInstructionsPrivileged) {
  CommandMachine machine;
  EXPECT_EQ(machine.Do({Operation::kSetCpuTimer, {0, kUser + 4}}).code, 6);
  EXPECT_EQ(machine.Do({Operation::kStoreCpuTimer, {0, kUser}, kMode64 | Psw::kProblemState}).code,
            2);
}

}  // namespace
}  // namespace hypervisor
