// KVM_SET_GSI_ROUTING, KVM_IRQFD and KVM_IOEVENTFD: which event descriptors a VM knows. In a
// UCONTROL VM they never fire: it has no route to an adapter, and its DIAGNOSE 0x500 goes to user
// space.
#ifndef HYPERVISOR_CORE_EVENT_FILES_H_
#define HYPERVISOR_CORE_EVENT_FILES_H_

#include <cstdint>
#include <set>
#include <vector>

#include "hypervisor/uapi/device_control.h"

namespace hypervisor {

class Vm;

// Guarded by the VM's mutex.
class EventFiles {
 public:
  // 0 or an errno.
  int Bind(const uapi::Irqfd& irqfd);
  int Watch(const uapi::Ioeventfd& event);

 private:
  struct Binding {
    uint32_t fd;
    uint32_t gsi;
    friend auto operator<=>(const Binding&, const Binding&) = default;
  };
  std::set<Binding> bindings_;
  std::vector<uapi::Ioeventfd> watches_;
};

int64_t SetGsiRouting(Vm& vm, uint64_t argument);
int64_t BindIrqfd(Vm& vm, const uapi::Irqfd& irqfd);
int64_t WatchIoeventfd(Vm& vm, const uapi::Ioeventfd& event);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_EVENT_FILES_H_
