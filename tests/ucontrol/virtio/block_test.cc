#include "ucontrol/virtio/block.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "tests/ucontrol/virtio/driver_side.h"

namespace ucontrol::virtio {
namespace {

constexpr uint32_t kIn = 0, kOut = 1, kFlush = 4, kSerial = 8, kDiscard = 11, kWriteZeroes = 13;
constexpr uint8_t kOk = 0, kError = 1, kUnsupported = 2;

// A driver that has one request at a time under way, in the slot `slot` of its storage.
class DiskDriver : public DriverSide {
 public:
  static constexpr uint64_t kSlot = 0x10000;

  explicit DiskDriver(std::unique_ptr<Block> disk) : DriverSide(std::move(disk)) {}

  uint64_t header(uint16_t slot = 0) { return kBuffers + slot * kSlot; }
  uint64_t status(uint16_t slot = 0) { return header(slot) + 16; }
  uint64_t bytes(uint16_t slot = 0) { return header(slot) + 0x1000; }

  void PutHeader(uint32_t type, uint64_t sector, uint16_t slot = 0) {
    Store<uint32_t>(order(), at(header(slot)), type);
    Store<uint32_t>(order(), at(header(slot) + 4), 0);
    Store<uint64_t>(order(), at(header(slot) + 8), sector);
    *at(status(slot)) = 0xee;
  }
  void OfferTransfer(uint32_t type, uint64_t sector, uint32_t length, uint16_t slot = 0) {
    PutHeader(type, sector, slot);
    std::vector<Buffer> buffers{{header(slot), 16}};
    if (length) buffers.push_back({bytes(slot), length, type != kOut && type < kDiscard});
    buffers.push_back({status(slot), 1, true});
    OfferIndirect(0, buffers, slot);
  }
  // The status it ended with.
  uint8_t Do(uint32_t type, uint64_t sector, uint32_t length) {
    OfferTransfer(type, sector, length);
    Notify(0);
    const auto used = Take(0);
    EXPECT_TRUE(used);
    written = used ? used->written : 0;
    return *at(status());
  }
  uint8_t DoRange(uint32_t type, uint64_t sector, uint32_t sectors, uint32_t flags = 0) {
    Store<uint64_t>(order(), at(bytes()), sector);
    Store<uint32_t>(order(), at(bytes() + 8), sectors);
    Store<uint32_t>(order(), at(bytes() + 12), flags);
    return Do(type, 0, 16);
  }

  uint32_t written = 0;
};

class BlockTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr uint64_t kSize = 1024 * 1024;

  BlockTest() : path_(testing::TempDir() + "/disk" + std::to_string(getpid())) {
    std::ofstream(path_, std::ios::binary).write(std::string(kSize, 'x').data(), kSize);
  }
  ~BlockTest() override { unlink(path_.c_str()); }

  std::unique_ptr<Block> Open(Block::Options options = {}) {
    options.synchronous = GetParam();
    auto disk = Block::Open(path_, options);
    EXPECT_TRUE(disk.ok()) << disk.status();
    return std::move(*disk);
  }
  std::string FileContent(uint64_t offset, size_t length) {
    std::ifstream file(path_, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    std::string content(length, '\0');
    file.read(content.data(), static_cast<std::streamsize>(length));
    return content;
  }

  const std::string path_;
};

TEST_P(BlockTest, KeepsWhatAGuestWroteForTheNextMachine) {
  const std::string text(4096, 'A');
  {
    DiskDriver driver(Open());
    driver.Bring();
    driver.PutText(driver.bytes(), text);
    EXPECT_EQ(driver.Do(kOut, 7, 4096), kOk);
    EXPECT_EQ(driver.written, 1u);
    EXPECT_EQ(driver.Do(kFlush, 0, 0), kOk);
  }
  EXPECT_EQ(FileContent(7 * 512, 4097), text + "x");
  DiskDriver next(Open());
  next.Bring();
  EXPECT_EQ(next.Do(kIn, 6, 1024), kOk);
  EXPECT_EQ(next.written, 1025u);
  EXPECT_EQ(next.Text(next.bytes(), 1024), std::string(512, 'x') + std::string(512, 'A'));
}

TEST_P(BlockTest, WritesThroughForADriverThatCantFlush) {
  DiskDriver driver(Open());
  driver.Bring(Feature(9) | Feature(11));
  driver.PutText(driver.bytes(), std::string(512, 'T'));
  EXPECT_EQ(driver.Do(kOut, 0, 512), kOk);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, 1, 1), kOk);
  EXPECT_EQ(FileContent(0, 1024), std::string(512, 'T') + std::string(512, '\0'));
}

TEST_P(BlockTest, RefusesWhatIsOutsideTheDisk) {
  DiskDriver driver(Open());
  driver.Bring();
  EXPECT_EQ(driver.Do(kIn, 2047, 512), kOk);
  EXPECT_EQ(driver.Do(kIn, 2047, 1024), kError);
  EXPECT_EQ(driver.Do(kIn, 2048, 512), kError);
  EXPECT_EQ(driver.Do(kIn, ~uint64_t{0}, 512), kError);
  EXPECT_EQ(driver.Do(kIn, (~uint64_t{0} >> 9) + 1, 512), kError);
  EXPECT_EQ(driver.Do(kOut, 2048, 512), kError);
  EXPECT_EQ(driver.Do(kIn, 0, 511), kError);
  EXPECT_EQ(driver.Do(kIn, 2048, 0), kOk);
  EXPECT_EQ(driver.DoRange(kDiscard, 2040, 9), kError);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, ~uint64_t{0}, 1), kError);
  EXPECT_EQ(driver.Do(0x77, 0, 512), kUnsupported);
  struct stat file;
  stat(path_.c_str(), &file);
  EXPECT_EQ(file.st_size, static_cast<off_t>(kSize));
}

TEST_P(BlockTest, DiscardsAndZeroesRanges) {
  DiskDriver driver(Open());
  driver.Bring();
  struct stat before, after;
  stat(path_.c_str(), &before);
  EXPECT_EQ(driver.DoRange(kDiscard, 0, 1024), kOk);
  stat(path_.c_str(), &after);
  EXPECT_LT(after.st_blocks, before.st_blocks);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, 1030, 3), kOk);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, 1040, 2, 1), kOk);
  EXPECT_EQ(FileContent(1029 * 512, 5 * 512),
            std::string(512, 'x') + std::string(3 * 512, '\0') + std::string(512, 'x'));
  EXPECT_EQ(FileContent(1040 * 512, 1024), std::string(1024, '\0'));
  EXPECT_EQ(driver.DoRange(kDiscard, 0, 8, 1), kUnsupported);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, 0, 8, 2), kUnsupported);
  EXPECT_EQ(driver.Do(kDiscard, 0, 15), kError);
}

TEST_P(BlockTest, NeverWritesAReadOnlyDisk) {
  Block::Options options;
  options.read_only = true;
  DiskDriver driver(Open(options));
  driver.Bring();
  EXPECT_NE(driver.features() & Feature(5), 0u);
  EXPECT_EQ(driver.features() & (Feature(13) | Feature(14)), 0u);
  EXPECT_EQ(driver.Do(kOut, 0, 512), kError);
  EXPECT_EQ(driver.DoRange(kDiscard, 0, 8), kError);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, 0, 8), kError);
  EXPECT_EQ(driver.Do(kIn, 0, 512), kOk);
}

TEST_P(BlockTest, TellsItsSerialAndItsSize) {
  Block::Options options;
  options.serial = "root-0001";
  DiskDriver driver(Open(options));
  driver.Bring();
  EXPECT_EQ(driver.Do(kSerial, 0, 20), kOk);
  EXPECT_EQ(driver.Text(driver.bytes(), 20), "root-0001" + std::string(11, '\0'));
  const auto configuration = driver.ReadConfiguration(60);
  EXPECT_EQ(Load<uint64_t>(ByteOrder::kLittle, configuration.data()), kSize / 512);
  EXPECT_EQ(configuration[32], 1);
}

TEST_P(BlockTest, KeepsManyRequestsUnderWayInSeveralQueues) {
  Block::Options options;
  options.queues = 2;
  DiskDriver driver(Open(options));
  driver.Bring(0, 64);
  for (int round = 0; round < 20; ++round) {
    for (uint16_t slot = 0; slot < 32; ++slot) {
      driver.PutText(driver.bytes(slot), std::string(4096, static_cast<char>('a' + slot)));
      driver.OfferTransfer(kOut, slot * 8u, 4096, slot);
    }
    driver.Notify(0);
    for (int i = 0; i < 32; ++i) ASSERT_TRUE(driver.Take(0));
  }
  for (uint16_t slot = 0; slot < 32; ++slot) {
    EXPECT_EQ(*driver.at(driver.status(slot)), kOk);
    EXPECT_EQ(FileContent(slot * 4096u, 4096), std::string(4096, static_cast<char>('a' + slot)));
  }
  driver.PutHeader(kFlush, 0);
  driver.OfferIndirect(1, {{driver.header(), 16}, {driver.status(), 1, true}});
  driver.Notify(1);
  EXPECT_TRUE(driver.Take(1));
}

TEST_P(BlockTest, GathersAndScattersOverManyBuffers) {
  DiskDriver driver(Open());
  driver.Bring(0, 256);
  std::vector<DriverSide::Buffer> buffers{{driver.header(), 16}};
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    // Far enough apart that no two become one.
    const uint64_t address = driver.bytes() + 1024 * i;
    driver.PutText(address, std::string(512, static_cast<char>(i)));
    expected += std::string(512, static_cast<char>(i));
    buffers.push_back({address, 512});
  }
  buffers.push_back({driver.status(), 1, true});
  driver.PutHeader(kOut, 3);
  driver.OfferIndirect(0, buffers);
  driver.Notify(0);
  ASSERT_TRUE(driver.Take(0));
  EXPECT_EQ(*driver.at(driver.status()), kOk);
  EXPECT_EQ(FileContent(3 * 512, 200 * 512), expected);
}

TEST_P(BlockTest, AsksToBeResetWhenARequestIsNone) {
  const std::vector<std::vector<DriverSide::Buffer>> bad = {
      {{DriverSide::kBuffers, 15}, {DriverSide::kBuffers + 64, 1, true}},  // half a header
      {{DriverSide::kBuffers, 16}},                                        // no status
      {{DriverSide::kBuffers, 16, true}},                                  // no header
  };
  DiskDriver driver(Open());
  for (const auto& buffers : bad) {
    driver.Bring();
    driver.Offer(0, buffers);
    driver.Notify(0);
    EXPECT_TRUE(driver.NeedsReset());
    EXPECT_EQ(driver.Command(0x33, 0).device_status, 0x0c);
    driver.guest().Enable(driver.number(), 0);
    driver.guest().Enable(driver.number());
  }
  driver.Bring();
  EXPECT_EQ(driver.Do(kIn, 0, 512), kOk);
}

TEST_P(BlockTest, ResetsWhileRequestsAreUnderWay) {
  DiskDriver driver(Open());
  for (int round = 0; round < 30; ++round) {
    driver.Bring(0, 64);
    for (uint16_t slot = 0; slot < 32; ++slot) driver.OfferTransfer(kIn, slot, 4096, slot);
    driver.Notify(0);
    EXPECT_EQ(driver.Command(0x33, 0).device_status, 0x0c);
    const uint16_t used = driver.UsedIndex(0);
    driver.guest().Enable(driver.number(), 0);
    driver.guest().Enable(driver.number());
    EXPECT_EQ(driver.UsedIndex(0), used);  // nothing comes after the reset
  }
}

INSTANTIATE_TEST_SUITE_P(, BlockTest, testing::Bool(), [](const auto& synchronous) {
  return synchronous.param ? "OneByOne" : "ByUring";
});

TEST(BlockOptionsTest, RefusesWhatCantBeADisk) {
  EXPECT_FALSE(Block::Open("/nonexistent/disk", {}).ok());
  EXPECT_FALSE(Block::Open("/dev/null", {}).ok());
  const int odd = memfd_create("odd", 0);
  ASSERT_EQ(ftruncate(odd, 513), 0);
  EXPECT_FALSE(Block::Create(odd, {}).ok());
  Block::Options options;
  options.serial = std::string(21, 's');
  EXPECT_FALSE(Block::Create(memfd_create("serial", 0), options).ok());
  options = {};
  options.queues = 17;
  EXPECT_FALSE(Block::Create(memfd_create("queues", 0), options).ok());
}

TEST(BlockOptionsTest, MakesADiskOfMemory) {
  const int fd = memfd_create("disk", 0);
  ASSERT_EQ(ftruncate(fd, 1024 * 1024), 0);
  const int also = dup(fd);
  auto disk = Block::Create(fd, {});
  ASSERT_TRUE(disk.ok());
  DiskDriver driver(std::move(*disk));
  driver.Bring();
  driver.PutText(driver.bytes(), std::string(512, 'm'));
  EXPECT_EQ(driver.Do(kOut, 1, 512), kOk);
  EXPECT_EQ(driver.DoRange(kWriteZeroes, 0, 1), kOk);  // a memfd has no way to zero a range
  char byte = 0;
  EXPECT_EQ(pread(also, &byte, 1, 512), 1);
  EXPECT_EQ(byte, 'm');
  close(also);
}

}  // namespace
}  // namespace ucontrol::virtio
