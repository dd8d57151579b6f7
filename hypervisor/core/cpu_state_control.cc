#include "hypervisor/core/cpu_state_control.h"

#include <cerrno>
#include <mutex>

#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

// The kernel withdraws its single-CPU optimisation (IBS) from a CPU by asking it to leave SIE, and
// for a UCONTROL VM nobody takes the request back but user space. Our machine has no IBS to turn
// on, yet turning it off leaves the same trace.
void WithdrawIbs(Vcpu& vcpu) {
  vcpu.SetFlags(uapi::kCpuStopInt);
}

int OperatingCpus(const Vm& vm) {
  int count = 0;
  for (const auto& slot : vm.vcpus) {
    const Vcpu* vcpu = slot.load(std::memory_order_acquire);
    if (vcpu && !vcpu->IsStopped()) ++count;
  }
  return count;
}

}  // namespace

void StartCpu(Vcpu& vcpu) {
  if (!vcpu.IsStopped()) return;
  Vm& vm = vcpu.vm();
  const std::lock_guard lock(vm.start_stop);
  if (OperatingCpus(vm) == 1) {
    for (const auto& slot : vm.vcpus) {
      Vcpu* other = slot.load(std::memory_order_acquire);
      if (other && !other->IsStopped()) WithdrawIbs(*other);
    }
  }
  vcpu.ClearFlags(uapi::kCpuStopped);
}

void StopCpu(Vcpu& vcpu) {
  if (vcpu.IsStopped()) return;
  const std::lock_guard lock(vcpu.vm().start_stop);
  vcpu.SetFlags(uapi::kCpuStopped);
  vcpu.interruptions.ClearStop();
  WithdrawIbs(vcpu);
}

int64_t MpState(Vcpu& vcpu, uint64_t) {
  return vcpu.IsStopped() ? uapi::kMpStateStopped : uapi::kMpStateOperating;
}

int64_t SetMpState(Vcpu& vcpu, const uapi::MpState& wanted) {
  vcpu.vm().user_cpu_state = true;
  switch (wanted.mp_state) {
    case uapi::kMpStateStopped:
      StopCpu(vcpu);
      return 0;
    case uapi::kMpStateOperating:
      StartCpu(vcpu);
      return 0;
    default:
      return -ENXIO;
  }
}

}  // namespace hypervisor
