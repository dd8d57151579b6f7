// The software /dev/kvm: answers as an s390x kernel does, and runs guests with an engine of ours.
//
// Where kernel generations differ it answers as Linux 7.2 does; docs/kvm-abi.md lists the choices.
// It holds no globals: two devices share nothing, storage keys included.
#ifndef HYPERVISOR_CORE_SOFTWARE_DEVICE_H_
#define HYPERVISOR_CORE_SOFTWARE_DEVICE_H_

#include <cstdint>

#include "hypervisor/core/machine.h"
#include "hypervisor/core/system.h"
#include "hypervisor/device.h"

namespace hypervisor {

class SoftwareDevice : public Device {
 public:
  struct Options {
    EngineFactory engine = MakeEngine;  // one Sie for each vCPU of a UCONTROL VM
    Machine machine = {};
    bool sys_admin = true;        // false: KVM_CREATE_VM refuses UCONTROL VMs
    bool pages_in_files = false;  // Backing answers for vCPUs
    int open_files = 1 << 20;     // EMFILE past it, as past a process's RLIMIT_NOFILE
  };

  SoftwareDevice() : SoftwareDevice(Options{}) {}
  explicit SoftwareDevice(Options options);
  ~SoftwareDevice() override;

  int Open() override;
  int64_t Ioctl(int fd, uint32_t request, uint64_t argument) override;
  void* Mmap(int fd, uint64_t page) override;
  void Kick(int fd) override;
  void Close(int fd) override;

  // A descriptor of the operating system with what a client may map or read of `fd`, or -1. It
  // belongs to the device and is good until Close(fd).
  int Backing(int fd);

 private:
  System system_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_SOFTWARE_DEVICE_H_
