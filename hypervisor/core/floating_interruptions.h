// The floating interruptions of a VM: any CPU may take them. KVM_S390_INTERRUPT on a VM and the
// FLIC put them here; in a UCONTROL VM nothing delivers them.
#ifndef HYPERVISOR_CORE_FLOATING_INTERRUPTIONS_H_
#define HYPERVISOR_CORE_FLOATING_INTERRUPTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

// Any thread.
class FloatingInterruptions {
 public:
  // 0, EINVAL for a type that doesn't float, EBUSY at the limit of its queue.
  int Add(const uapi::Irq& irq);

  // All of them, in the order in which the kernel lists them; nothing is taken out.
  std::vector<uapi::Irq> List() const;

  void Clear();

  // Drops the I/O interruptions of one subchannel.
  void ClearIo(uint32_t subchannel);

  static bool IsIo(uint64_t type) { return type <= uapi::kIntIoMax; }

 private:
  size_t IoCount() const;

  mutable std::mutex mutex_;
  std::array<std::deque<uapi::Irq>, 8> io_;  // by interruption subclass
  std::deque<uapi::Irq> pfault_done_;
  std::deque<uapi::Irq> virtio_;
  std::optional<uapi::Irq> service_;
  std::optional<uapi::Irq> machine_check_;
};

// The short form of a floating interruption as the long one; false: its type doesn't float.
bool WidenFloating(const uapi::Interrupt& from, uapi::Irq& irq);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_FLOATING_INTERRUPTIONS_H_
