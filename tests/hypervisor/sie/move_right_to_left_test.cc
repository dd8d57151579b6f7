// MOVE RIGHT TO LEFT (PoP: General Instructions).
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kOperand = 0x20ff8;  // crosses a page

class MoveRightToLeftTest : public testing::Test {
 protected:
  // MVCRL to(1),from(1).
  SieExit::Reason Move(uint64_t to, uint64_t from) {
    machine_.Put(GuestMachine::kProgram, 0xe50a'1000'1000 << 16 | to << 32 | from << 16);
    machine_.PutCode(GuestMachine::kProgram + 6, {0x83, 0x00, 0x00, 0x44});
    machine_.cpu.psw.address = GuestMachine::kProgram;
    return machine_.Run().reason;
  }
  std::string Text(uint64_t address, size_t length) {
    return {reinterpret_cast<char*>(machine_.At(address)), length};
  }
  void Put(uint64_t address, const std::string& text) {
    std::memcpy(machine_.At(address), text.data(), text.size());
  }

  GuestMachine machine_;
};

// Across a page and within one; of general register 0 only bits 56-63 count.
TEST_F(MoveRightToLeftTest, AnOverlapIsMovedByteByByteFromTheRight) {
  for (const uint64_t operand : {kOperand, kOperand - 0x100}) {
    machine_.cpu.gpr[1] = operand;
    Put(operand, "abcdefghijklmnop.");
    machine_.cpu.gpr[0] = 0xffffffffffffff0e;  // 15 bytes
    EXPECT_EQ(Move(1, 0), SieExit::Reason::kIntercepted);
    EXPECT_EQ(Text(operand, 17), "aabcdefghijklmno.");
    Put(operand, "abcdefghijklmnop.");
    EXPECT_EQ(Move(0, 1), SieExit::Reason::kIntercepted);  // to the left, the last byte is repeated
    EXPECT_EQ(Text(operand, 17), "pppppppppppppppp.");
    Put(operand, "0123456789");
    machine_.cpu.gpr[0] = 3;
    EXPECT_EQ(Move(0, 2), SieExit::Reason::kIntercepted);
    EXPECT_EQ(Text(operand, 10), "4545456789");
  }
}

TEST_F(MoveRightToLeftTest, NothingIsMovedIfAByteCantBe) {
  const uint64_t end = GuestMachine::kStorageSize;
  machine_.cpu.gpr[1] = end - 16;
  machine_.cpu.gpr[0] = 8;
  Put(end - 16, "abcdefghijklmnop");
  EXPECT_EQ(Move(10, 0), SieExit::Reason::kSegmentMissing);
  EXPECT_EQ(Text(end - 16, 16), "abcdefghijklmnop");
}

}  // namespace
}  // namespace hypervisor
