#include "ucontrol/ebcdic.h"

#include <gtest/gtest.h>

namespace ucontrol {
namespace {

TEST(EbcdicTest, WritesTheNamesThatGuestsLookFor) {
  uint8_t field[8];
  StoreEbcdic("KVM/", field, sizeof(field));
  EXPECT_EQ(std::string(field, field + 8), "\xd2\xe5\xd4\x61\x40\x40\x40\x40");
  StoreEbcdic("kvm-unit-test", field, sizeof(field));
  EXPECT_EQ(std::string(field, field + 8), "\x92\xa5\x94\x60\xa4\x95\x89\xa3");
}

TEST(EbcdicTest, IsOneToOne) {
  for (int c = 0; c < 256; ++c)
    EXPECT_EQ(FromEbcdic(ToEbcdic(static_cast<char>(c))), static_cast<char>(c));
}

TEST(EbcdicTest, DropsTrailingBlanks) {
  uint8_t field[6];
  StoreEbcdic("a b", field, sizeof(field));
  EXPECT_EQ(LoadEbcdic(field, sizeof(field)), "a b");
  EXPECT_EQ(LoadEbcdic(field, 0), "");
}

}  // namespace
}  // namespace ucontrol
