#include "ucontrol/boot/boot_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/boot/elf.h"
#include "ucontrol/boot/linux_kernel.h"

namespace ucontrol {
namespace {

using hypervisor::Psw;

constexpr uint64_t kSize = 16 << 20;

std::vector<uint8_t> Kernel(uint64_t command_line_limit = 0) {
  std::vector<uint8_t> image(0x12000, 0x11);
  const std::string magic("S390EP\0\1", 8);
  std::copy(magic.begin(), magic.end(), image.begin() + 0x10008);
  StoreBigEndian<uint64_t>(&image[0x10430], command_line_limit);
  StoreBigEndian<uint64_t>(&image[0x10408], 0);
  StoreBigEndian<uint64_t>(&image[0x10410], 0);
  return image;
}

std::vector<uint8_t> Elf(uint64_t address, uint64_t file_size, uint64_t storage_size) {
  std::vector<uint8_t> file(64 + 56, 0);
  const std::string identification("\177ELF\2\2\1", 7);
  std::copy(identification.begin(), identification.end(), file.begin());
  StoreBigEndian<uint16_t>(&file[16], 2);
  StoreBigEndian<uint16_t>(&file[18], 22);
  StoreBigEndian<uint64_t>(&file[24], address);
  StoreBigEndian<uint64_t>(&file[32], 64);
  StoreBigEndian<uint16_t>(&file[54], 56);
  StoreBigEndian<uint16_t>(&file[56], 1);
  StoreBigEndian<uint32_t>(&file[64], 1);
  StoreBigEndian<uint64_t>(&file[64 + 8], 120);
  StoreBigEndian<uint64_t>(&file[64 + 24], address);
  StoreBigEndian<uint64_t>(&file[64 + 32], file_size);
  StoreBigEndian<uint64_t>(&file[64 + 40], storage_size);
  file.resize(file.size() + file_size, 0x22);
  return file;
}

class BootImageTest : public ::testing::Test {
 protected:
  absl::StatusCode CodeOf(const Program& program) {
    return LoadProgram(storage_, program).status().code();
  }
  uint64_t DoublewordAt(uint64_t address) { return LoadBigEndian<uint64_t>(storage_.at(address)); }

  StorageOfBytes storage_{kSize};
};

TEST_F(BootImageTest, StartsLinuxWithItsCommandLineAndInitrd) {
  const auto kernel = Kernel(4096);
  const std::vector<uint8_t> initrd(5000, 0x33);
  const auto psw =
      LoadProgram(storage_, {.image = kernel, .initrd = initrd, .command_line = "console=ttyS1"});
  ASSERT_TRUE(psw.ok()) << psw.status();
  EXPECT_EQ(*psw, (Psw{0x0000000180000000, 0x10000}));
  EXPECT_EQ(*storage_.at(0x11fff), 0x11);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(storage_.at(0x10480))), "console=ttyS1");
  EXPECT_EQ(DoublewordAt(0x10408), 0x800000u);
  EXPECT_EQ(DoublewordAt(0x10410), 5000u);
  EXPECT_EQ(*storage_.at(0x800000 + 4999), 0x33);
  EXPECT_EQ(*storage_.at(0x800000 + 5000), 0);
}

TEST_F(BootImageTest, KeepsTheInitrdAMegabyteBehindALargeKernel) {
  auto kernel = Kernel();
  kernel.resize(0x800001);
  const std::vector<uint8_t> initrd(1);
  ASSERT_TRUE(LoadProgram(storage_, {.image = kernel, .initrd = initrd, .command_line = {}}).ok());
  EXPECT_EQ(DoublewordAt(0x10408), 0xa00000u);
}

TEST_F(BootImageTest, LeavesTheInitrdFieldsAloneWithoutOne) {
  ASSERT_TRUE(LoadProgram(storage_, {.image = Kernel(), .initrd = {}, .command_line = {}}).ok());
  EXPECT_EQ(DoublewordAt(0x10408), 0u);
  EXPECT_EQ(*storage_.at(0x10480), 0);
}

TEST_F(BootImageTest, RefusesACommandLineThatTheKernelWouldCut) {
  const std::string line(896, 'x');
  EXPECT_EQ(CodeOf({.image = Kernel(), .initrd = {}, .command_line = line}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf({.image = Kernel(), .initrd = {}, .command_line = line.substr(1)}),
            absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf({.image = Kernel(897), .initrd = {}, .command_line = line}),
            absl::StatusCode::kOk);
}

TEST_F(BootImageTest, BoundsACommandLineByStorageWhateverTheKernelClaims) {
  StorageOfBytes small(0x12000);
  const std::string line(0x2000, 'x');
  EXPECT_EQ(LoadProgram(small, {.image = Kernel(~uint64_t{0}), .initrd = {}, .command_line = line})
                .status()
                .code(),
            absl::StatusCode::kOutOfRange);
}

TEST_F(BootImageTest, RefusesWhatDoesNotFitIntoStorage) {
  StorageOfBytes small(0x11fff);
  EXPECT_EQ(
      LoadProgram(small, {.image = Kernel(), .initrd = {}, .command_line = {}}).status().code(),
      absl::StatusCode::kOutOfRange);
  const std::vector<uint8_t> initrd(kSize - 0x800000 + 1);
  EXPECT_EQ(CodeOf({.image = Kernel(), .initrd = initrd, .command_line = {}}),
            absl::StatusCode::kOutOfRange);
}

TEST_F(BootImageTest, LoadsElfSegmentsAndZeroesTheirRest) {
  std::fill(storage_.bytes().begin(), storage_.bytes().end(), uint8_t{0xff});
  const auto psw =
      LoadProgram(storage_, {.image = Elf(0x20000, 16, 32), .initrd = {}, .command_line = {}});
  ASSERT_TRUE(psw.ok()) << psw.status();
  EXPECT_EQ(*psw, (Psw{0x0000000180000000, 0x20000}));
  EXPECT_EQ(DoublewordAt(0x20008), 0x2222222222222222u);
  EXPECT_EQ(DoublewordAt(0x20010), 0u);
  EXPECT_EQ(DoublewordAt(0x20020), ~uint64_t{0});
  EXPECT_EQ(*storage_.at(0x10480), 0xff);
}

TEST_F(BootImageTest, PassesArgumentsToElfThatBeginsWhereLinuxDoes) {
  ASSERT_TRUE(
      LoadProgram(storage_, {.image = Elf(0x10000, 16, 16), .initrd = {}, .command_line = "-v"})
          .ok());
  EXPECT_EQ(std::string(reinterpret_cast<char*>(storage_.at(0x10480))), "-v");
}

TEST_F(BootImageTest, RefusesElfThatBreaksItsFormat) {
  const auto good = Elf(0x20000, 16, 32);
  const auto refuses = [&](size_t offset, std::vector<uint8_t> bytes) {
    auto file = good;
    std::copy(bytes.begin(), bytes.end(), file.begin() + offset);
    return CodeOf({.image = file, .initrd = {}, .command_line = {}});
  };
  const std::vector<uint8_t> ones(8, 0xff);
  EXPECT_EQ(refuses(4, {1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(5, {1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(16, {0, 1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(18, {0, 62}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(24, ones), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(32, ones), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(54, {0, 64}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(56, {0, 0}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(56, {0xff, 0xff}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(72, ones), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(96, ones), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(104, {0, 0, 0, 0, 0, 0, 0, 15}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refuses(88, ones), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(refuses(104, ones), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(CodeOf({.image = FileBytes(good).first(63), .initrd = {}, .command_line = {}}),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(BootImageTest, StartsAFlatImageAtItsShortPsw) {
  std::vector<uint8_t> image(0x11000, 0x44);
  StoreBigEndian<uint64_t>(&image[0], 0x0008000080010000);
  const auto psw = LoadProgram(storage_, {.image = image, .initrd = {}, .command_line = "a b"});
  ASSERT_TRUE(psw.ok()) << psw.status();
  EXPECT_EQ(*psw, (Psw{0x0000000080000000, 0x10000}));
  EXPECT_EQ(std::string(reinterpret_cast<char*>(storage_.at(0x10480))), "a b");
}

TEST_F(BootImageTest, RefusesAFlatImageWithoutAShortPsw) {
  const std::vector<uint8_t> image(4096, 0);
  EXPECT_EQ(CodeOf({.image = image, .initrd = {}, .command_line = {}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf({.image = {}, .initrd = {}, .command_line = {}}),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(BootImageTest, MakesAShortPswInvalidIfItsBit12IsZero) {
  StoreBigEndian<uint64_t>(storage_.at(0), 0x0000000080001000);
  EXPECT_FALSE(LoadShortPsw(storage_)->IsValid());
  StoreBigEndian<uint64_t>(storage_.at(0), 0x0008000180001000);
  EXPECT_EQ(*LoadShortPsw(storage_), (Psw{0x0000000180000000, 0x1000}));
}

}  // namespace
}  // namespace ucontrol
