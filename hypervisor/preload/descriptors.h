// Which descriptors of the process stand for files of the software device.
//
// Each is a real descriptor, so that close, poll, dup and exec treat it as one: for a vCPU the
// memory file that its pages are in, so that mmap maps them; for the others an empty epoll file,
// which can't be read, written or mapped, as theirs can't.
#ifndef HYPERVISOR_PRELOAD_DESCRIPTORS_H_
#define HYPERVISOR_PRELOAD_DESCRIPTORS_H_

#include <array>
#include <atomic>
#include <map>
#include <mutex>

#include "hypervisor/core/software_device.h"

namespace hypervisor {

// Any thread. Lookups are lock-free and fit for signal handlers.
class Descriptors {
 public:
  static constexpr int kMax = 65536;

  Descriptors();

  SoftwareDevice& device() { return device_; }

  // The device's number of `fd`, or -1.
  int DeviceFile(int fd) const {
    if (fd < 0 || fd >= kMax) return -1;
    return files_[fd].load(std::memory_order_acquire) - 1;
  }

  // A descriptor for a file that the device has just opened, or -errno, with the file closed.
  int Expose(int file, bool close_on_exec);

  // `copy` is a duplicate of `fd`. False, with it closed, if it can't be followed.
  bool Share(int fd, int copy);

  // `fd` no longer stands for what it stood for, if anything.
  void Forget(int fd);
  void ForgetRange(unsigned first, unsigned last);

  // Around fork.
  void Lock() { mutex_.lock(); }
  void Unlock() { mutex_.unlock(); }

 private:
  bool Assign(int fd, int file);

  SoftwareDevice device_;
  std::mutex mutex_;
  std::map<int, int> uses_;  // by the device's number: how many descriptors stand for it
  std::array<std::atomic<int>, kMax> files_{};  // the device's number and one
};

// The process's own; made when it is first needed, and never unmade.
Descriptors& ProcessDescriptors();

// As it is: null if nobody opened /dev/kvm.
Descriptors* ExistingDescriptors();

}  // namespace hypervisor

#endif  // HYPERVISOR_PRELOAD_DESCRIPTORS_H_
