#include "hypervisor/core/vcpu_lock.h"

namespace hypervisor {

// Whoever gets it after a wait can't know whether others wait too.
void VcpuLock::Wait() {
  while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree)
    state_.wait(kAwaited, std::memory_order_relaxed);
}

}  // namespace hypervisor
