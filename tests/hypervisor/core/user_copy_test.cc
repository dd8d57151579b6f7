#include "hypervisor/core/user_copy.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

#include "hypervisor/core/atomic_user.h"

namespace hypervisor {
namespace {

class UserCopyTest : public ::testing::Test {
 protected:
  // A good page, then one that can't be accessed.
  UserCopyTest()
      : pages_(static_cast<uint8_t*>(
            mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    mprotect(pages_ + 4096, 4096, PROT_NONE);
  }
  ~UserCopyTest() override { munmap(pages_, 8192); }
  uint64_t address(uint64_t offset) const { return reinterpret_cast<uint64_t>(pages_) + offset; }

  uint8_t* pages_;
};

TEST_F(UserCopyTest, CopiesBothWays) {
  char text[8] = "storage";
  EXPECT_TRUE(CopyToUser(address(100), text, 8));
  char back[8] = {};
  EXPECT_TRUE(CopyFromUser(back, address(100), 8));
  EXPECT_STREQ(back, "storage");
  EXPECT_TRUE(CopyToUser(0, text, 0));
}

TEST_F(UserCopyTest, BadAddressesAreAnAnswer) {
  char byte[16] = {};
  for (const uint64_t bad : {uint64_t{0}, uint64_t{8}, address(4096), address(4090),
                             uint64_t{1} << 60, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    EXPECT_FALSE(CopyFromUser(byte, bad, sizeof(byte))) << std::hex << bad;
    EXPECT_FALSE(CopyToUser(bad, byte, sizeof(byte))) << std::hex << bad;
  }
  EXPECT_FALSE(IsReadable(address(4096)));
  EXPECT_TRUE(IsReadable(address(4095)));
}

TEST_F(UserCopyTest, ReadOnlyMemoryCanBeReadOnly) {
  mprotect(pages_, 4096, PROT_READ);
  char byte = 0;
  EXPECT_TRUE(CopyFromUser(&byte, address(0), 1));
  EXPECT_FALSE(CopyToUser(address(0), &byte, 1));
}

TEST_F(UserCopyTest, SwapsAtomicallyOrNotAtAll) {
  for (const size_t size : {1, 2, 4, 8, 16}) {
    uint8_t desired[16];
    uint8_t expected[16] = {};
    std::memset(desired, 0x5a, sizeof(desired));
    std::memset(pages_, 0, 32);
    EXPECT_EQ(CompareAndSwapUser(UserAddress(address(0)), size, desired, expected),
              UserSwap::kSwapped);
    EXPECT_EQ(pages_[size - 1], 0x5a);
    EXPECT_EQ(pages_[size], 0);
    EXPECT_EQ(CompareAndSwapUser(UserAddress(address(0)), size, desired, expected),
              UserSwap::kUnequal);
    EXPECT_EQ(expected[size - 1], 0x5a);
    for (const uint64_t bad : {uint64_t{0}, address(4096), uint64_t{1} << 60}) {
      EXPECT_EQ(CompareAndSwapUser(UserAddress(bad), size, desired, expected), UserSwap::kNoMemory);
    }
    // Readable, so that only the access itself tells.
    mprotect(pages_, 4096, PROT_READ);
    EXPECT_EQ(CompareAndSwapUser(UserAddress(address(0)), size, desired, expected),
              UserSwap::kNoMemory);
    mprotect(pages_, 4096, PROT_READ | PROT_WRITE);
  }
}

}  // namespace
}  // namespace hypervisor
