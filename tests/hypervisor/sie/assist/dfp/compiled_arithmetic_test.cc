// Runs compiled_arithmetic.c as a guest: decimal instructions that gcc chose, and its software for
// machines without them, come to the same results.
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

TEST(CompiledArithmeticTest, InstructionsAgreeWithSoftware) {
  GuestMachine machine;
  std::ifstream file("tests/hypervisor/sie/assist/dfp/compiled_arithmetic.bin", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_GT(text.size(), 10000u);
  ASSERT_LT(text.size(), GuestMachine::kStorageSize - 0x100000);
  std::memcpy(machine.At(GuestMachine::kProgram), text.data(), text.size());
  machine.cpu.psw.address = GuestMachine::kProgram;
  machine.Run();
  ASSERT_EQ(machine.block.icptcode, 4) << "program interruption " << machine.Read<uint16_t>(0x8e)
                                       << " at " << std::hex << machine.Read<uint64_t>(0x158);
  ASSERT_EQ(machine.block.ipb, 0x00440000u);
  const uint64_t report = machine.cpu.gpr[2];
  const auto word = [&](uint64_t index) { return machine.Read<uint64_t>(report + 8 * index); };
  EXPECT_EQ(word(1), 0u) << std::hex << "operation " << word(2) << " of " << word(3) << ","
                         << word(4) << " and " << word(5) << "," << word(6) << ": instructions "
                         << word(7) << "," << word(8) << ", software " << word(9) << ","
                         << word(10);
  EXPECT_GE(word(0), 25 * 1000u);
  std::printf("%lu pairs of results, %lu instructions\n", word(0), machine.sie->instructions());
}

}  // namespace
}  // namespace hypervisor
