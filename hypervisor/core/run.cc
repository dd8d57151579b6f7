#include "hypervisor/core/run.h"

#include <atomic>
#include <cerrno>

#include "hypervisor/core/cpu_state_control.h"
#include "hypervisor/core/guest_debug.h"
#include "hypervisor/core/signal_mask.h"
#include "hypervisor/core/sync_registers.h"
#include "hypervisor/core/ucas.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint16_t kPurgeAtEntry = 0xffff;  // ihcpu

enum class Pin { kDone, kSegmentMissing, kBackingMissing };

// The two pages of the prefix area have to be there before the guest runs. `missing` is the page
// that isn't.
Pin PinPrefix(Vcpu& vcpu, VcpuAddress& missing) {
  const uint32_t prefix = vcpu.block().prefix() & 0x7fffe000;
  const uint64_t generation = vcpu.space.generation();
  if (vcpu.prefix_pin && vcpu.prefix_pin->prefix == prefix &&
      vcpu.prefix_pin->generation == generation)
    return Pin::kDone;
  for (const uint64_t offset : {uint64_t{0}, kPageSize}) {
    missing = VcpuAddress(prefix + offset);
    const auto user = vcpu.space.Resolve(missing);
    if (!user) return Pin::kSegmentMissing;
    if (!IsReadable(user->raw())) return Pin::kBackingMissing;
  }
  vcpu.prefix_pin = Vcpu::PrefixPin{prefix, generation};
  return Pin::kDone;
}

void ReportInterception(Vcpu& vcpu) {
  uapi::Run& run = vcpu.run();
  const uapi::SieBlock& block = vcpu.block();
  run.exit_reason = static_cast<uint32_t>(uapi::ExitReason::kSieIntercept);
  run.s390_sieic.icptcode = block.icptcode;
  run.s390_sieic.ipa = block.ipa;
  run.s390_sieic.ipb = block.ipb;
}

int64_t Interrupted(Vcpu& vcpu) {
  vcpu.run().exit_reason = static_cast<uint32_t>(uapi::ExitReason::kInterrupted);
  return -EINTR;
}

SieExit RunDebugged(Vcpu& vcpu) {
  const GuestDebugControls controls(vcpu);
  return vcpu.sie->Run(vcpu.block(), vcpu.cpu);
}

int64_t Enter(Vcpu& vcpu) {
  VcpuAddress missing;
  switch (PinPrefix(vcpu, missing)) {
    case Pin::kDone:
      break;
    case Pin::kSegmentMissing:
      ReportMissingSegment(vcpu, missing);
      return 0;
    case Pin::kBackingMissing:
      return -EFAULT;
  }
  const RunSignalMask mask(vcpu);
  if (mask.pending()) return Interrupted(vcpu);
  if (vcpu.flush_translations) vcpu.block().ihcpu = kPurgeAtEntry;
  vcpu.flush_translations = false;
  const SieExit exit =
      vcpu.debug_control ? RunDebugged(vcpu) : vcpu.sie->Run(vcpu.block(), vcpu.cpu);
  switch (exit.reason) {
    case SieExit::Reason::kIntercepted:
      ReportInterception(vcpu);
      return 0;
    case SieExit::Reason::kSegmentMissing:
      ReportMissingSegment(vcpu, exit.address);
      return 0;
    case SieExit::Reason::kBackingMissing:
      return -EFAULT;
    case SieExit::Reason::kKicked:
      return Interrupted(vcpu);
  }
  return -EINVAL;
}

bool ImmediateExit(uapi::Run& run) {
  return std::atomic_ref(run.immediate_exit).load(std::memory_order_acquire) != 0;
}

}  // namespace

int64_t RunVcpu(Vcpu& vcpu, uint64_t argument) {
  uapi::Run& run = vcpu.run();
  if (argument != 0) return -EINVAL;
  if (ImmediateExit(run)) return -EINTR;
  if ((run.kvm_valid_regs | run.kvm_dirty_regs) & ~uapi::kSyncAll) return -EINVAL;
  if (vcpu.IsStopped()) {
    if (vcpu.vm().user_cpu_state) return -EINVAL;
    StartCpu(vcpu);
  }
  // Only UCONTROL VMs have an engine: for a regular one the kernel itself would be the monitor.
  if (!vcpu.sie) return -EOPNOTSUPP;

  LoadRegisters(vcpu);
  const int64_t result = Enter(vcpu);
  StoreRegisters(vcpu);
  return result;
}

}  // namespace hypervisor
