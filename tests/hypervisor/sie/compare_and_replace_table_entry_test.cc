#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kTable = 0x20000;

// crdte 2,4,6 with r2/r3 old and new entry, r4/r5 table and address, r6 the ASCE.
int Replace(GuestMachine& machine, uint64_t table, uint64_t address) {
  machine.PutCode(GuestMachine::kProgram, {0xb9, 0x8f, 0x60, 0x24, 0x83, 0x00, 0x00, 0x44});
  machine.cpu.psw.address = GuestMachine::kProgram;
  machine.cpu.gpr[2] = 0x1111;
  machine.cpu.gpr[3] = 0x2222;
  machine.cpu.gpr[4] = table;
  machine.cpu.gpr[5] = address;
  machine.Run();
  return machine.cpu.psw.condition_code();
}

TEST(CompareAndReplaceTableEntryTest, ReplacesAnEqualPageTableEntry) {
  GuestMachine machine;
  machine.Put<uint64_t>(kTable + 8 * 3, 0x1111);
  EXPECT_EQ(Replace(machine, kTable, 0x103000), 0);
  EXPECT_EQ(machine.Read<uint64_t>(kTable + 8 * 3), 0x2222u);
}

TEST(CompareAndReplaceTableEntryTest, LoadsAnUnequalOne) {
  GuestMachine machine;
  machine.Put<uint64_t>(kTable + 8 * 3, 0x1112);
  EXPECT_EQ(Replace(machine, kTable, 0x103000), 1);
  EXPECT_EQ(machine.cpu.gpr[2], 0x1112u);
}

TEST(CompareAndReplaceTableEntryTest, FindsSegmentAndRegionTableEntries) {
  GuestMachine machine;
  machine.Put<uint64_t>(kTable + 8 * 5, 0x1111);
  EXPECT_EQ(Replace(machine, kTable | 0x10, 0x500000), 0);
  machine.Put<uint64_t>(kTable + 8 * 5, 0x1111);
  EXPECT_EQ(Replace(machine, kTable | 0x14, uint64_t{5} << 31), 0);
  machine.Put<uint64_t>(kTable + 8 * 5, 0x1111);
  EXPECT_EQ(Replace(machine, kTable | 0x1c, uint64_t{5} << 53), 0);
}

TEST(CompareAndReplaceTableEntryTest, RefusesATypeThatIsNone) {
  GuestMachine machine;
  machine.block.ictl = uapi::kIctlPint;
  Replace(machine, kTable | 0x4, 0);
  EXPECT_EQ(machine.block.iprcc, 6);
}

}  // namespace
}  // namespace hypervisor
