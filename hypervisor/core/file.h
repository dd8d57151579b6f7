// What a number of SoftwareDevice stands for: /dev/kvm itself, a VM, a vCPU, a device of a VM.
#ifndef HYPERVISOR_CORE_FILE_H_
#define HYPERVISOR_CORE_FILE_H_

#include <cerrno>
#include <cstdint>

namespace hypervisor {

class File {
 public:
  virtual ~File() = default;

  // Its result, or -errno. Any thread.
  virtual int64_t Ioctl(uint32_t request, uint64_t argument) = 0;

  // As Ioctl, while no other call but those that Overlaps names is in this file: what Ioctl would
  // lock need not be.
  virtual int64_t IoctlAlone(uint32_t request, uint64_t argument) {
    return Ioctl(request, argument);
  }

  // Whether this request may come while another thread is in IoctlAlone.
  virtual bool Overlaps(uint32_t /*request*/) const { return true; }

  virtual void* Mmap(uint64_t /*page*/) { return nullptr; }

  // A descriptor of the operating system whose contents are this file's, or -1. Stays ours.
  virtual int Backing() const { return -1; }

  virtual void Kick() {}
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_FILE_H_
