// The interruptions that are pending for one vCPU: KVM_S390_IRQ, KVM_S390_INTERRUPT and
// KVM_S390_SET_IRQ_STATE put them here.
//
// A UCONTROL VM's monitor delivers interruptions itself, so nothing ever takes them out but a
// reset.
#ifndef HYPERVISOR_CORE_LOCAL_INTERRUPTIONS_H_
#define HYPERVISOR_CORE_LOCAL_INTERRUPTIONS_H_

#include <bitset>
#include <cstdint>
#include <mutex>
#include <vector>

#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

// Any thread.
class LocalInterruptions {
 public:
  static constexpr int kCpus = 255;

  // What an interruption needs to know of the CPU and its VM.
  struct Context {
    bool stopped;        // CPUSTAT_STOPPED
    bool source_exists;  // there is a CPU at the address that an external call or emergency names
    uint8_t ilc;         // length in bytes of the instruction that was intercepted, or 0
  };

  enum class Outcome {
    kPending,
    kPendingExternal,  // the CPU is to get CPUSTAT_EXT_INT
    kPendingStop,      // ... CPUSTAT_STOP_INT
    kNothing,          // accepted without effect
    kStoreStatus,      // stop and store status of a CPU that is stopped: store it now
    kInvalid,          // EINVAL
    kBusy,             // EBUSY
  };

  Outcome Add(const uapi::Irq& irq, const Context& context);

  // What is pending, in the order in which the kernel lists it.
  std::vector<uapi::Irq> List() const;

  bool empty() const;
  void Clear();
  void ClearStop();

 private:
  enum Kind : uint8_t {
    kMchkExigent,
    kProgram,
    kMchkRepressible,
    kEmergency,
    kExternalCall,
    kClockComparator,
    kCpuTimer,
    kPfaultInit,
    kStop,
    kRestart,
    kSetPrefix,
    kKinds
  };

  Outcome AddProgram(const uapi::Irq& irq, uint8_t ilc);
  Outcome AddMachineCheck(const uapi::Irq& irq);
  uapi::Irq Describe(Kind kind) const;

  mutable std::mutex mutex_;
  std::bitset<kKinds> pending_;
  std::bitset<kCpus> emergency_sources_;
  uapi::Irq program_{};
  uapi::Irq machine_check_{};
  uapi::Irq external_call_{};
  uapi::Irq pfault_{};
  uapi::Irq stop_{};
  uapi::Irq prefix_{};
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_LOCAL_INTERRUPTIONS_H_
