// One vCPU of the software device.
//
// Everything here belongs to whoever holds `mutex`, or is in KVM_RUN with the file to himself, with
// these exceptions: block.cpuflags is atomic, `interruptions` locks itself, and the registers in
// run() and block() are user space's as well.
#ifndef HYPERVISOR_CORE_VCPU_H_
#define HYPERVISOR_CORE_VCPU_H_

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/core/local_interruptions.h"
#include "hypervisor/core/vcpu_lock.h"
#include "hypervisor/core/vcpu_pages.h"
#include "hypervisor/sie/sie.h"
#include "hypervisor/storage/address_space.h"
#include "hypervisor/uapi/kvm.h"

namespace hypervisor {

class Vm;

class Vcpu {
 public:
  Vcpu(Vm& vm, uint16_t id, std::unique_ptr<VcpuPages> pages);
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;
  ~Vcpu();

  Vm& vm() const { return vm_; }
  uint16_t id() const { return id_; }
  const VcpuPages& pages() const { return *pages_; }
  uapi::Run& run() const { return pages_->run(); }
  uapi::SieBlock& block() const { return pages_->block(); }

  // Any thread, without the mutex.
  uint32_t Flags() const {
    return std::atomic_ref(block().cpuflags).load(std::memory_order_acquire);
  }
  void SetFlags(uint32_t flags);
  void ClearFlags(uint32_t flags);
  bool IsStopped() const { return (Flags() & uapi::kCpuStopped) != 0; }
  void Kick();

  // The floating-point registers of kvm_run: the left halves of the vector registers, or an array
  // of their own where the machine has no vector facility.
  uint64_t& FloatingPoint(int number) const;
  bool has_vectors() const { return has_vectors_; }

  VcpuLock mutex;

  AddressSpace space;
  std::unique_ptr<Sie> sie;  // none on a regular VM
  CpuState cpu;              // what sie works on; current only while it runs

  // The prefix pages that were found accessible: none, or of this prefix under this mapping.
  struct PrefixPin {
    uint32_t prefix;
    uint64_t generation;
  };
  std::optional<PrefixPin> prefix_pin;

  // The next KVM_RUN is to make SIE drop the guest's translations.
  bool flush_translations = false;

  // DIAGNOSE 0x258: notification of page faults. kNoToken is off.
  static constexpr uint64_t kNoToken = ~uint64_t{0};
  uint64_t pfault_token = kNoToken;
  uint64_t pfault_select = 0;
  uint64_t pfault_compare = 0;

  uint64_t diag318 = 0;  // DIAGNOSE 0x318: what the control program is

  // KVM_SET_GUEST_DEBUG.
  uint32_t debug_control = 0;
  std::vector<uapi::HwBreakpoint> breakpoints;

  // KVM_SET_SIGNAL_MASK: the mask while KVM_RUN runs.
  std::optional<sigset_t> signal_mask;

  LocalInterruptions interruptions;

 private:
  Vm& vm_;
  const uint16_t id_;
  const std::unique_ptr<VcpuPages> pages_;
  bool has_vectors_;
};

// Whether a request waits for whoever holds the vCPU.
bool NeedsVcpu(uint32_t request);

// A request on the vCPU's file, while nobody is in RunVcpu for who has the file to himself. Any
// thread.
int64_t AnswerVcpu(Vcpu& vcpu, uint32_t request, uint64_t argument);

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_VCPU_H_
