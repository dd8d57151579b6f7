// The seam: a device file that answers as /dev/kvm does on s390x.
//
// LinuxDevice hands every call to the kernel; SoftwareDevice is our own core. Same requests, same
// structures (in host byte order), same side effects, same errno. Nothing above this file knows
// which of the two it holds.
#ifndef HYPERVISOR_DEVICE_H_
#define HYPERVISOR_DEVICE_H_

#include <cstdint>

namespace hypervisor {

// Every method may be called from any thread. Files of the device are numbered by the device.
class Device {
 public:
  virtual ~Device() = default;

  // A file of its own for each call, as open(2) gives; or -errno.
  virtual int Open() = 0;

  // ioctl(2): its result, or -errno. `argument` is a pointer or a value, as the request defines.
  // A vCPU's requests wait for each other, KVM_RUN included, but for KVM_S390_IRQ and
  // KVM_S390_INTERRUPT.
  virtual int64_t Ioctl(int fd, uint32_t request, uint64_t argument) = 0;

  // Page 0 of a vCPU is its kvm_run, page 1 (KVM_S390_SIE_PAGE_OFFSET) its SIE block; null if there
  // is none. It lives until the vCPU's file is closed.
  virtual void* Mmap(int fd, uint64_t page) = 0;

  // Ends the KVM_RUN that `fd` is in, or its next one, with -EINTR. Any thread; never blocks.
  virtual void Kick(int fd) = 0;

  virtual void Close(int fd) = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_DEVICE_H_
