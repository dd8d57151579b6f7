// KVM_DEV_TYPE_VFIO: a device that a VM may have and that has nothing to say, there being no VFIO.
#ifndef HYPERVISOR_CORE_VFIO_FILE_H_
#define HYPERVISOR_CORE_VFIO_FILE_H_

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include "hypervisor/core/file.h"
#include "hypervisor/core/vm.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

class VfioFile : public File {
 public:
  explicit VfioFile(std::shared_ptr<Vm> vm) : vm_(std::move(vm)) {}

  int64_t Ioctl(uint32_t request, uint64_t) override {
    if (vm_->IsForeign()) return -EIO;
    switch (request) {
      case uapi::kHasDeviceAttr:
      case uapi::kGetDeviceAttr:
      case uapi::kSetDeviceAttr:
        return -ENXIO;
      default:
        return -ENOTTY;
    }
  }

 private:
  std::shared_ptr<Vm> vm_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_VFIO_FILE_H_
