// MVC, NC, OC, XC and CLC, executed with each length and overlap there is, by both engines.
#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/translator/both_engines.h"

namespace hypervisor {
namespace {

constexpr uint64_t kTarget = GuestMachine::kProgram + 0x20;
constexpr uint64_t kData = 0x100000;  // a page
constexpr uint64_t kFirst = kData + 0x400;
constexpr std::array<uint8_t, 5> kOpcodes = {0xd2, 0xd4, 0xd5, 0xd6, 0xd7};
constexpr int kDistances[] = {0,   1,  2,  3,  4,  7,   8,   9,   15,  16,  17,  31,  32, 33,
                              100, -1, -2, -3, -8, -15, -16, -17, -31, -32, -33, 300, 300};

class StorageToStorageTest : public BothEngines {
 protected:
  // The operation on operands `distance` apart, as `code` executes it; ends at an invalid opcode.
  void Compare(uint8_t opcode, int length, int distance) {
    std::array<uint8_t, kPageSize> data;
    // Few values: operands are equal now and then.
    for (auto& byte : data) byte = static_cast<uint8_t>(random_() % 3 == 0 ? random_() & 3 : 0);
    const uint64_t second = kFirst - static_cast<uint64_t>(int64_t{distance});
    if (distance >= 256 && random_() % 4 != 0) {
      uint8_t* at = &data[second - kData];
      std::memcpy(at, &data[kFirst - kData], 256);
      if (random_() % 4 != 0) at[random_() % static_cast<unsigned>(length)] ^= 0x81;
    }
    for (GuestMachine* machine : Machines()) {
      std::memcpy(machine->At(kData), data.data(), data.size());
      machine->cpu.psw.address = program_;
      machine->cpu.gpr[1] = 0x1234567800000000 | static_cast<unsigned>(length - 1);
      machine->cpu.gpr[2] = kFirst;
      machine->cpu.gpr[3] = second;
      machine->Run();
    }
    const std::string what = "opcode " + std::to_string(opcode) + " length " +
                             std::to_string(length) + " distance " + std::to_string(distance);
    ASSERT_EQ(interpreted_.block.iprcc, translated_.block.iprcc) << what;
    ASSERT_TRUE(interpreted_.cpu == translated_.cpu) << what;
    ASSERT_EQ(std::memcmp(interpreted_.At(kData), translated_.At(kData), kPageSize), 0) << what;
  }

  void Put(uint64_t address, uint64_t text) {
    for (GuestMachine* machine : Machines()) machine->Put(address, text);
  }

  uint64_t program_ = GuestMachine::kProgram;
  std::minstd_rand random_{1};
};

TEST_F(StorageToStorageTest, EveryLengthByExecute) {
  Put(GuestMachine::kProgram, 0xc610000000100000);  // EXRL 1, 32 bytes ahead
  for (const uint8_t opcode : kOpcodes) {
    Put(kTarget, uint64_t{opcode} << 56 | uint64_t{0x2000'3000} << 16);
    for (int length = 1; length <= 256; ++length) {
      for (const int distance : kDistances) {
        Compare(opcode, length, distance);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(StorageToStorageTest, EveryLengthThatIsKnown) {
  for (const uint8_t opcode : kOpcodes) {
    for (int length = 1; length <= 256; length += length < 66 ? 1 : 19) {
      // Code that changes again and again is left to the interpreter.
      program_ += 8;
      Put(program_, uint64_t{opcode} << 56 | static_cast<uint64_t>(length - 1) << 48 |
                        uint64_t{0x2000'3000} << 16);
      for (const int distance : kDistances) {
        Compare(opcode, length, distance);
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace hypervisor
