#include "ucontrol/service_call/service_call.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/ebcdic.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

constexpr uint64_t kSize = 2 << 20;
constexpr uint64_t kSccb = 0x5000;
constexpr uint32_t kPrefix = 0x8000;
constexpr uint32_t kReadInfo = 0x00120001;
constexpr uint32_t kReadCpus = 0x00010001;
constexpr uint32_t kReadEvent = 0x00770005;
constexpr uint32_t kWriteEvent = 0x00760005;
constexpr uint32_t kWriteMask = 0x00780005;

class ServiceCallTest : public ::testing::Test {
 protected:
  ServiceCallTest()
      : service_({.storage = storage_,
                  .interruptions = sink_,
                  .machine = machine_,
                  .ascii_console = &ascii_,
                  .line_mode_console = &lines_}) {
    machine_.storage_size = kSize;
    machine_.cpu_addresses = {0, 1};
    machine_.cpu_limit = 4;
  }

  void StoreHeader(uint64_t at, uint16_t length, uint8_t function = 0, uint8_t variable = 0) {
    std::fill_n(storage_.at(at), length, uint8_t{0xee});
    std::fill_n(storage_.at(at), 8, uint8_t{0});
    StoreBigEndian<uint16_t>(storage_.at(at), length);
    *storage_.at(at + 2) = function;
    *storage_.at(at + 5) = variable;
  }
  uint16_t ResponseAt(uint64_t at) { return LoadBigEndian<uint16_t>(storage_.at(at + 6)); }
  uint16_t Call(uint32_t command) {
    EXPECT_EQ(service_.Execute(command, kSccb, kPrefix), PgmCode::kNone);
    return ResponseAt(kSccb);
  }
  uint16_t WriteMask(uint64_t receive, uint16_t length = 8) {
    StoreHeader(kSccb, static_cast<uint16_t>(12 + 4 * length));
    StoreBigEndian<uint16_t>(storage_.at(kSccb + 10), length);
    for (int i = 0; i < length; ++i) {
      *storage_.at(kSccb + 12 + i) = i < 8 ? static_cast<uint8_t>(receive >> (56 - 8 * i)) : 0;
    }
    return Call(kWriteMask);
  }
  uint16_t Send(uint8_t type, const std::vector<uint8_t>& event) {
    StoreHeader(kSccb, static_cast<uint16_t>(14 + event.size()));
    StoreBigEndian<uint16_t>(storage_.at(kSccb + 8), static_cast<uint16_t>(6 + event.size()));
    *storage_.at(kSccb + 10) = type;
    *storage_.at(kSccb + 11) = 0;
    std::copy(event.begin(), event.end(), storage_.at(kSccb + 14));
    return Call(kWriteEvent);
  }
  std::string OutputOf(Console& console) {
    const auto output = console.OpenReader(0)->Read(1 << 20, absl::InfinitePast());
    return output ? output->characters : "";
  }
  void Type(Console& console, std::string_view text) {
    const auto writer = console.OpenWriter();
    ASSERT_TRUE(writer.ok());
    ASSERT_EQ((*writer)->Write(text, absl::InfiniteFuture()), text.size());
  }

  StorageOfBytes storage_{kSize};
  RecordedInterruptions sink_;
  MachineDescription machine_;
  Console ascii_;
  Console lines_;
  ServiceCall service_;
};

TEST_F(ServiceCallTest, RefusesAddressesInTheOrderOfTheArchitecture) {
  StoreHeader(kSccb, 8);
  EXPECT_EQ(service_.Execute(kReadInfo, kSize, kPrefix), PgmCode::kAddressing);
  EXPECT_EQ(service_.Execute(kReadInfo, kSize + 4, kPrefix), PgmCode::kAddressing);
  EXPECT_EQ(service_.Execute(kReadInfo, ~uint64_t{0}, kPrefix), PgmCode::kAddressing);
  EXPECT_EQ(service_.Execute(kReadInfo, 0x1ff8, kPrefix), PgmCode::kSpecification);
  EXPECT_EQ(service_.Execute(kReadInfo, kPrefix + 0x1ff8, kPrefix), PgmCode::kSpecification);
  EXPECT_EQ(service_.Execute(kReadInfo, kSccb + 4, kPrefix), PgmCode::kSpecification);
  StoreHeader(kSccb, 7);
  EXPECT_EQ(service_.Execute(kReadInfo, kSccb, kPrefix), PgmCode::kSpecification);
  StoreHeader(kSize - 8, 8);
  StoreBigEndian<uint16_t>(storage_.at(kSize - 8), 16);
  EXPECT_EQ(service_.Execute(kReadInfo, kSize - 8, kPrefix), PgmCode::kAddressing);
  EXPECT_TRUE(sink_.service_signals.empty());
}

TEST_F(ServiceCallTest, AnswersAnUnknownCommandBeforeItLooksAtTheLength) {
  StoreHeader(kSccb, 8192);
  EXPECT_EQ(Call(0xdead0001), 0x01f0);
  EXPECT_EQ(Call(0x00030001), 0x01f0);
  EXPECT_EQ(sink_.service_signals, (std::vector<uint32_t>{kSccb, kSccb}));
}

TEST_F(ServiceCallTest, IgnoresTheParameterByteOfACommand) {
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadInfo | 0x5a00), 0x0010);
}

TEST_F(ServiceCallTest, RefusesABlockThatCrossesAPage) {
  for (uint32_t command : {kReadInfo, kReadCpus, kWriteEvent, kReadEvent, kWriteMask}) {
    StoreHeader(kSccb, 4097);
    EXPECT_EQ(Call(command), 0x0100);
  }
  StoreHeader(kSccb + 0xff8, 16);
  EXPECT_EQ(service_.Execute(kWriteEvent, kSccb + 0xff8, kPrefix), PgmCode::kNone);
  EXPECT_EQ(ResponseAt(kSccb + 0xff8), 0x0100);
}

TEST_F(ServiceCallTest, LetsReadScpInfoCrossAPageWithFacility140) {
  machine_.facilities.Set(140, true);
  StoreHeader(kSccb, 8192);
  EXPECT_EQ(Call(kReadInfo), 0x0010);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 18)), 144);
  EXPECT_EQ(*storage_.at(kSccb + 134), 0x80);
  EXPECT_EQ(*storage_.at(kSccb + 160), 1);
}

TEST_F(ServiceCallTest, DescribesMoreCpusThanAPageHoldsWithFacility140) {
  machine_.facilities.Set(140, true);
  machine_.cpu_addresses.clear();
  for (uint16_t address = 0; address < 255; ++address) machine_.cpu_addresses.push_back(address);
  constexpr uint16_t kNeeded = 144 + 255 * 16;
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadInfo), 0x0300);
  StoreHeader(kSccb, 4096, /*function=*/0, /*variable=*/0x80);
  EXPECT_EQ(Call(kReadInfo), 0x0300);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb)), kNeeded);
  StoreHeader(kSccb, kNeeded);
  EXPECT_EQ(Call(kReadInfo), 0x0010);
  EXPECT_EQ(*storage_.at(kSccb + kNeeded - 16), 254);
  StoreHeader(kSccb, 3 * 4096);
  EXPECT_EQ(Call(kReadCpus), 0x0010);
  EXPECT_EQ(*storage_.at(kSccb + 24 + 254 * 16), 254);
  // Events stay within a page.
  StoreHeader(kSccb, 4097);
  EXPECT_EQ(Call(kReadEvent), 0x0100);
}

TEST_F(ServiceCallTest, ReportsEnhancedSuppressionOnProtection) {
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadInfo), 0x0010);
  EXPECT_EQ(*storage_.at(kSccb + 80), 0);
  EXPECT_EQ(*storage_.at(kSccb + 85), 0);
  machine_.facilities.Set(75, true);
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadInfo), 0x0010);
  EXPECT_EQ(*storage_.at(kSccb + 80), 0x20);
  EXPECT_EQ(*storage_.at(kSccb + 85), 0x02);
}

TEST_F(ServiceCallTest, ReportsStorageAndCpus) {
  StoreHeader(kSccb, 4096);
  ASSERT_EQ(Call(kReadInfo), 0x0010);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 8)), 2);
  EXPECT_EQ(*storage_.at(kSccb + 10), 1);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 16)), 2);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 18)), 128);
  EXPECT_EQ(LoadBigEndian<uint64_t>(storage_.at(kSccb + 48)), 0x0800000000000000u);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 120)), 3);
  EXPECT_EQ(*storage_.at(kSccb + 128), 0);
  EXPECT_EQ(*storage_.at(kSccb + 144), 1);
  EXPECT_EQ(*storage_.at(kSccb + 4095), 0);

  StoreHeader(kSccb, 4096);
  ASSERT_EQ(Call(kReadCpus), 0x0010);
  EXPECT_EQ(LoadBigEndian<uint32_t>(storage_.at(kSccb + 8)), 0x00020018u);
  EXPECT_EQ(LoadBigEndian<uint32_t>(storage_.at(kSccb + 12)), 0x00000038u);
  EXPECT_EQ(*storage_.at(kSccb + 40), 1);
}

TEST_F(ServiceCallTest, WantsRoomForEveryCpu) {
  StoreHeader(kSccb, 159);
  EXPECT_EQ(Call(kReadInfo), 0x0300);
  StoreHeader(kSccb, 160);
  EXPECT_EQ(Call(kReadInfo), 0x0010);
  StoreHeader(kSccb, 55);
  EXPECT_EQ(Call(kReadCpus), 0x0300);
  StoreHeader(kSccb, 56);
  EXPECT_EQ(Call(kReadCpus), 0x0010);
}

TEST_F(ServiceCallTest, TellsWhatItExchanges) {
  ASSERT_EQ(WriteMask(0), 0x0020);
  EXPECT_EQ(LoadBigEndian<uint64_t>(storage_.at(kSccb + 28)), 0x4080004000000000u);
  EXPECT_EQ(LoadBigEndian<uint64_t>(storage_.at(kSccb + 36)), 0x8000004800000000u);
  ASSERT_EQ(WriteMask(0, 4), 0x0020);
  EXPECT_EQ(LoadBigEndian<uint32_t>(storage_.at(kSccb + 20)), 0x40800040u);
  EXPECT_EQ(LoadBigEndian<uint32_t>(storage_.at(kSccb + 24)), 0x80000048u);
  ASSERT_EQ(WriteMask(0, 1021), 0x0020);
  EXPECT_EQ(*storage_.at(kSccb + 12 + 4 * 1021 - 1), 0);
}

TEST_F(ServiceCallTest, RefusesMasksOfImpossibleLength) {
  EXPECT_EQ(WriteMask(0, 0), 0x74f0);
  StoreHeader(kSccb, 4096);
  StoreBigEndian<uint16_t>(storage_.at(kSccb + 10), 1022);
  EXPECT_EQ(Call(kWriteMask), 0x74f0);
  StoreHeader(kSccb, 43);
  StoreBigEndian<uint16_t>(storage_.at(kSccb + 10), 8);
  EXPECT_EQ(Call(kWriteMask), 0x0300);
  StoreHeader(kSccb, 11);
  EXPECT_EQ(Call(kWriteMask), 0x0300);
}

TEST_F(ServiceCallTest, WritesTheAsciiConsole) {
  EXPECT_EQ(Send(0x1a, {'H', 'i', '\n'}), 0x0020);
  EXPECT_EQ(*storage_.at(kSccb + 11), 0x80);
  EXPECT_EQ(OutputOf(ascii_), "Hi\n");
}

TEST_F(ServiceCallTest, WritesTheLineModeConsole) {
  std::vector<uint8_t> block = {0, 12, 0, 1, 0xd4, 0xc4, 0xc2, 0x40, 0, 0, 0, 1,
                                0, 6,  0, 1, 0,    0,  // a general object
                                0, 12, 0, 4, 0x10, 0,    0,    0,    0, 0, 0, 0};
  block[28] = ToEbcdic('H');
  block[29] = ToEbcdic('i');
  block[1] = static_cast<uint8_t>(block.size());
  EXPECT_EQ(Send(0x02, block), 0x0020);
  EXPECT_EQ(Send(0x09, block), 0x0020);
  EXPECT_EQ(OutputOf(lines_), "Hi\nHi\n");
}

TEST_F(ServiceCallTest, RefusesEventsItDoesNotAcceptAndBuffersThatDoNotFit) {
  EXPECT_EQ(Send(0x0c, {1, 2}), 0x40f0);
  EXPECT_EQ(Send(0x1d, {1, 2}), 0x40f0);
  StoreHeader(kSccb, 16, /*function=*/1);
  EXPECT_EQ(Call(kWriteEvent), 0x40f0);
  StoreHeader(kSccb, 13);
  EXPECT_EQ(Call(kWriteEvent), 0x0300);
  StoreHeader(kSccb, 16);
  StoreBigEndian<uint16_t>(storage_.at(kSccb + 8), 5);
  EXPECT_EQ(Call(kWriteEvent), 0x73f0);
  StoreBigEndian<uint16_t>(storage_.at(kSccb + 8), 9);
  EXPECT_EQ(Call(kWriteEvent), 0x73f0);
  StoreBigEndian<uint16_t>(storage_.at(kSccb + 8), 7);
  EXPECT_EQ(Call(kWriteEvent), 0x73f0);
  EXPECT_EQ(OutputOf(ascii_), "");
}

TEST_F(ServiceCallTest, SignalsInputOnlyToAGuestThatReceivesIt) {
  Type(ascii_, "early");
  EXPECT_TRUE(sink_.service_signals.empty());
  WriteMask(0x0000004000000000);
  EXPECT_EQ(sink_.service_signals, (std::vector<uint32_t>{kSccb | 1}));

  StoreHeader(kSccb, 4096, /*function=*/0, /*variable=*/0x80);
  EXPECT_EQ(Call(kReadEvent), 0x0020);
  EXPECT_EQ(sink_.service_signals.back(), kSccb);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb)), 8 + 6 + 1 + 5);
  EXPECT_EQ(*storage_.at(kSccb + 5), 0);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 8)), 12);
  EXPECT_EQ(*storage_.at(kSccb + 10), 0x1a);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(storage_.at(kSccb + 14)), 6),
            std::string("\0early", 6));

  Type(ascii_, "x");
  EXPECT_EQ(sink_.service_signals.back(), 1u);
}

TEST_F(ServiceCallTest, ReadsOnlyWhatIsSelected) {
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadEvent), 0x60f0);
  StoreHeader(kSccb, 4096, /*function=*/1);
  EXPECT_EQ(Call(kReadEvent), 0x70f0);
  WriteMask(0x0000004000000000);
  Type(ascii_, "x");
  StoreHeader(kSccb, 4096, /*function=*/1);
  StoreBigEndian<uint64_t>(storage_.at(kSccb + 16), 0x0000004800000000);
  EXPECT_EQ(Call(kReadEvent), 0x70f0);
  StoreBigEndian<uint64_t>(storage_.at(kSccb + 16), 0);
  EXPECT_EQ(Call(kReadEvent), 0x60f0);
  StoreBigEndian<uint64_t>(storage_.at(kSccb + 16), 0x0000004000000000);
  EXPECT_EQ(Call(kReadEvent), 0x0020);
  StoreHeader(kSccb, 4096, /*function=*/2);
  EXPECT_EQ(Call(kReadEvent), 0x40f0);
  StoreHeader(kSccb, 4095);
  EXPECT_EQ(Call(kReadEvent), 0x0300);
}

TEST_F(ServiceCallTest, TakesInputThatFillsTheBlockInPieces) {
  WriteMask(0x0000004000000000);
  Type(ascii_, std::string(4096, 'x'));
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadEvent), 0x0020);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 8)), 4088);
  EXPECT_EQ(sink_.service_signals.back(), kSccb | 1);
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadEvent), 0x0020);
  EXPECT_EQ(LoadBigEndian<uint16_t>(storage_.at(kSccb + 8)), 7 + 4096 - 4081);
  EXPECT_EQ(sink_.service_signals.back(), kSccb);
}

TEST_F(ServiceCallTest, SendsALineAsAnOperatorCommand) {
  WriteMask(0x8000000000000000);
  Type(lines_, "l");
  EXPECT_EQ(sink_.service_signals.back(), kSccb);
  Type(lines_, "s\n");
  EXPECT_EQ(sink_.service_signals.back(), 1u);
  StoreHeader(kSccb, 4096);
  ASSERT_EQ(Call(kReadEvent), 0x0020);
  const std::vector<uint8_t> event(storage_.at(kSccb + 8), storage_.at(kSccb + 8 + 24));
  EXPECT_EQ(event,
            (std::vector<uint8_t>{
                0, 24, 0x01, 0,    0, 0,    0, 18,   0x13,          0x10,         0, 14, 0x12, 0x12,
                0, 10, 0x13, 0x20, 6, 0x31, 4, 0x30, ToEbcdic('l'), ToEbcdic('s')}));
}

TEST_F(ServiceCallTest, AsksToShutDownOnlyAGuestThatListens) {
  EXPECT_FALSE(service_.RequestQuiesce());
  WriteMask(0x0000000800000000);
  EXPECT_TRUE(service_.RequestQuiesce());
  EXPECT_EQ(sink_.service_signals.back(), 1u);
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadEvent), 0x0020);
  EXPECT_EQ(LoadBigEndian<uint32_t>(storage_.at(kSccb + 8)), 0x00091d00u);
  StoreHeader(kSccb, 4096);
  EXPECT_EQ(Call(kReadEvent), 0x60f0);
}

TEST_F(ServiceCallTest, ForgetsTheMasksAtReset) {
  WriteMask(0x0000004800000000);
  service_.Reset();
  sink_.service_signals.clear();
  Type(ascii_, "x");
  EXPECT_FALSE(service_.RequestQuiesce());
  EXPECT_TRUE(sink_.service_signals.empty());
}

TEST(StorageIncrementsTest, CoverTheStorageExactly) {
  for (uint64_t mebibytes :
       {1u, 16u, 1023u, 1024u, 3072u, 65535u, 65536u, 1u << 20, (1u << 24) + 1}) {
    const auto increments = StorageIncrements::Of(mebibytes << 20);
    EXPECT_EQ(increments.count * increments.mebibytes, mebibytes);
    EXPECT_LE(increments.mebibytes, 128u);
  }
}

TEST(MessageTextTest, IsEmptyForABlockThatIsNone) {
  EXPECT_EQ(MessageText({}), "");
  const std::vector<uint8_t> wrong_tag = {0, 12, 0, 1, 0xd4, 0xc4, 0xc2, 0x41, 0, 0, 0, 1};
  EXPECT_EQ(MessageText(wrong_tag), "");
  const std::vector<uint8_t> too_long = {0, 13, 0, 1, 0xd4, 0xc4, 0xc2, 0x40, 0, 0, 0, 1};
  EXPECT_EQ(MessageText(too_long), "");
  const std::vector<uint8_t> empty_object = {0, 16, 0, 1, 0xd4, 0xc4, 0xc2, 0x40,
                                             0, 0,  0, 1, 0,    0,    0,    4};
  EXPECT_EQ(MessageText(empty_object), "");
}

}  // namespace
}  // namespace ucontrol
