// The system calls that LinuxDevice makes. Each answers -errno, so that a fake needs no errno.
#ifndef HYPERVISOR_LINUX_SYSTEM_CALLS_H_
#define HYPERVISOR_LINUX_SYSTEM_CALLS_H_

#include <cstdint>

namespace hypervisor {

class SystemCalls {
 public:
  virtual ~SystemCalls() = default;

  virtual int OpenKvm() = 0;
  virtual int64_t Ioctl(int fd, uint32_t request, uint64_t argument) = 0;
  virtual void* MapPage(int fd, uint64_t page) = 0;  // null: no such page
  virtual void UnmapPage(void* page) = 0;
  virtual void Close(int fd) = 0;

  // Interrupts a system call of the thread; nothing else happens to it.
  virtual int64_t CurrentThread() = 0;
  virtual void Interrupt(int64_t thread) = 0;
};

// Those of the kernel we run on. /dev/kvm is ENODEV if it speaks another architecture's language.
SystemCalls& KernelCalls();

}  // namespace hypervisor

#endif  // HYPERVISOR_LINUX_SYSTEM_CALLS_H_
