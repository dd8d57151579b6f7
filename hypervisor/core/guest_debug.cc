#include "hypervisor/core/guest_debug.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/core/capabilities.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint32_t kMaxBreakpoints = 50;
constexpr uint64_t kMaxWatchLength = 100;
constexpr uint8_t kBreakpoint = 1;  // KVM_HW_BP
constexpr uint8_t kWatchWrite = 2;  // KVM_HW_WP_WRITE

constexpr uint64_t kLongestInstruction = 6;

constexpr std::array<int, 4> kPatched = {0, 9, 10, 11};

int64_t Import(const uapi::GuestDebug& debug, std::vector<uapi::HwBreakpoint>& breakpoints) {
  if (debug.nr_hw_bp == 0) return 0;
  if (debug.nr_hw_bp > kMaxBreakpoints) return -EINVAL;
  breakpoints.resize(debug.nr_hw_bp);
  if (!CopyFromUser(breakpoints.data(), debug.hw_bp,
                    breakpoints.size() * sizeof(uapi::HwBreakpoint)))
    return -EFAULT;
  for (const uapi::HwBreakpoint& point : breakpoints) {
    if (point.type != kBreakpoint && point.type != kWatchWrite) return -EINVAL;
    if (point.type == kWatchWrite && point.len > kMaxWatchLength) return -EINVAL;
  }
  return 0;
}

// CR10 and CR11 become the smallest range that has this point as well.
void Include(CpuState& cpu, bool first, uint64_t start, uint64_t last) {
  cpu.cr[10] = first ? start : std::min(cpu.cr[10], start);
  cpu.cr[11] = first ? last : std::max(cpu.cr[11], last);
}

// To stop in front of a breakpoint, the instruction before it has to cause an event.
uint64_t Before(uint64_t address) {
  return address < kLongestInstruction ? 0 : address - kLongestInstruction;
}

void PatchBreakpoints(const Vcpu& vcpu, CpuState& cpu) {
  bool first = true;
  cpu.cr[9] = 0;
  for (const uapi::HwBreakpoint& point : vcpu.breakpoints) {
    if (point.type == kBreakpoint) {
      cpu.cr[9] |= cr9::kPerInstructionFetching;
      Include(cpu, first, Before(point.addr), point.addr);
    } else {
      cpu.cr[9] |= cr9::kPerStorageAlteration;
      Include(cpu, first, point.addr, point.addr + (point.len ? point.len - 1 : 0));
    }
    first = false;
  }
}

}  // namespace

int64_t SetGuestDebug(Vcpu& vcpu, const uapi::GuestDebug& debug) {
  vcpu.debug_control = 0;
  vcpu.breakpoints.clear();
  vcpu.ClearFlags(uapi::kCpuPer);
  if (debug.control & ~kGuestDebugValid) return -EINVAL;
  if (!vcpu.vm().system.machine.guest_per) return -EINVAL;
  if (!(debug.control & kGuestDebugEnable)) return 0;
  if (debug.control & kGuestDebugUseHwBreakpoints) {
    std::vector<uapi::HwBreakpoint> breakpoints;
    if (const int64_t bad = Import(debug, breakpoints)) return bad;
    vcpu.breakpoints = std::move(breakpoints);
  }
  vcpu.debug_control = debug.control;
  vcpu.SetFlags(uapi::kCpuPer);
  return 0;
}

GuestDebugControls::GuestDebugControls(Vcpu& vcpu) : vcpu_(vcpu), guest_(vcpu.cpu.cr) {
  CpuState& cpu = vcpu.cpu;
  if (vcpu.debug_control & kGuestDebugSingleStep) {
    // No interruption of the guest's own between two steps.
    cpu.cr[0] &= ~cr0::kClockComparator;
    cpu.cr[9] |= cr9::kPerInstructionFetching;
    cpu.cr[10] = 0;
    cpu.cr[11] = ~uint64_t{0};
  } else if (!vcpu.breakpoints.empty()) {
    PatchBreakpoints(vcpu, cpu);
  }
}

GuestDebugControls::~GuestDebugControls() {
  for (const int number : kPatched) vcpu_.cpu.cr[number] = guest_[number];
}

}  // namespace hypervisor
