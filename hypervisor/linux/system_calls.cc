#include "hypervisor/linux/system_calls.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {
namespace {

constexpr size_t kPageSize = 4096;

int KickSignal() {
  return SIGRTMIN;
}

class KernelCallsOfLinux : public SystemCalls {
 public:
  KernelCallsOfLinux() {
    // Without SA_RESTART, so that the signal ends the call.
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigemptyset(&action.sa_mask);
    sigaction(KickSignal(), &action, nullptr);
  }

  int OpenKvm() override {
    const int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd < 0) return -errno;
    if (Ioctl(fd, uapi::kCheckExtension, uapi::kCapS390Psw) > 0) return fd;
    Close(fd);
    return -ENODEV;
  }

  int64_t Ioctl(int fd, uint32_t request, uint64_t argument) override {
    const int result = ioctl(fd, request, argument);
    return result >= 0 ? result : -errno;
  }

  void* MapPage(int fd, uint64_t page) override {
    void* address = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                         static_cast<off_t>(page * kPageSize));
    return address == MAP_FAILED ? nullptr : address;
  }

  void UnmapPage(void* page) override { munmap(page, kPageSize); }
  void Close(int fd) override { close(fd); }
  int64_t CurrentThread() override { return syscall(SYS_gettid); }
  void Interrupt(int64_t thread) override {
    syscall(SYS_tgkill, getpid(), static_cast<pid_t>(thread), KickSignal());
  }
};

}  // namespace

SystemCalls& KernelCalls() {
  static KernelCallsOfLinux calls;
  return calls;
}

}  // namespace hypervisor
