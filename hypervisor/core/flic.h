// The floating-interrupt controller (KVM_DEV_TYPE_FLIC): queues floating interruptions and keeps
// the I/O adapters of a VM.
#ifndef HYPERVISOR_CORE_FLIC_H_
#define HYPERVISOR_CORE_FLIC_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "hypervisor/core/file.h"
#include "hypervisor/uapi/device_control.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

class Vm;

// Any thread.
class IoAdapters {
 public:
  static constexpr size_t kAdapters = 64;      // MAX_S390_IO_ADAPTERS
  static constexpr size_t kMaxMappings = 256;  // MAX_S390_ADAPTER_MAPS

  // 0 or an errno.
  int Register(const uapi::IoAdapter& adapter);
  int SetMasked(uint32_t id, bool masked);
  int Map(const Vm& vm, uint32_t id, uint64_t address);
  int Unmap(uint32_t id, uint64_t address);

  bool exists(uint32_t id) const;

  // The adapter's interruption subclass, unless adapter-interruption suppression holds it back;
  // in single-interruption mode the one that passes is the last.
  std::optional<uint8_t> TakeInterruption(uint32_t id, bool suppression);

  int SetMode(const uapi::AisRequest& request);
  uapi::AisAll modes() const;
  void SetModes(const uapi::AisAll& modes);

 private:
  struct Adapter {
    uapi::IoAdapter properties;
    bool masked = false;
    std::map<uint64_t, int> mapped;  // pages, with how often
  };

  mutable std::mutex mutex_;
  std::array<std::optional<Adapter>, kAdapters> adapters_;
  uapi::AisAll modes_{};
};

class FlicFile : public File {
 public:
  explicit FlicFile(std::shared_ptr<Vm> vm) : vm_(std::move(vm)) {}
  int64_t Ioctl(uint32_t request, uint64_t argument) override;

 private:
  std::shared_ptr<Vm> vm_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_FLIC_H_
