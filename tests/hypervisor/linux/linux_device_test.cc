// LinuxDevice on system calls of our own.
#include "hypervisor/linux/linux_device.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "hypervisor/uapi/kvm.h"

namespace hypervisor {
namespace {

class FakeCalls : public SystemCalls {
 public:
  int OpenKvm() override { return 7; }
  int64_t Ioctl(int fd, uint32_t request, uint64_t argument) override {
    asked.push_back({fd, request, argument});
    return request == uapi::kRun && run ? run() : answer;
  }
  void* MapPage(int fd, uint64_t page) override {
    if (fd < 100) return nullptr;
    void* address = page == 0 ? static_cast<void*>(&kvm_run) : static_cast<void*>(&block);
    mapped.insert(address);
    return address;
  }
  void UnmapPage(void* page) override { mapped.erase(page); }
  void Close(int fd) override { closed.insert(fd); }
  int64_t CurrentThread() override { return 42; }
  void Interrupt(int64_t thread) override { interrupted = thread; }

  struct Asked {
    int fd;
    uint32_t request;
    uint64_t argument;
  };
  std::vector<Asked> asked;
  int64_t answer = 0;
  std::function<int64_t()> run;
  uapi::Run kvm_run{};
  uint8_t block[4096] = {};
  std::set<void*> mapped;
  std::set<int> closed;
  std::atomic<int64_t> interrupted = 0;
};

TEST(LinuxDeviceTest, HandsRequestsOn) {
  FakeCalls calls;
  LinuxDevice device(calls);
  EXPECT_EQ(device.Open(), 7);
  calls.answer = -ENOTTY;
  EXPECT_EQ(device.Ioctl(7, uapi::kCreateVm, 1), -ENOTTY);
  ASSERT_EQ(calls.asked.size(), 1u);
  EXPECT_EQ(calls.asked[0].fd, 7);
  EXPECT_EQ(calls.asked[0].request, uapi::kCreateVm);
  EXPECT_EQ(calls.asked[0].argument, 1u);
}

TEST(LinuxDeviceTest, MapsEachPageOnceAndUnmapsItWithTheFile) {
  FakeCalls calls;
  LinuxDevice device(calls);
  EXPECT_EQ(device.Mmap(7, 0), nullptr);
  EXPECT_EQ(device.Mmap(100, 2), nullptr);
  EXPECT_EQ(device.Mmap(100, 0), &calls.kvm_run);
  EXPECT_EQ(device.Mmap(100, 0), &calls.kvm_run);
  EXPECT_EQ(device.Mmap(100, 1), &calls.block);
  EXPECT_EQ(calls.mapped.size(), 2u);
  device.Close(100);
  EXPECT_TRUE(calls.mapped.empty());
  EXPECT_TRUE(calls.closed.contains(100));
}

TEST(LinuxDeviceTest, AKickBeforeTheRunEndsIt) {
  FakeCalls calls;
  calls.run = [&] { return calls.kvm_run.immediate_exit ? -EINTR : 0; };
  LinuxDevice device(calls);
  device.Mmap(100, 0);
  device.Kick(100);
  EXPECT_EQ(calls.interrupted, 0);
  EXPECT_EQ(device.Ioctl(100, uapi::kRun, 0), -EINTR);
  EXPECT_EQ(device.Ioctl(100, uapi::kRun, 0), 0);
  device.Kick(5);  // no vCPU
}

TEST(LinuxDeviceTest, AKickDuringTheRunInterruptsItsThread) {
  FakeCalls calls;
  std::atomic<bool> inside = false;
  calls.run = [&]() -> int64_t {
    inside = true;
    while (!calls.interrupted) std::this_thread::yield();
    return -EINTR;
  };
  LinuxDevice device(calls);
  device.Mmap(100, 0);
  std::thread other([&] {
    while (!inside) std::this_thread::yield();
    device.Kick(100);
  });
  EXPECT_EQ(device.Ioctl(100, uapi::kRun, 0), -EINTR);
  other.join();
  EXPECT_EQ(calls.interrupted, 42);
  EXPECT_EQ(calls.kvm_run.immediate_exit, 0);
}

TEST(LinuxDeviceTest, TheKernelAnswersOrIsNotOurs) {
  LinuxDevice device;
  const int fd = device.Open();
  if (fd >= 0) {
    EXPECT_EQ(device.Ioctl(fd, uapi::kGetApiVersion, 0), 12);
    device.Close(fd);
  }
#if !defined(__s390x__)
  EXPECT_LT(fd, 0);  // another architecture's, or none
#endif
  EXPECT_LT(device.Ioctl(-1, uapi::kGetApiVersion, 0), 0);
}

}  // namespace
}  // namespace hypervisor
