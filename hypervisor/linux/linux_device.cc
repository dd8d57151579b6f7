#include "hypervisor/linux/linux_device.h"

#include <cerrno>

#include "hypervisor/uapi/kvm.h"

namespace hypervisor {
namespace {

// Asks the kernel not to enter the guest, or takes the request back.
void SetImmediateExit(void* run, uint8_t value) {
  if (!run) return;
  std::atomic_ref(static_cast<uapi::Run*>(run)->immediate_exit).store(value);
}

}  // namespace

LinuxDevice::~LinuxDevice() {
  for (const auto& [fd, vcpu] : vcpus_) {
    for (void* page : vcpu->pages) {
      if (page) calls_.UnmapPage(page);
    }
  }
}

int LinuxDevice::Open() {
  return calls_.OpenKvm();
}

int64_t LinuxDevice::Ioctl(int fd, uint32_t request, uint64_t argument) {
  return request == uapi::kRun ? Run(fd, argument) : calls_.Ioctl(fd, request, argument);
}

// A kick sets immediate_exit and then signals the thread: either alone would lose the race with a
// thread that is about to enter, or that is inside already.
int64_t LinuxDevice::Run(int fd, uint64_t argument) {
  const std::shared_ptr<Vcpu> vcpu = Find(fd);
  if (!vcpu) return calls_.Ioctl(fd, uapi::kRun, argument);
  vcpu->runner = calls_.CurrentThread();
  const int64_t result = calls_.Ioctl(fd, uapi::kRun, argument);
  vcpu->runner = 0;
  if (result == -EINTR && vcpu->kicked.exchange(false)) SetImmediateExit(vcpu->pages[0], 0);
  return result;
}

void* LinuxDevice::Mmap(int fd, uint64_t page) {
  if (page >= kPages) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = vcpus_.find(fd);
  if (found != vcpus_.end() && found->second->pages[page]) return found->second->pages[page];
  void* address = calls_.MapPage(fd, page);
  if (!address) return nullptr;
  auto& vcpu = vcpus_[fd];
  if (!vcpu) vcpu = std::make_shared<Vcpu>();
  vcpu->pages[page] = address;
  return address;
}

void LinuxDevice::Kick(int fd) {
  const std::shared_ptr<Vcpu> vcpu = Find(fd);
  if (!vcpu) return;
  vcpu->kicked = true;
  SetImmediateExit(vcpu->pages[0], 1);
  if (const int64_t thread = vcpu->runner) calls_.Interrupt(thread);
}

void LinuxDevice::Close(int fd) {
  std::shared_ptr<Vcpu> vcpu;
  {
    const std::lock_guard lock(mutex_);
    const auto found = vcpus_.find(fd);
    if (found != vcpus_.end()) {
      vcpu = found->second;
      vcpus_.erase(found);
    }
  }
  if (vcpu) {
    for (void* page : vcpu->pages) {
      if (page) calls_.UnmapPage(page);
    }
  }
  calls_.Close(fd);
}

std::shared_ptr<LinuxDevice::Vcpu> LinuxDevice::Find(int fd) {
  const std::lock_guard lock(mutex_);
  const auto found = vcpus_.find(fd);
  return found == vcpus_.end() ? nullptr : found->second;
}

}  // namespace hypervisor
