// What a process can do with the descriptors of /dev/kvm besides ioctl: duplicate, map, poll, close
// and inherit them, and be interrupted.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {
namespace {

constexpr uint64_t kSegment = 1 << 20;

class DescriptorsTest : public ::testing::Test {
 protected:
  DescriptorsTest() {
    kvm_ = open("/dev/kvm", O_RDWR);
    vm_ = ioctl(kvm_, uapi::kCreateVm, uapi::kUcontrolVm);
    vcpu_ = ioctl(vm_, uapi::kCreateVcpu, 3ul);
    run_ = static_cast<uapi::Run*>(Map(vcpu_, 0));
    block_ = static_cast<uapi::SieBlock*>(Map(vcpu_, 4096));
  }
  ~DescriptorsTest() override {
    for (const int fd : {vcpu_, vm_, kvm_}) {
      if (fd >= 0) close(fd);
    }
  }

  static void* Map(int fd, off_t offset) {
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
    return page == MAP_FAILED ? nullptr : page;
  }

  // A guest that branches to itself.
  void PrepareLoop() {
    void* space =
        mmap(nullptr, 2 * kSegment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const uint64_t start = (reinterpret_cast<uint64_t>(space) + kSegment - 1) / kSegment * kSegment;
    const uint8_t loop[] = {0xa7, 0xf4, 0x00, 0x00};
    std::memcpy(reinterpret_cast<void*>(start + 0x1000), loop, sizeof(loop));
    uapi::UcasMapping mapping{start, 0, kSegment};
    ASSERT_EQ(ioctl(vcpu_, uapi::kUcasMap, &mapping), 0);
    block_->cpuflags &= ~uapi::kCpuStopped;
    run_->psw_mask = 0x180000000;
    run_->psw_addr = 0x1000;
  }

  int kvm_ = -1;
  int vm_ = -1;
  int vcpu_ = -1;
  uapi::Run* run_ = nullptr;
  uapi::SieBlock* block_ = nullptr;
};

TEST_F(DescriptorsTest, PagesOfAVcpuAreMappedByMmap) {
  ASSERT_NE(run_, nullptr);
  ASSERT_NE(block_, nullptr);
  EXPECT_EQ(block_->icpua, 3);
  auto* again = static_cast<uapi::SieBlock*>(Map(vcpu_, 4096));
  block_->ckc = 0x1234;
  EXPECT_EQ(again->ckc, 0x1234u);
  errno = 0;
  EXPECT_EQ(Map(vm_, 0), nullptr);
  EXPECT_EQ(errno, ENODEV);
}

TEST_F(DescriptorsTest, ErrorsComeInErrno) {
  errno = 0;
  EXPECT_EQ(ioctl(kvm_, uapi::kGetApiVersion, 1ul), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(ioctl(vm_, 0xaeff, 0ul), -1);
  EXPECT_EQ(errno, ENOTTY);
}

TEST_F(DescriptorsTest, AFileLivesUntilItsLastDuplicateIsClosed) {
  const int copy = dup(vm_);
  const int other = fcntl(vm_, F_DUPFD_CLOEXEC, 100);
  EXPECT_GE(other, 100);
  EXPECT_EQ(dup2(vm_, 200), 200);
  close(vm_);
  vm_ = -1;
  EXPECT_EQ(ioctl(copy, uapi::kCheckExtension, 73ul), 1);
  close(copy);
  EXPECT_EQ(ioctl(other, uapi::kCheckExtension, 73ul), 1);
  close(other);
  EXPECT_EQ(ioctl(200, uapi::kCheckExtension, 73ul), 1);
  close_range(200, 210, 0);
  EXPECT_EQ(ioctl(200, uapi::kCheckExtension, 73ul), -1);
}

TEST_F(DescriptorsTest, Dup2OverADescriptorClosesItsFile) {
  const int pipe_end = open("/dev/null", O_RDONLY);
  EXPECT_EQ(dup2(pipe_end, kvm_), kvm_);
  EXPECT_EQ(ioctl(kvm_, uapi::kGetApiVersion, 0ul), -1);
  close(pipe_end);
}

TEST_F(DescriptorsTest, DescriptorsAreRealToTheRestOfTheProcess) {
  EXPECT_EQ(fcntl(vm_, F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(ioctl(kvm_, FIOCLEX), 0);
  EXPECT_EQ(fcntl(kvm_, F_GETFD), FD_CLOEXEC);
  pollfd watched{vm_, POLLIN, 0};
  EXPECT_GE(poll(&watched, 1, 0), 0);
  EXPECT_EQ(watched.revents & POLLNVAL, 0);
  char byte = 0;
  EXPECT_EQ(read(vm_, &byte, 1), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(access("/dev/kvm", R_OK | W_OK), 0);
}

TEST_F(DescriptorsTest, AChildCannotUseItsParentsMachine) {
  const pid_t child = fork();
  if (child == 0) {
    const bool refused = ioctl(vm_, uapi::kCheckExtension, 73ul) == -1 && errno == EIO &&
                         ioctl(vcpu_, uapi::kRun, 0ul) == -1 && errno == EIO;
    const int own = ioctl(kvm_, uapi::kCreateVm, uapi::kUcontrolVm);
    _exit(refused && own >= 0 && ioctl(own, uapi::kCheckExtension, 73ul) == 1 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ioctl(vm_, uapi::kCheckExtension, 73ul), 1);
}

TEST_F(DescriptorsTest, AHandledSignalEndsTheRun) {
  PrepareLoop();
  static volatile sig_atomic_t handled;
  handled = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { handled = handled + 1; };
  struct sigaction before {};
  ASSERT_EQ(sigaction(SIGALRM, &action, &before), 0);
  ualarm(20000, 0);
  EXPECT_EQ(ioctl(vcpu_, uapi::kRun, 0ul), -1);
  EXPECT_EQ(errno, EINTR);
  EXPECT_EQ(run_->exit_reason, 10u);
  EXPECT_EQ(handled, 1);

  struct sigaction seen {};
  ASSERT_EQ(sigaction(SIGALRM, &before, &seen), 0);
  EXPECT_EQ(seen.sa_handler, action.sa_handler);
}

TEST_F(DescriptorsTest, TheRunsSignalMaskLetsASignalThroughThatTheThreadBlocks) {
  PrepareLoop();
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  struct {
    uint32_t length;
    uint8_t set[8];
  } mask = {8, {}};
  ASSERT_EQ(ioctl(vcpu_, uapi::kSetSignalMask, &mask), 0);
  raise(SIGUSR1);
  EXPECT_EQ(ioctl(vcpu_, uapi::kRun, 0ul), -1);
  EXPECT_EQ(errno, EINTR);

  sigset_t waiting;
  sigpending(&waiting);
  EXPECT_EQ(sigismember(&waiting, SIGUSR1), 1);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace hypervisor
