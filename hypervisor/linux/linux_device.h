// The real /dev/kvm: every call goes to the kernel.
#ifndef HYPERVISOR_LINUX_LINUX_DEVICE_H_
#define HYPERVISOR_LINUX_LINUX_DEVICE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "hypervisor/device.h"
#include "hypervisor/linux/system_calls.h"

namespace hypervisor {

class LinuxDevice : public Device {
 public:
  explicit LinuxDevice(SystemCalls& calls = KernelCalls()) : calls_(calls) {}
  ~LinuxDevice() override;

  int Open() override;
  int64_t Ioctl(int fd, uint32_t request, uint64_t argument) override;
  void* Mmap(int fd, uint64_t page) override;
  void Kick(int fd) override;
  void Close(int fd) override;

 private:
  static constexpr uint64_t kPages = 2;

  struct Vcpu {
    void* pages[kPages] = {};
    std::atomic<int64_t> runner = 0;  // the thread inside KVM_RUN
    std::atomic<bool> kicked = false;
  };

  std::shared_ptr<Vcpu> Find(int fd);
  int64_t Run(int fd, uint64_t argument);

  SystemCalls& calls_;
  std::mutex mutex_;
  std::unordered_map<int, std::shared_ptr<Vcpu>> vcpus_;  // those with a page mapped
};

}  // namespace hypervisor

#endif  // HYPERVISOR_LINUX_LINUX_DEVICE_H_
