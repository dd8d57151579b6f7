#include "ucontrol/channel_subsystem/channel_program.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>

#include "tests/ucontrol/channel_subsystem/channel_guest.h"
#include "tests/ucontrol/channel_subsystem/memory_unit.h"

namespace ucontrol {
namespace {

constexpr uint8_t kEnded = Scsw::kChannelEnd | Scsw::kDeviceEnd;
constexpr uint16_t kGood =
    Scsw::kStartFunction | Scsw::kPrimary | Scsw::kSecondary | Scsw::kPending;
constexpr uint16_t kBad = kGood | Scsw::kAlert;

class ChannelProgramTest : public testing::Test {
 protected:
  ChannelProgramTest() {
    auto unit = std::make_unique<MemoryUnit>();
    unit_ = unit.get();
    std::iota(unit_->content.begin(), unit_->content.end(), uint8_t{1});
    guest_.subsystem().Attach(std::move(unit), 0);
    guest_.Enable(0);
  }

  Scsw Run(uint16_t control = Orb::kFormat1, uint32_t program = ChannelGuest::kProgram) {
    guest_.Start(0, ChannelGuest::MakeOrb(control, program));
    return guest_.Test(0);
  }

  void ExpectProgramCheck(const Scsw& scsw) {
    EXPECT_EQ(scsw.subchannel_status, Scsw::kProgramCheck);
    EXPECT_EQ(scsw.control, kBad);
  }

  ChannelGuest guest_;
  MemoryUnit* unit_;
};

TEST_F(ChannelProgramTest, SensesTheIdentityOfTheDevice) {
  const Scsw scsw = guest_.Command(0, Ccw::kSenseId, 16, 0x2000, Ccw::kSuppressLength);
  EXPECT_EQ(scsw.control, kGood);
  EXPECT_EQ(scsw.count, 16 - 7);
  const uint8_t expected[] = {0xff, 0x38, 0x32, 0x02, 0, 0, 0, 0};
  EXPECT_TRUE(std::equal(std::begin(expected), std::end(expected), guest_.storage().at(0x2000)));
}

TEST_F(ChannelProgramTest, MovesBytesBothWaysInBothFormats) {
  guest_.PutCcw1(0x1000, MemoryUnit::kRead, 0, 4, 0x2002);
  Scsw scsw = Run();
  EXPECT_EQ(scsw.control, kGood);
  EXPECT_EQ(scsw.count, 0);
  EXPECT_EQ(LoadBigEndian<uint32_t>(guest_.storage().at(0x2002)), 0x01020304u);

  StoreBigEndian<uint32_t>(guest_.storage().at(0x3000), 0xa1b2c3d4);
  guest_.PutCcw0(0x1000, MemoryUnit::kWrite, 0, 4, 0x3000);
  scsw = Run(0);
  EXPECT_EQ(scsw.control, kGood);
  EXPECT_EQ(LoadBigEndian<uint32_t>(unit_->content.data()), 0xa1b2c3d4u);
}

TEST_F(ChannelProgramTest, RejectsAnUnknownCommandAndSensesWhy) {
  Scsw scsw = guest_.Command(0, 0x77, 0, 0);
  EXPECT_EQ(scsw.device_status, Scsw::kUnitCheck);
  EXPECT_EQ(scsw.control, kBad);
  scsw = guest_.Command(0, Ccw::kBasicSense, 32, 0x2000);
  EXPECT_EQ(scsw.control, kGood);
  EXPECT_EQ(*guest_.storage().at(0x2000), 0x80);
  guest_.Command(0, Ccw::kBasicSense, 32, 0x2000);
  EXPECT_EQ(*guest_.storage().at(0x2000), 0);
}

TEST_F(ChannelProgramTest, StoresSenseBytesWithTheStatusWhereConcurrentSenseIsOn) {
  guest_.Enable(0, Pmcw::kEnabled, Pmcw::kConcurrentSense);
  const Scsw scsw = guest_.Command(0, 0x77, 0, 0);
  EXPECT_EQ(scsw.flags & (Scsw::kExtendedStatusWord | Scsw::kExtendedControl),
            Scsw::kExtendedStatusWord | Scsw::kExtendedControl);
  EXPECT_EQ(LoadBigEndian<uint32_t>(&guest_.last_irb()[16]), 0x01200000u);
  EXPECT_EQ(guest_.last_irb()[32], 0x80);
}

TEST_F(ChannelProgramTest, FollowsCommandChainingAndTransfersInChannel) {
  guest_.PutCcw1(0x1000, MemoryUnit::kRead, Ccw::kChainCommand, 1, 0x2000);
  guest_.PutCcw1(0x1008, Ccw::kTransferInChannel, 0, 0, 0x1800);
  guest_.PutCcw1(0x1800, MemoryUnit::kRead, 0, 2, 0x2010);
  const Scsw scsw = Run();
  EXPECT_EQ(scsw.control, kGood);
  EXPECT_EQ(scsw.ccw_address, 0x1808u);
  EXPECT_EQ(unit_->commands, 2);
  EXPECT_EQ(LoadBigEndian<uint16_t>(guest_.storage().at(0x2010)), 0x0102);
}

TEST_F(ChannelProgramTest, SpreadsOneCommandOverChainedData) {
  guest_.PutCcw1(0x1000, MemoryUnit::kRead, Ccw::kChainData, 3, 0x2000);
  guest_.PutCcw1(0x1008, 0, Ccw::kChainData | Ccw::kSkip, 2, 0x2100);
  guest_.PutCcw1(0x1010, 0, 0, 3, 0x2200);
  const Scsw scsw = Run();
  EXPECT_EQ(scsw.control, kGood);
  EXPECT_EQ(unit_->commands, 1);
  EXPECT_EQ(LoadBigEndian<uint32_t>(guest_.storage().at(0x2000)), 0x01020300u);
  EXPECT_EQ(LoadBigEndian<uint16_t>(guest_.storage().at(0x2100)), 0);
  EXPECT_EQ(LoadBigEndian<uint32_t>(guest_.storage().at(0x2200)), 0x06070800u);
}

TEST_F(ChannelProgramTest, AddressesIndirectlyIn2KBlocks) {
  StoreBigEndian<uint32_t>(guest_.storage().at(0x4000), 0x5000 + 2046);
  StoreBigEndian<uint32_t>(guest_.storage().at(0x4004), 0x7800);
  guest_.PutCcw1(0x1000, MemoryUnit::kRead, Ccw::kIndirectAddress, 4, 0x4000);
  EXPECT_EQ(Run().control, kGood);
  EXPECT_EQ(LoadBigEndian<uint16_t>(guest_.storage().at(0x5000 + 2046)), 0x0102);
  EXPECT_EQ(LoadBigEndian<uint16_t>(guest_.storage().at(0x7800)), 0x0304);

  StoreBigEndian<uint32_t>(guest_.storage().at(0x4004), 0x7804);
  ExpectProgramCheck(Run());
}

TEST_F(ChannelProgramTest, AddressesIndirectlyIn4KBlocksWith64Bits) {
  StoreBigEndian<uint64_t>(guest_.storage().at(0x4000), 0x5fff);
  StoreBigEndian<uint64_t>(guest_.storage().at(0x4008), 0x8000);
  guest_.PutCcw1(0x1000, MemoryUnit::kRead, Ccw::kIndirectAddress, 3, 0x4000);
  EXPECT_EQ(Run(Orb::kFormat1 | Orb::kFormat2Idaw).control, kGood);
  EXPECT_EQ(*guest_.storage().at(0x5fff), 1);
  EXPECT_EQ(LoadBigEndian<uint16_t>(guest_.storage().at(0x8000)), 0x0203);

  guest_.PutCcw1(0x1000, MemoryUnit::kRead, Ccw::kIndirectAddress, 3, 0x4004);
  ExpectProgramCheck(Run(Orb::kFormat1 | Orb::kFormat2Idaw));
}

TEST_F(ChannelProgramTest, IndicatesIncorrectLengthUnlessSuppressed) {
  Scsw scsw = guest_.Command(0, Ccw::kSenseId, 16, 0x2000, Ccw::kChainCommand);
  EXPECT_EQ(scsw.subchannel_status, Scsw::kIncorrectLength);
  EXPECT_EQ(scsw.device_status, kEnded);
  EXPECT_EQ(scsw.control, kBad);
  EXPECT_EQ(scsw.count, 9);
}

TEST_F(ChannelProgramTest, ReportsProgramControlledInterruptions) {
  const Scsw scsw = guest_.Command(0, Ccw::kNoOperation, 0, 0, Ccw::kProgramControlled);
  EXPECT_EQ(scsw.subchannel_status, Scsw::kProgramControlled);
  EXPECT_EQ(scsw.control, kGood | Scsw::kIntermediate);
}

struct BadCcw {
  std::string_view why;
  uint8_t command, flags;
  uint16_t count;
  uint32_t address;
};

TEST_F(ChannelProgramTest, ChecksFormat1Programs) {
  for (const BadCcw& bad : {
           BadCcw{"command 0", 0x00, 0, 1, 0x2000},
           BadCcw{"low nibble 0", 0x10, 0, 1, 0x2000},
           BadCcw{"transfer with high nibble", 0x18, 0, 0, 0x2000},
           BadCcw{"transfer first", 0x08, 0, 0, 0x1800},
           BadCcw{"modified indirect addressing", 0x02, Ccw::kModifiedIndirectAddress, 1, 0x2000},
           BadCcw{"suspension the ORB doesn't allow", 0x02, Ccw::kSuspend, 1, 0x2000},
           BadCcw{"32-bit address", 0x02, 0, 1, 0x80002000},
           BadCcw{"no storage", 0x02, 0, 1, 0x7f000000},
           BadCcw{"end of addresses", 0x02, 0, 2, 0x7fffffff},
           BadCcw{"chained data without a count", 0x02, Ccw::kChainData, 0, 0x2000},
           BadCcw{"indirect list unaligned", 0x02, Ccw::kIndirectAddress, 1, 0x2002},
           BadCcw{"indirect list nowhere", 0x02, Ccw::kIndirectAddress, 1, 0x7f000000},
       }) {
    SCOPED_TRACE(bad.why);
    guest_.PutCcw1(0x1000, bad.command, bad.flags, bad.count, bad.address);
    guest_.PutCcw1(0x1008, 0x03, 0, 0, 0);
    guest_.PutCcw1(0x1800, 0x03, 0, 0, 0);
    ExpectProgramCheck(Run());
  }
}

TEST_F(ChannelProgramTest, ChecksFormat0Programs) {
  guest_.PutCcw0(0x1000, MemoryUnit::kRead, 0, 0, 0x2000);
  ExpectProgramCheck(Run(0));
  guest_.PutCcw0(0x1000, MemoryUnit::kRead, 0, 2, 0xffffff);
  ExpectProgramCheck(Run(0));
}

TEST_F(ChannelProgramTest, ChecksTheAddressesOfCcws) {
  ExpectProgramCheck(Run(Orb::kFormat1, 0));
  ExpectProgramCheck(Run(Orb::kFormat1, 0x1004));
  ExpectProgramCheck(Run(Orb::kFormat1, 0x7f000000));
  ExpectProgramCheck(Run(0, 0x01001000));
}

TEST_F(ChannelProgramTest, EndsAProgramThatTransfersForEver) {
  guest_.PutCcw1(0x1000, Ccw::kNoOperation, Ccw::kChainCommand, 0, 0);
  guest_.PutCcw1(0x1008, Ccw::kTransferInChannel, 0, 0, 0x1000);
  ExpectProgramCheck(Run());
  // A transfer to a transfer is none.
  guest_.PutCcw1(0x1008, Ccw::kTransferInChannel, 0, 0, 0x1010);
  guest_.PutCcw1(0x1010, Ccw::kTransferInChannel, 0, 0, 0x1000);
  ExpectProgramCheck(Run());
}

TEST_F(ChannelProgramTest, EndsAProgramOfUnreasonableLength) {
  for (uint32_t at = 0x100000; at < 0x200000; at += 8) {
    guest_.PutCcw1(at, Ccw::kNoOperation, Ccw::kChainCommand, 0, 0);
  }
  ExpectProgramCheck(Run(Orb::kFormat1, 0x100000));
}

}  // namespace
}  // namespace ucontrol
