#include "ucontrol/channel_subsystem/channel_subsystem.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "tests/ucontrol/channel_subsystem/channel_guest.h"
#include "tests/ucontrol/channel_subsystem/memory_unit.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

class ChannelSubsystemTest : public testing::Test {
 protected:
  ChannelSubsystemTest() {
    auto unit = std::make_unique<MemoryUnit>();
    unit_ = unit.get();
    number_ = *guest_.subsystem().Attach(std::move(unit), 0x1234);
  }

  // A program of one command that always ends well.
  IoOutcome StartNoOperation() {
    guest_.PutCcw1(ChannelGuest::kProgram, Ccw::kNoOperation, 0, 0, 0);
    return guest_.Start(number_);
  }

  // A program whose second CCW asks for suspension.
  void StartSuspending() {
    guest_.PutCcw1(0x1000, Ccw::kNoOperation, Ccw::kChainCommand, 0, 0);
    guest_.PutCcw1(0x1008, Ccw::kNoOperation, Ccw::kSuspend, 0, 0);
    guest_.Start(number_, ChannelGuest::MakeOrb(Orb::kFormat1 | Orb::kSuspendControl));
  }

  ChannelGuest guest_;
  MemoryUnit* unit_;
  uint16_t number_;
  const uint64_t id_ = ChannelGuest::Id(0);
};

TEST_F(ChannelSubsystemTest, GivesDevicesTheirOwnNumbersAndRefusesATakenDeviceNumber) {
  EXPECT_EQ(number_, 0);
  EXPECT_EQ(guest_.subsystem().Attach(std::make_unique<MemoryUnit>(), 0x1235), 1);
  EXPECT_EQ(guest_.subsystem().Attach(std::make_unique<MemoryUnit>(), 0x1234), std::nullopt);
}

TEST_F(ChannelSubsystemTest, StoresTheSubchannelOfADevice) {
  Schib::Bytes bytes;
  EXPECT_EQ(guest_.subsystem().StoreSubchannel(id_, bytes), IoOutcome::Cc(0));
  EXPECT_EQ(LoadBigEndian<uint16_t>(&bytes[4]), 0x0001);  // device number valid
  EXPECT_EQ(LoadBigEndian<uint16_t>(&bytes[6]), 0x1234);
  EXPECT_EQ(bytes[11], 0x80);  // PIM
  EXPECT_EQ(bytes[15], 0x80);  // PAM
  EXPECT_EQ(guest_.subsystem().StoreSubchannel(id_ + 1, bytes), IoOutcome::Cc(3));
}

TEST_F(ChannelSubsystemTest, TellsWrongSubchannelNumbersFromMissingOnes) {
  Schib::Bytes bytes;
  const auto store = [&](uint64_t id) { return guest_.subsystem().StoreSubchannel(id, bytes); };
  EXPECT_EQ(store(0), IoOutcome::Interrupt(PgmCode::kOperand));           // the one is missing
  EXPECT_EQ(store(0x00110000), IoOutcome::Interrupt(PgmCode::kOperand));  // reserved
  EXPECT_EQ(store(0x00090000), IoOutcome::Interrupt(PgmCode::kOperand));  // m bit
  EXPECT_EQ(store(0x01010000), IoOutcome::Interrupt(PgmCode::kOperand));  // another subsystem
  EXPECT_EQ(store(0x00030000), IoOutcome::Interrupt(PgmCode::kOperand));  // set 1, not enabled
  EXPECT_EQ(store(0x00010001), IoOutcome::Cc(3));
  EXPECT_EQ(store(0xffffffff00010000), IoOutcome::Cc(0));  // the left half is ignored
}

TEST_F(ChannelSubsystemTest, ModifiesOnlyWhatAProgramMayModify) {
  Schib wanted;
  wanted.pmcw.interruption_parameter = 0xcafe;
  wanted.pmcw.flags = Pmcw::kEnabled | 5 << 11 | Pmcw::kMultipath;
  wanted.pmcw.device_number = 0x9999;
  wanted.pmcw.path_installed_mask = 0xff;
  wanted.pmcw.logical_path_mask = 0x80;
  wanted.pmcw.characteristics = Pmcw::kConcurrentSense;
  wanted.scsw.control = Scsw::kPending;
  EXPECT_EQ(guest_.subsystem().ModifySubchannel(id_, wanted.Store()), IoOutcome::Cc(0));

  Schib::Bytes bytes;
  guest_.subsystem().StoreSubchannel(id_, bytes);
  const Schib stored = Schib::Load(bytes);
  EXPECT_EQ(stored.pmcw.interruption_parameter, 0xcafeu);
  EXPECT_EQ(stored.pmcw.flags, Pmcw::kEnabled | 5 << 11 | Pmcw::kMultipath | 1);
  EXPECT_EQ(stored.pmcw.device_number, 0x1234);
  EXPECT_EQ(stored.pmcw.path_installed_mask, 0x80);
  EXPECT_EQ(stored.pmcw.characteristics, Pmcw::kConcurrentSense);
  EXPECT_EQ(stored.scsw.control, 0);
  EXPECT_TRUE(unit_->enabled);
}

TEST_F(ChannelSubsystemTest, RefusesReservedBitsInModifySubchannel) {
  const auto modify = [&](auto change) {
    Schib schib;
    change(schib);
    return guest_.subsystem().ModifySubchannel(id_, schib.Store());
  };
  const IoOutcome operand = IoOutcome::Interrupt(PgmCode::kOperand);
  EXPECT_EQ(modify([](Schib& s) { s.pmcw.flags = 0x4000; }), operand);
  EXPECT_EQ(modify([](Schib& s) { s.pmcw.flags = 0x0100; }), operand);
  EXPECT_EQ(modify([](Schib& s) { s.pmcw.characteristics = 0x8; }), operand);
  EXPECT_EQ(modify([](Schib& s) { s.pmcw.characteristics = 0x2; }), operand);
  EXPECT_EQ(modify([](Schib& s) {
              s.pmcw.characteristics = Pmcw::kMeasurementBlockFormat;
              s.measurement_block_address = 0x20;
            }),
            operand);
}

TEST_F(ChannelSubsystemTest, NeedsAnEnabledSubchannelForEveryFunction) {
  Irb::Bytes irb;
  EXPECT_EQ(StartNoOperation(), IoOutcome::Cc(3));
  EXPECT_EQ(guest_.subsystem().TestSubchannel(id_, irb), IoOutcome::Cc(3));
  EXPECT_EQ(guest_.subsystem().ClearSubchannel(id_), IoOutcome::Cc(3));
  EXPECT_EQ(guest_.subsystem().HaltSubchannel(id_), IoOutcome::Cc(3));
  EXPECT_EQ(guest_.subsystem().ResumeSubchannel(id_), IoOutcome::Cc(3));
  EXPECT_EQ(guest_.subsystem().CancelSubchannel(id_), IoOutcome::Cc(3));
}

TEST_F(ChannelSubsystemTest, InterruptsWhenAProgramEndsAndTestSubchannelClearsTheStatus) {
  guest_.Enable(number_);
  EXPECT_EQ(StartNoOperation(), IoOutcome::Cc(0));
  EXPECT_EQ(StartNoOperation(), IoOutcome::Cc(1));

  const auto interruption = guest_.interruptions().Take();
  ASSERT_TRUE(interruption);
  EXPECT_EQ(interruption->subchannel_id, 0x0001);
  EXPECT_EQ(interruption->subchannel_number, 0);
  EXPECT_EQ(interruption->parameter, ChannelGuest::kOrbParameter);
  EXPECT_EQ(interruption->word, 3u << 27);

  const Scsw scsw = guest_.Test(number_);
  EXPECT_EQ(guest_.last_test(), IoOutcome::Cc(0));
  EXPECT_EQ(scsw.control,
            Scsw::kStartFunction | Scsw::kPrimary | Scsw::kSecondary | Scsw::kPending);
  EXPECT_EQ(scsw.device_status, Scsw::kChannelEnd | Scsw::kDeviceEnd);
  EXPECT_EQ(scsw.ccw_address, 0x1008u);
  guest_.Test(number_);
  EXPECT_EQ(guest_.last_test(), IoOutcome::Cc(1));
}

TEST_F(ChannelSubsystemTest, TakesTheInterruptionBackWhenItsStatusIsTestedFirst) {
  guest_.Enable(number_);
  StartNoOperation();
  guest_.Test(number_);
  EXPECT_EQ(guest_.interruptions().Take(), std::nullopt);
}

TEST_F(ChannelSubsystemTest, DefersConditionCode3WhenNoPathIsLeft) {
  guest_.Enable(number_);
  Orb::Bytes orb = ChannelGuest::MakeOrb();
  orb[6] = 0x40;
  EXPECT_EQ(guest_.Start(number_, orb), IoOutcome::Cc(0));
  const Scsw scsw = guest_.Test(number_);
  EXPECT_EQ(scsw.flags & Scsw::kDeferredConditionCode3, Scsw::kDeferredConditionCode3);
  EXPECT_EQ(scsw.control & Scsw::kStatus, Scsw::kAlert | Scsw::kPending);
}

TEST_F(ChannelSubsystemTest, RefusesReservedBitsInAnOrb) {
  guest_.Enable(number_);
  const IoOutcome operand = IoOutcome::Interrupt(PgmCode::kOperand);
  EXPECT_EQ(guest_.Start(number_, ChannelGuest::MakeOrb(Orb::kFormat1 | Orb::kTransportMode)),
            operand);
  EXPECT_EQ(guest_.Start(number_, ChannelGuest::MakeOrb(Orb::kFormat1, 0x80001000)), operand);
  Orb::Bytes orb = ChannelGuest::MakeOrb();
  orb[7] = 0x02;
  EXPECT_EQ(guest_.Start(number_, orb), operand);
}

TEST_F(ChannelSubsystemTest, ClearSubchannelEndsAllStatus) {
  guest_.Enable(number_);
  StartNoOperation();
  EXPECT_EQ(guest_.subsystem().ClearSubchannel(id_), IoOutcome::Cc(0));
  ASSERT_TRUE(guest_.interruptions().Take());
  EXPECT_EQ(guest_.interruptions().Take(), std::nullopt);
  const Scsw scsw = guest_.Test(number_);
  EXPECT_EQ(scsw.control, Scsw::kClearFunction | Scsw::kPending);
  EXPECT_EQ(scsw.device_status, 0);
}

TEST_F(ChannelSubsystemTest, HaltSubchannelOfAnIdleDeviceLeavesStatusAlone) {
  guest_.Enable(number_);
  EXPECT_EQ(guest_.subsystem().HaltSubchannel(id_), IoOutcome::Cc(0));
  EXPECT_EQ(guest_.subsystem().HaltSubchannel(id_), IoOutcome::Cc(1));
  EXPECT_EQ(guest_.Test(number_).control, Scsw::kHaltFunction | Scsw::kPending);
}

TEST_F(ChannelSubsystemTest, SuspendsAndResumesAProgram) {
  guest_.Enable(number_);
  StartSuspending();
  Scsw scsw = guest_.Test(number_);
  EXPECT_EQ(scsw.control,
            Scsw::kStartFunction | Scsw::kSuspended | Scsw::kIntermediate | Scsw::kPending);
  EXPECT_EQ(scsw.ccw_address, 0x1010u);
  EXPECT_EQ(StartNoOperation(), IoOutcome::Cc(2));

  StartSuspending();  // cc 2; what counts is that the flag below is gone
  guest_.PutCcw1(0x1008, Ccw::kNoOperation, 0, 0, 0);
  EXPECT_EQ(guest_.subsystem().ResumeSubchannel(id_), IoOutcome::Cc(0));
  scsw = guest_.Test(number_);
  EXPECT_EQ(scsw.device_status, Scsw::kChannelEnd | Scsw::kDeviceEnd);
  EXPECT_EQ(guest_.subsystem().ResumeSubchannel(id_), IoOutcome::Cc(2));
}

TEST_F(ChannelSubsystemTest, CancelsASuspendedProgramWithoutAnInterruption) {
  guest_.Enable(number_);
  EXPECT_EQ(guest_.subsystem().CancelSubchannel(id_), IoOutcome::Cc(2));
  StartSuspending();
  EXPECT_EQ(guest_.subsystem().CancelSubchannel(id_), IoOutcome::Cc(1));
  guest_.Test(number_);
  EXPECT_EQ(guest_.subsystem().CancelSubchannel(id_), IoOutcome::Cc(0));
  EXPECT_EQ(guest_.interruptions().Take(), std::nullopt);
  EXPECT_EQ(StartNoOperation(), IoOutcome::Cc(0));
}

TEST_F(ChannelSubsystemTest, AlertsOnlyAnEnabledSubchannelWithoutStatus) {
  guest_.subsystem().Alert(number_);
  EXPECT_EQ(guest_.interruptions().Take(), std::nullopt);
  guest_.Enable(number_);
  guest_.subsystem().Alert(number_);
  guest_.subsystem().Alert(number_);
  EXPECT_TRUE(guest_.interruptions().Take());
  EXPECT_EQ(guest_.interruptions().Take(), std::nullopt);
  EXPECT_EQ(guest_.Test(number_).control, Scsw::kAlert | Scsw::kPending);
}

TEST_F(ChannelSubsystemTest, ReportsAnAttachedDeviceAndAResetPath) {
  int announced = 0;
  guest_.subsystem().SetReportListener([&] { ++announced; });
  guest_.subsystem().Announce(*guest_.subsystem().Attach(std::make_unique<MemoryUnit>(), 0x1235));
  EXPECT_EQ(guest_.subsystem().ResetChannelPath(0), IoOutcome::Cc(0));
  EXPECT_EQ(announced, 1);
  uint32_t word = 0;
  EXPECT_EQ(guest_.subsystem().StoreChannelReportWord(word), IoOutcome::Cc(0));
  EXPECT_EQ(word & 0xff00ffff, 0x03000001u);
  EXPECT_EQ(guest_.subsystem().StoreChannelReportWord(word), IoOutcome::Cc(0));
  EXPECT_EQ(word & 0xff00ffff, 0x04000000u);
  EXPECT_EQ(guest_.subsystem().StoreChannelReportWord(word), IoOutcome::Cc(1));
  EXPECT_EQ(word, 0u);
  EXPECT_EQ(guest_.subsystem().ResetChannelPath(0), IoOutcome::Cc(0));
  EXPECT_EQ(announced, 2);
  EXPECT_EQ(guest_.subsystem().ResetChannelPath(1), IoOutcome::Cc(3));
  EXPECT_EQ(guest_.subsystem().ResetChannelPath(0x100), IoOutcome::Interrupt(PgmCode::kOperand));
}

TEST_F(ChannelSubsystemTest, NotifiesTheQueueOfAnEnabledDevice) {
  EXPECT_EQ(guest_.subsystem().Notify(id_, 0, 7), -EINVAL);
  guest_.Enable(number_);
  EXPECT_EQ(guest_.subsystem().Notify(id_, 0, 7), 7);
  EXPECT_EQ(guest_.subsystem().Notify(id_, 1, 7), -EINVAL);
  EXPECT_EQ(guest_.subsystem().Notify(id_ + 1, 0, 7), -EINVAL);
  EXPECT_EQ(unit_->notified, (std::vector<uint32_t>{0, 1}));
}

TEST_F(ChannelSubsystemTest, ResetBringsBackTheStateAfterPowerOn) {
  guest_.Enable(number_);
  StartNoOperation();
  guest_.subsystem().Reset();
  EXPECT_EQ(guest_.interruptions().Take(), std::nullopt);
  EXPECT_EQ(unit_->resets, 1);
  EXPECT_FALSE(unit_->enabled);
  Schib::Bytes bytes;
  guest_.subsystem().StoreSubchannel(id_, bytes);
  EXPECT_EQ(Schib::Load(bytes).pmcw.flags, Pmcw::kDeviceNumberValid);
  EXPECT_EQ(Schib::Load(bytes).scsw.control, 0);
}

}  // namespace
}  // namespace ucontrol
