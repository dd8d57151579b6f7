// Load, pause, resume, crash: what happens to a machine as a whole. All of it on the operator's
// thread, so one thing happens at a time and listeners hear of it in order.
#include <chrono>

#include "absl/strings/str_format.h"
#include "hypervisor/arch/tod.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/machine.h"

namespace ucontrol {

using hypervisor::GuestAbsolute;
using hypervisor::Psw;

void Machine::SetHold(Hold hold) {
  holds_.fetch_or(hold, std::memory_order_seq_cst);
}

void Machine::ClearHold(uint32_t holds) {
  holds_.fetch_and(~holds, std::memory_order_seq_cst);
  for (Vcpu* vcpu : vcpus()) vcpu->Kick();
}

// A command runs between two runs of the guest, and a held CPU begins no other.
void Machine::AwaitHeld() {
  for (Vcpu* vcpu : vcpus()) vcpu->Call([] { return absl::OkStatus(); }).IgnoreError();
}

MachineState Machine::state() const {
  const uint32_t holds = holds_.load(std::memory_order_seq_cst);
  if (holds & kCrash) return MachineState::kCrashed;
  if (holds & (kPausing | kBreakpoint)) return MachineState::kPaused;
  if (holds & kLoading) return MachineState::kRunning;
  const std::shared_lock lock(structure_);
  for (const auto& vcpu : vcpus_)
    if (vcpu->state() == Vcpu::State::kOperating) return MachineState::kRunning;
  return MachineState::kStopped;
}

bool Machine::HasActiveCpu() const {
  const std::shared_lock lock(structure_);
  for (const auto& vcpu : vcpus_)
    if (vcpu->state() == Vcpu::State::kOperating && !vcpu->is_in_disabled_wait_) return true;
  return false;
}

void Machine::CpuStateChanged(Vcpu::State state) {
  if (state == Vcpu::State::kOperating) {
    has_run_.store(true, std::memory_order_seq_cst);
  } else {
    // One in a disabled wait looks whether it is the last.
    const std::shared_lock lock(structure_);
    for (const auto& vcpu : vcpus_)
      if (vcpu->is_in_disabled_wait_) vcpu->Kick();
  }
  if (state_is_to_report_.exchange(true, std::memory_order_seq_cst)) return;
  operator_.Post([this] { ReportState(); });
}

void Machine::ReportState() {
  state_is_to_report_.store(false, std::memory_order_seq_cst);
  const bool has_run = has_run_.exchange(false, std::memory_order_seq_cst);
  const MachineState now = state();
  // Whoever waits for the end hears of it, however short the run was.
  if (has_run && now == reported_state_ && now != MachineState::kRunning)
    TellState(MachineState::kRunning);
  if (now != reported_state_) TellState(now);
}

void Machine::TellState(MachineState state) {
  reported_state_ = state;
  if (configuration_.listener) configuration_.listener->OnState(state);
}

void Machine::Crashed(const CrashReport& report) {
  if (holds_.fetch_or(kCrash, std::memory_order_seq_cst) & kCrash) return;  // another CPU did
  operator_.Post([this, report] {
    AwaitHeld();
    if (configuration_.listener) configuration_.listener->OnCrash(report);
    ReportState();
  });
}

void Machine::BreakpointReached(const CpuReport& report) {
  SetHold(kBreakpoint);
  operator_.Post([this, report] {
    AwaitHeld();
    if (!paused_at_) HoldClock(ClockWhilePaused::kStops);
    if (configuration_.listener) configuration_.listener->OnBreakpoint(report);
    ReportState();
  });
}

void Machine::LoadRequested(LoadKind kind, uint16_t cpu_address) {
  // A second CPU that asks will be reset by the first one's request.
  if (holds_.fetch_or(kLoading, std::memory_order_seq_cst) & kLoading) return;
  operator_.Post([this, kind, cpu_address] {
    const absl::Status status = Load(kind, cpu_address);
    if (!status.ok()) {
      Crashed({CrashCause::kLoadRefused, std::string(status.message()), {}});
      ClearHold(kLoading);
    }
  });
}

absl::Status Machine::Load(LoadKind kind, uint16_t cpu_address, bool paused) {
  return operator_.Call([&]() -> absl::Status {
    Vcpu* const first = FindVcpu(cpu_address);
    if (!first)
      return absl::NotFoundError(absl::StrFormat("there is no CPU 0x%x to load", cpu_address));
    if (kind == LoadKind::kClear && !configuration_.loader)
      return absl::FailedPreconditionError("the machine has no loader");
    SetHold(kLoading);
    AwaitHeld();
    if (absl::Status status = LoadHeld(kind, *first); !status.ok()) {
      ClearHold(kLoading);
      return status;
    }
    if (paused_at_) {
      paused_at_.reset();
      if (absl::Status status = clock_.Continue(); !status.ok()) return status;
    }
    if (paused) {
      SetHold(kPausing);
      HoldClock(ClockWhilePaused::kStops);
    }
    first->Start();
    ClearHold(paused ? kLoading | kCrash | kBreakpoint
                     : kLoading | kCrash | kBreakpoint | kPausing);
    ReportState();
    return absl::OkStatus();
  });
}

absl::Status Machine::LoadHeld(LoadKind kind, Vcpu& first) {
  for (const auto& [key, part] : parts_) part->Reset();
  floating_.Clear();
  for (Vcpu* vcpu : vcpus()) {
    Vcpu::Reset reset = Vcpu::Reset::kClear;
    if (kind == LoadKind::kNormal)
      reset = vcpu == &first ? Vcpu::Reset::kInitial : Vcpu::Reset::kNormal;
    if (absl::Status status = vcpu->Call([=] { return vcpu->ApplyReset(reset); }); !status.ok())
      return status;
  }
  if (kind == LoadKind::kClear) return configuration_.loader(*this, first);
  return LoadPswAtZero(first);
}

// The short PSW that an IPL left at absolute 0 (PoP: Operator Facilities, "Load").
absl::Status Machine::LoadPswAtZero(Vcpu& vcpu) {
  uint8_t bytes[8];
  if (!Read(GuestAbsolute(0), bytes, sizeof(bytes)))
    return absl::FailedPreconditionError("there is no storage at absolute 0 to load a PSW from");
  const auto word = LoadBigEndian<uint64_t>(bytes);
  constexpr uint64_t kMode = Psw::kExtendedAddressing | Psw::kBasicAddressing;
  Psw psw;
  psw.mask = (word & ~uint64_t{0xffffffff}) | (word & kMode);
  psw.address = word & 0x7fffffff;
  // Bit 12 is inverted: without it the short PSW is invalid, and so shall the long one be.
  psw.mask ^= Psw::kShortForm;
  return vcpu.SetInitialPsw(psw);
}

// All CPUs are held.
void Machine::HoldClock(ClockWhilePaused clock) {
  clock_while_paused_ = clock;
  paused_at_ = MachineClock::HostClock::now();
  if (clock == ClockWhilePaused::kStops) clock_.Stop();
}

absl::Status Machine::Pause(ClockWhilePaused clock) {
  return operator_.Call([&]() -> absl::Status {
    if (paused_at_ && clock != clock_while_paused_) {
      return absl::FailedPreconditionError(
          clock_while_paused_ == ClockWhilePaused::kStops
              ? "the machine is held already, and its clock stands still: resume it first"
              : "the machine is held already, and its clock goes on: resume it first");
    }
    SetHold(kPausing);
    AwaitHeld();
    if (!paused_at_) HoldClock(clock);
    ReportState();
    return absl::OkStatus();
  });
}

absl::Status Machine::Resume() {
  return operator_.Call([&]() -> absl::Status {
    const uint32_t holds = holds_.load(std::memory_order_seq_cst);
    if (holds & kCrash)
      return absl::FailedPreconditionError("the guest has crashed; load the machine anew");
    if (!(holds & (kPausing | kBreakpoint)))
      return absl::FailedPreconditionError("the machine isn't paused");
    if (paused_at_) {
      if (absl::Status status = clock_.Continue(); !status.ok()) return status;
      if (clock_while_paused_ == ClockWhilePaused::kContinues) {
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
            MachineClock::HostClock::now() - *paused_at_);
        AdvanceCpuTimers(hypervisor::TodFromNanoseconds(static_cast<uint64_t>(ns.count())));
      }
      paused_at_.reset();
    }
    ClearHold(kPausing | kBreakpoint);
    ReportState();
    return absl::OkStatus();
  });
}

// The CPU timer of an operating CPU runs with the clock, also while nobody runs the CPU.
void Machine::AdvanceCpuTimers(uint64_t units) {
  for (Vcpu* vcpu : vcpus()) {
    vcpu->Call([vcpu, units] {
          if (vcpu->state() == Vcpu::State::kOperating)
            vcpu->cpu().set_cpu_timer(vcpu->cpu().cpu_timer() - units);
          return absl::OkStatus();
        })
        .IgnoreError();
  }
}

}  // namespace ucontrol
