#include "ucontrol/virtio/balloon.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/ucontrol/virtio/driver_side.h"

namespace ucontrol::virtio {
namespace {

// Pages of a memfd behind guest addresses 1 GiB and up.
class PagesOfAFile : public AbsoluteStorage {
 public:
  static constexpr uint64_t kStart = 1 << 30, kSize = 64 * 4096;

  PagesOfAFile() : fd_(memfd_create("pages", 0)) {
    EXPECT_EQ(ftruncate(fd_, kSize), 0);
    bytes_ =
        static_cast<uint8_t*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
    std::memset(bytes_, 0xaa, kSize);
  }
  ~PagesOfAFile() override {
    munmap(bytes_, kSize);
    close(fd_);
  }

  uint8_t* Find(hypervisor::GuestAbsolute address, uint64_t length) override {
    if (address.raw() < kStart || address.raw() + length > kStart + kSize) return nullptr;
    return bytes_ + (address.raw() - kStart);
  }
  bool Read(hypervisor::GuestAbsolute, void*, uint64_t) override { return false; }
  bool Write(hypervisor::GuestAbsolute, const void*, uint64_t) override { return false; }

  int64_t pages() const {
    struct stat file;
    fstat(fd_, &file);
    return file.st_blocks / 8;
  }

 private:
  const int fd_;
  uint8_t* bytes_;
};

// qemu's user mode does nothing when memory is to be given back.
bool HostTakesPagesBack() {
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  std::memset(page, 1, 4096);
  madvise(page, 4096, MADV_REMOVE);
  const bool taken = *static_cast<const volatile uint8_t*>(page) == 0;
  munmap(page, 4096);
  return taken;
}

class BalloonTest : public testing::Test {
 protected:
  BalloonTest() {
    auto balloon = std::make_unique<Balloon>(pages_);
    balloon_ = balloon.get();
    driver_ = std::make_unique<DriverSide>(std::move(balloon));
  }

  PagesOfAFile pages_;
  Balloon* balloon_;
  std::unique_ptr<DriverSide> driver_;
};

TEST_F(BalloonTest, FreesThePagesThatTheGuestGivesBack) {
  if (!HostTakesPagesBack()) GTEST_SKIP() << "madvise does nothing";
  driver_->Bring();
  EXPECT_EQ(pages_.pages(), 64);
  const uint32_t first = PagesOfAFile::kStart / 4096;
  // Three that are there, one beyond, one that no storage could be.
  const uint32_t numbers[] = {first, first + 5, first + 63, first + 64, 0xffffffff};
  for (size_t i = 0; i < std::size(numbers); ++i) {
    Store<uint32_t>(ByteOrder::kLittle, driver_->at(DriverSide::kBuffers + 4 * i), numbers[i]);
  }
  driver_->Offer(0, {{DriverSide::kBuffers, 20}});
  driver_->Notify(0);
  ASSERT_TRUE(driver_->Take(0));
  EXPECT_EQ(pages_.pages(), 61);
  EXPECT_EQ(*pages_.Find(hypervisor::GuestAbsolute(PagesOfAFile::kStart), 1), 0);
  driver_->Offer(1, {{DriverSide::kBuffers, 4}});
  driver_->Notify(1);
  EXPECT_TRUE(driver_->Take(1));
}

TEST_F(BalloonTest, TellsItsTargetAndLearnsWhatTheGuestHas) {
  driver_->Bring();
  balloon_->SetTarget(0x123);
  ASSERT_TRUE(driver_->guest().interruptions().Take(std::chrono::seconds(10)));
  EXPECT_EQ(driver_->Shared(DriverSide::kConfigurationIndicators + 7), 1);
  driver_->guest().Test(driver_->number());
  auto configuration = driver_->ReadConfiguration(8);
  EXPECT_EQ(Load<uint32_t>(ByteOrder::kLittle, configuration.data()), 0x123u);
  configuration[4] = 0x23;
  driver_->WriteConfiguration(configuration);
  EXPECT_EQ(balloon_->actual(), 0x23u);
}

TEST_F(BalloonTest, AsksForStatistics) {
  driver_->Bring();
  const auto put = [&](int i, uint16_t tag, uint64_t value) {
    uint8_t* to = driver_->at(DriverSide::kBuffers + 10 * i);
    Store<uint16_t>(ByteOrder::kLittle, to, tag);
    Store<uint64_t>(ByteOrder::kLittle, to + 2, value);
  };
  put(0, 4, 4096);
  put(1, 999, 1);
  driver_->Offer(2, {{DriverSide::kBuffers, 20}});
  driver_->Notify(2);
  EXPECT_FALSE(driver_->Take(2, std::chrono::milliseconds(20)));
  EXPECT_EQ(balloon_->TakeStatistics().free, 4096u);
  EXPECT_TRUE(driver_->Take(2));
  EXPECT_EQ(balloon_->TakeStatistics().total, std::nullopt);
}

TEST_F(BalloonTest, FreesPagesThatAreReportedFree) {
  if (!HostTakesPagesBack()) GTEST_SKIP() << "madvise does nothing";
  driver_->Bring();
  EXPECT_NE(driver_->features() & Feature(5), 0u);
  // Reported through ordinary storage: what counts is that the chain comes back.
  std::fill_n(driver_->at(DriverSide::kBuffers), 8192, uint8_t{1});
  // Behind the queues of statistics and of hints.
  driver_->Offer(4, {{DriverSide::kBuffers, 8192, true}});
  driver_->Notify(4);
  EXPECT_TRUE(driver_->Take(4));
  // Anonymous memory reads as zero where whole pages were given back.
  const auto* bytes = driver_->at(DriverSide::kBuffers);
  const uintptr_t page = (reinterpret_cast<uintptr_t>(bytes) + 4095) & ~uintptr_t{4095};
  EXPECT_EQ(*reinterpret_cast<const uint8_t*>(page), 0);
}

}  // namespace
}  // namespace ucontrol::virtio
