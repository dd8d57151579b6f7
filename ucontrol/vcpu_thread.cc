// The life of a vCPU's thread: commands, then one step of the guest, for ever.
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

#include "hypervisor/arch/tod.h"
#include "ucontrol/interception.h"
#include "ucontrol/interruption_delivery.h"
#include "ucontrol/machine.h"
#include "ucontrol/program_interruption.h"
#include "ucontrol/store_status.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::Psw;

namespace {

// The longest sleep; a comparator that is further away is looked at again.
constexpr uint64_t kLongestSleepUnits = hypervisor::TodFromNanoseconds(uint64_t{3600} * 1000000000);

}  // namespace

void Vcpu::Thread() {
  // The kernel may be late by this; its default of 50 microseconds is half of what we promise.
  prctl(PR_SET_TIMERSLACK, 1);
  while (true) {
    // What was announced before is looked at below; what comes later rings again.
    doorbell_.Silence();
    commands_.Serve();
    if (is_retiring_) break;
    if (monitor_ == Monitor::kClient) {
      RunForClient();
    } else if (IsRunnable()) {
      Step();
    } else {
      doorbell_.Sleep(std::nullopt);
    }
  }
  commands_.Close();
  const std::lock_guard lock(client_mutex_);
  EndClientRun({});
}

bool Vcpu::IsRunnable() const {
  return state() == State::kOperating && !machine_.is_held();
}

void Vcpu::Step() {
  ClearInterceptionRequests(*this);
  const bool timers = must_look_at_timers_ || machine_.floating().has_any();
  must_look_at_timers_ = false;
  if (!Apply(DeliverInterruptions(*this, timers))) return;
  if (StopIfAsked()) return;
  // An invalid PSW is for the engine to report, be it a waiting one or not.
  if (const Psw psw = cpu_.psw(); psw.wait() && psw.IsValid()) {
    Wait();
    return;
  }
  SetInterceptionRequests(*this);
  if (const auto exit = Enter()) Apply(HandleExit(*this, *exit));
}

std::optional<kvm::Exit> Vcpu::Enter() {
  is_in_run_.store(true, std::memory_order_seq_cst);
  std::optional<kvm::Exit> exit;
  if (!doorbell_.rung()) {
    const auto begin = std::chrono::steady_clock::now();
    exit = kvm_.Run();
    statistics_.Add(*exit, block().icptcode, std::chrono::steady_clock::now() - begin);
  }
  is_in_run_.store(false, std::memory_order_seq_cst);
  return exit;
}

void Vcpu::RunForClient() {
  bool is_wanted;
  {
    const std::lock_guard lock(client_mutex_);
    if (client_run_ == ClientRun::kCancelled) EndClientRun({});
    is_wanted = client_run_ == ClientRun::kWanted && !machine_.is_held();
  }
  if (!is_wanted) {
    doorbell_.Sleep(std::nullopt);
    return;
  }
  const auto exit = Enter();
  // Kicks are for commands; the client sees nothing of them.
  if (!exit || exit->reason == kvm::Exit::Reason::kKicked) return;
  const std::lock_guard lock(client_mutex_);
  EndClientRun(*exit);
}

// Under client_mutex_.
void Vcpu::EndClientRun(const kvm::Exit& exit) {
  if (client_run_ != ClientRun::kWanted && client_run_ != ClientRun::kCancelled) return;
  client_exit_ = exit;
  client_run_ = ClientRun::kDone;
  client_done_.notify_all();
}

bool Vcpu::StopIfAsked() {
  const auto stop = pending_.stop();
  if (!stop) return false;
  if (stop->store_status) StoreStatus(*this, StatusArea::kAbsolute);
  EnterStoppedState();
  return true;
}

void Vcpu::Wait() {
  const Psw psw = cpu_.psw();
  const bool is_disabled = !(psw.mask & (Psw::kIo | Psw::kExternal | Psw::kMachineCheck));
  is_in_disabled_wait_.store(is_disabled, std::memory_order_seq_cst);
  // Another CPU may still signal one that waits disabled; if none is left, this was the end.
  if (is_disabled && !machine_.HasActiveCpu()) {
    is_in_disabled_wait_.store(false, std::memory_order_seq_cst);
    // At this address the guest says that it has shut down, as SIGNAL QUIESCE asked it to.
    constexpr uint64_t kQuiesced = 0xfff;
    if (psw.address == kQuiesced) {
      EnterStoppedState();
    } else {
      Crash(CrashCause::kDisabledWait, "disabled wait");
    }
    return;
  }
  wait_psw_mask_ = psw.mask;
  wait_cr0_ = cpu_.cr(0);
  wait_cr6_ = cpu_.cr(6);
  wait_cr14_ = cpu_.cr(14);
  is_waiting_.store(true, std::memory_order_seq_cst);
  kvm_.SetFlags(uapi::kCpuWait);
  // What floats and is masked here may be for a CPU that sleeps elsewhere.
  if (machine_.floating().has_any()) machine_.AnnounceFloating(this);

  const auto begin = Doorbell::Clock::now();
  std::optional<Doorbell::Clock::time_point> deadline;
  if (const auto units = UnitsUntilTimer(*this)) {
    // Rounded up: to wake a moment early would be to wake for nothing.
    const uint64_t ns =
        hypervisor::NanosecondsFromTod(std::min(*units, kLongestSleepUnits)) + (*units != 0);
    deadline = begin + std::chrono::nanoseconds(ns);
  }
  doorbell_.Sleep(deadline);

  kvm_.ClearFlags(uapi::kCpuWait);
  is_waiting_.store(false, std::memory_order_seq_cst);
  is_in_disabled_wait_.store(false, std::memory_order_seq_cst);
  // The CPU timer runs in the wait state, but KVM counts only while it runs the guest.
  const auto slept =
      std::chrono::duration_cast<std::chrono::nanoseconds>(Doorbell::Clock::now() - begin);
  cpu_.set_cpu_timer(cpu_.cpu_timer() -
                     hypervisor::TodFromNanoseconds(static_cast<uint64_t>(slept.count())));
  must_look_at_timers_ = true;
}

// False: the step is over.
bool Vcpu::Apply(const Disposition& disposition) {
  switch (disposition.kind()) {
    case Disposition::Kind::kResume:
      return true;
    case Disposition::Kind::kRetry:
      Rewind();
      return true;
    case Disposition::Kind::kInterrupt:
      return Apply(EndWithProgramInterruption(*this, disposition.interruption()));
    case Disposition::Kind::kStop:
      EnterStoppedState();
      return false;
    case Disposition::Kind::kCrash:
      Crash(disposition.cause(), disposition.reason());
      return false;
    case Disposition::Kind::kBreakpoint:
      machine_.BreakpointReached(Report());
      return false;
    case Disposition::Kind::kClient:
      Crash(CrashCause::kUnhandled, "an exit that the monitor doesn't know");
      return false;
    case Disposition::Kind::kLoad:
      machine_.LoadRequested(disposition.load(), address_);
      return false;
  }
  return false;
}

void Vcpu::Crash(CrashCause cause, const char* reason) {
  machine_.Crashed({cause, reason, Report()});
}

}  // namespace ucontrol
