// What the rule s390x_guest promises of its two files.
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace {

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

uint64_t BigEndian(const std::string& bytes, size_t offset, size_t length) {
  uint64_t value = 0;
  for (size_t i = 0; i < length; ++i)
    value = value << 8 | static_cast<uint8_t>(bytes.at(offset + i));
  return value;
}

TEST(GuestFilesTest, TheElfFileIsForS390xAndEntersAt0x10000) {
  const std::string elf = Contents("tests/guests/hello.elf");

  EXPECT_EQ(elf.substr(0, 4), "\177ELF");
  EXPECT_EQ(BigEndian(elf, 18, 2), 22u) << "e_machine";
  EXPECT_EQ(BigEndian(elf, 24, 8), 0x10000u) << "e_entry";
}

TEST(GuestFilesTest, TheFlatFileStartsWithItsFirstInstructionAndHoldsItsConstants) {
  const std::string bin = Contents("tests/guests/hello.bin");

  EXPECT_EQ(BigEndian(bin, 0, 2), 0xc020u) << "LARL %r2";
  EXPECT_NE(bin.find("Hello from an s390x guest\r\n"), std::string::npos);
}

}  // namespace
