#include "ucontrol/channel_subsystem/subsystem_call.h"

#include <gtest/gtest.h>

#include <array>

#include "ucontrol/big_endian.h"

namespace ucontrol {
namespace {

class SubsystemCallTest : public testing::Test {
 protected:
  // The response code to `command` with a request of `length` bytes.
  uint16_t Call(uint16_t command, uint16_t length) {
    StoreBigEndian<uint16_t>(&block_[0], length);
    StoreBigEndian<uint16_t>(&block_[2], command);
    const IoOutcome outcome = AnswerSubsystemCall(block_, installed_, subchannel_sets_);
    EXPECT_EQ(outcome, IoOutcome::Cc(0));
    return LoadBigEndian<uint16_t>(&block_[length + 2]);
  }

  std::array<uint8_t, 4096> block_{};
  bool installed_ = true;
  bool subchannel_sets_ = false;
};

TEST_F(SubsystemCallTest, RefusesRequestsThatCantBeOne) {
  for (const uint16_t length : {0, 8, 12, 17, 4090, 4096, 65535}) {
    StoreBigEndian<uint16_t>(&block_[0], length);
    EXPECT_EQ(AnswerSubsystemCall(block_, true, subchannel_sets_),
              IoOutcome::Interrupt(hypervisor::PgmCode::kOperand))
        << length;
  }
}

TEST_F(SubsystemCallTest, SaysThatItDoesntKnowACommand) {
  for (const uint16_t command : {0x0033, 0x0034, 0x004c, 0xffff}) {
    EXPECT_EQ(Call(command, 0x10), 0x0004) << command;
    EXPECT_EQ(LoadBigEndian<uint16_t>(&block_[0x10]), 8);
  }
}

TEST_F(SubsystemCallTest, StoresCharacteristicsThatFillTheBlock) {
  EXPECT_EQ(Call(0x0010, 0x10), 0x0001);
  EXPECT_EQ(LoadBigEndian<uint16_t>(&block_[0x10]), 4080);
  EXPECT_EQ(LoadBigEndian<uint32_t>(&block_[0x18]), 0x03000000u);
  EXPECT_EQ(Call(0x0010, 0x18), 0x0003);
}

TEST_F(SubsystemCallTest, EnablesSubchannelSets) {
  StoreBigEndian<uint16_t>(&block_[6], 2);
  EXPECT_EQ(Call(0x0031, 0x400), 0x0001);
  EXPECT_TRUE(subchannel_sets_);
  StoreBigEndian<uint16_t>(&block_[6], 0);
  EXPECT_EQ(Call(0x0031, 0x400), 0x0101);
}

TEST_F(SubsystemCallTest, DescribesTheOneChannelPath) {
  StoreBigEndian<uint32_t>(&block_[4], 0);
  StoreBigEndian<uint32_t>(&block_[8], 0xff);
  EXPECT_EQ(Call(0x0002, 0x10), 0x0001);
  EXPECT_EQ(LoadBigEndian<uint16_t>(&block_[0x10]), 16);
  EXPECT_EQ(LoadBigEndian<uint32_t>(&block_[0x18]), 0x80003200u);

  StoreBigEndian<uint32_t>(&block_[4], 1);  // from path 1 on: none
  EXPECT_EQ(Call(0x0002, 0x10), 0x0001);
  EXPECT_EQ(LoadBigEndian<uint16_t>(&block_[0x10]), 8);
  StoreBigEndian<uint32_t>(&block_[4], 0x00010000);  // another subsystem
  EXPECT_EQ(Call(0x0002, 0x10), 0x0008);
  StoreBigEndian<uint32_t>(&block_[4], 0x00000200);  // a format that isn't there
  EXPECT_EQ(Call(0x0002, 0x10), 0x0003);
}

TEST_F(SubsystemCallTest, HasNoEvents) {
  EXPECT_EQ(Call(0x000e, 0x10), 0x0005);
}

}  // namespace
}  // namespace ucontrol
