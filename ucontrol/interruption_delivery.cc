#include "ucontrol/interruption_delivery.h"

#include <algorithm>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/prefix_area.h"
#include "hypervisor/arch/psw.h"
#include "ucontrol/assigned_storage.h"
#include "ucontrol/machine.h"
#include "ucontrol/machine_check.h"
#include "ucontrol/program_interruption.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace cr0 = hypervisor::cr0;
namespace prefix_area = hypervisor::prefix_area;
namespace uapi = hypervisor::uapi;
using hypervisor::ExternalCode;
using hypervisor::Psw;

namespace {

// LCTL and LCTLG interception: control registers 0, 6 and 14.
constexpr uint16_t kLctlCr0 = 0x8000;
constexpr uint16_t kLctlCr6 = 0x0200;
constexpr uint16_t kLctlCr14 = 0x0002;

constexpr const char* kExternalLoop =
    "external-interruption loop: the external-new PSW enables the timer that is pending";

bool ClockComparatorIsPending(Vcpu& vcpu) {
  const Cpu& cpu = vcpu.cpu();
  return MachineClock::Compare(vcpu.machine().clock().Tod(), cpu.clock_comparator(),
                               (cpu.cr(0) & cr0::kClockComparatorSign) != 0)
      .pending;
}

bool CpuTimerIsPending(const Cpu& cpu) {
  return (cpu.cpu_timer() >> 63) != 0;
}

Disposition DeliverExternal(Vcpu& vcpu, const ExternalInterruption& interruption) {
  AssignedStorage area(vcpu);
  if (!area.exists()) return NoPrefixArea();
  area.Store(prefix_area::kExternalCode, static_cast<uint16_t>(interruption.code));
  area.Store(prefix_area::kExternalCpuAddress, interruption.cpu_address);
  if (interruption.code == ExternalCode::kServiceSignal ||
      interruption.code == ExternalCode::kVirtio) {
    area.Store(prefix_area::kExternalParameter, interruption.parameter);
  }
  if (interruption.code == ExternalCode::kVirtio)
    area.Store(prefix_area::kExternalParameter64, interruption.parameter64);
  area.SwapPsw(prefix_area::kExternalOldPsw, prefix_area::kExternalNewPsw);
  return Disposition::Resume();
}

// A timer stays pending when its interruption is taken, so a new PSW that enables it loops.
Disposition DeliverTimer(Vcpu& vcpu, ExternalCode code) {
  const AssignedStorage area(vcpu);
  if (!area.exists()) return NoPrefixArea();
  if (area.LoadPsw(prefix_area::kExternalNewPsw).mask & Psw::kExternal)
    return Disposition::Crash(CrashCause::kExternalInterruptionLoop, kExternalLoop);
  return DeliverExternal(vcpu, {code});
}

Disposition DeliverIo(Vcpu& vcpu, const IoInterruption& interruption) {
  AssignedStorage area(vcpu);
  if (!area.exists()) return NoPrefixArea();
  area.Store(prefix_area::kSubchannelId, interruption.subchannel_id);
  area.Store(prefix_area::kSubchannelId + 2, interruption.subchannel_number);
  area.Store(prefix_area::kIoParameter, interruption.parameter);
  area.Store(prefix_area::kIoWord, interruption.word);
  area.SwapPsw(prefix_area::kIoOldPsw, prefix_area::kIoNewPsw);
  return Disposition::Resume();
}

Disposition DeliverRestart(Vcpu& vcpu) {
  AssignedStorage area(vcpu);
  if (!area.exists()) return NoPrefixArea();
  area.SwapPsw(prefix_area::kRestartOldPsw, prefix_area::kRestartNewPsw);
  return Disposition::Resume();
}

std::optional<Disposition> DeliverOneExternal(Vcpu& vcpu, bool timers) {
  const uint64_t mask = vcpu.cpu().cr(0);
  PendingInterruptions& local = vcpu.pending();
  FloatingInterruptions& floating = vcpu.machine().floating();
  if (const auto signal = local.TakeSignal(mask)) return DeliverExternal(vcpu, *signal);
  if (timers && (mask & cr0::kClockComparator) && ClockComparatorIsPending(vcpu))
    return DeliverTimer(vcpu, ExternalCode::kClockComparator);
  if (timers && (mask & cr0::kCpuTimer) && CpuTimerIsPending(vcpu.cpu()))
    return DeliverTimer(vcpu, ExternalCode::kCpuTimer);
  if (const auto pfault = local.TakePfaultInit(mask)) return DeliverExternal(vcpu, *pfault);
  if (const auto external = floating.TakeExternal(mask)) return DeliverExternal(vcpu, *external);
  return std::nullopt;
}

// The highest in priority, if there is one.
std::optional<Disposition> DeliverOne(Vcpu& vcpu, bool timers) {
  const Psw psw = vcpu.cpu().psw();
  PendingInterruptions& local = vcpu.pending();
  FloatingInterruptions& floating = vcpu.machine().floating();
  if (local.TakeFirstRestart()) return DeliverRestart(vcpu);
  if (psw.mask & Psw::kMachineCheck)
    if (const auto check = local.TakeExigentMachineCheck())
      return DeliverMachineCheck(vcpu, *check);
  if (const auto program = local.TakeProgram()) return InterruptProgram(vcpu, *program);
  if (psw.mask & Psw::kMachineCheck) {
    const uint64_t mask = vcpu.cpu().cr(14);
    if (const auto check = local.TakeRepressibleMachineCheck(mask))
      return DeliverMachineCheck(vcpu, *check);
    if (const auto check = floating.TakeMachineCheck(mask))
      return DeliverMachineCheck(vcpu, *check);
  }
  if (psw.mask & Psw::kExternal)
    if (const auto disposition = DeliverOneExternal(vcpu, timers)) return disposition;
  if (psw.mask & Psw::kIo)
    if (const auto io = floating.TakeIo(vcpu.cpu().cr(6))) return DeliverIo(vcpu, *io);
  if (local.TakeRestart()) return DeliverRestart(vcpu);
  return std::nullopt;
}

}  // namespace

Disposition DeliverInterruptions(Vcpu& vcpu, bool timers) {
  while (const auto disposition = DeliverOne(vcpu, timers))
    if (disposition->kind() != Disposition::Kind::kResume) return *disposition;
  return Disposition::Resume();
}

void ClearInterceptionRequests(Vcpu& vcpu) {
  vcpu.kvm().ClearFlags(uapi::kCpuStopInt | uapi::kCpuIoInt | uapi::kCpuExtInt);
  uapi::SieBlock& block = vcpu.block();
  block.lctl = 0;
  block.ictl &= ~(uapi::kIctlLpsw | uapi::kIctlStctl | uapi::kIctlPint);
}

void SetInterceptionRequests(Vcpu& vcpu) {
  const uint64_t mask = vcpu.cpu().psw().mask;
  PendingInterruptions& local = vcpu.pending();
  FloatingInterruptions& floating = vcpu.machine().floating();
  uapi::SieBlock& block = vcpu.block();
  if (floating.has_io()) {
    if (mask & Psw::kIo)
      block.lctl |= kLctlCr6;
    else
      vcpu.kvm().SetFlags(uapi::kCpuIoInt);
  }
  if (local.has_external() || floating.has_external()) {
    if (mask & Psw::kExternal)
      block.lctl |= kLctlCr0;
    else
      vcpu.kvm().SetFlags(uapi::kCpuExtInt);
  }
  if (local.has_machine_check() || floating.has_machine_check()) {
    if (mask & Psw::kMachineCheck)
      block.lctl |= kLctlCr14;
    else
      block.ictl |= uapi::kIctlLpsw;
  }
  if (local.has_stop()) vcpu.kvm().SetFlags(uapi::kCpuStopInt);
}

std::optional<uint64_t> UnitsUntilTimer(Vcpu& vcpu) {
  const Cpu& cpu = vcpu.cpu();
  if (!(cpu.psw().mask & Psw::kExternal)) return std::nullopt;
  std::optional<uint64_t> units;
  if (cpu.cr(0) & cr0::kClockComparator) {
    const auto comparison =
        MachineClock::Compare(vcpu.machine().clock().Tod(), cpu.clock_comparator(),
                              (cpu.cr(0) & cr0::kClockComparatorSign) != 0);
    if (comparison.pending || ~comparison.units) units = comparison.units;
  }
  if (cpu.cr(0) & cr0::kCpuTimer) {
    const uint64_t left = CpuTimerIsPending(cpu) ? 0 : cpu.cpu_timer() + 1;
    units = std::min(units.value_or(left), left);
  }
  return units;
}

}  // namespace ucontrol
