// KVM_SET_SIGNAL_MASK: which signals are blocked while KVM_RUN runs.
#ifndef HYPERVISOR_CORE_SIGNAL_MASK_H_
#define HYPERVISOR_CORE_SIGNAL_MASK_H_

#include <csignal>
#include <cstdint>

#include "hypervisor/core/vcpu.h"

namespace hypervisor {

int64_t SetSignalMask(Vcpu& vcpu, uint64_t argument);

// Puts the vCPU's mask in place of the thread's, if it has one.
class RunSignalMask {
 public:
  explicit RunSignalMask(const Vcpu& vcpu) : active_(vcpu.signal_mask.has_value()) {
    if (active_) Replace(*vcpu.signal_mask);
  }
  RunSignalMask(const RunSignalMask&) = delete;
  RunSignalMask& operator=(const RunSignalMask&) = delete;
  ~RunSignalMask() {
    if (active_) Restore();
  }

  // A signal that the mask lets through is waiting already: KVM_RUN is to answer EINTR.
  bool pending() const { return pending_; }

 private:
  void Replace(const sigset_t& mask);
  void Restore();

  const bool active_;
  bool pending_ = false;
  sigset_t outside_;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_SIGNAL_MASK_H_
