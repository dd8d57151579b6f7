// Memory of ours that a guest is mapped onto may vanish at any time: its owner unmaps it, truncates
// its file. Then a guest access raises SIGSEGV or SIGBUS in the thread inside SIE, and SIE must end
// with "backing missing" instead of the process.
#ifndef HYPERVISOR_SIE_HOST_FAULT_GUARD_H_
#define HYPERVISOR_SIE_HOST_FAULT_GUARD_H_

#include <setjmp.h>

#include <cstdint>

#include "hypervisor/storage/address_space.h"

namespace hypervisor {

// While one exists, a fault of this thread on memory that `space` maps jumps to `escape`, which the
// caller has set by sigsetjmp(escape, 0). All other faults go to the handlers that were there
// before.
class HostFaultGuard {
 public:
  explicit HostFaultGuard(const AddressSpace& space) : space_(space), outer_(current_) {
    [[maybe_unused]] static const bool installed = Install();
    current_ = this;
  }
  ~HostFaultGuard() { current_ = outer_; }
  HostFaultGuard(const HostFaultGuard&) = delete;
  HostFaultGuard& operator=(const HostFaultGuard&) = delete;

  sigjmp_buf escape;

  // Code of ours that knows how to go on after a fault: asked with the address of the instruction
  // that faulted, it answers where to continue, or 0 to escape. In a signal handler.
  class Recovery {
   public:
    virtual uint64_t ContinueAt(uint64_t instruction) = 0;

   protected:
    ~Recovery() = default;
  };
  Recovery* recovery = nullptr;

 private:
  friend struct HostFaultSignal;

  static bool Install();

  static constinit thread_local HostFaultGuard* current_;

  const AddressSpace& space_;
  HostFaultGuard* outer_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_HOST_FAULT_GUARD_H_
