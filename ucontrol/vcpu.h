// One vCPU of a machine: its registers, its storage, its thread.
//
// Only its own thread touches its registers, SIE block and mappings. Everybody else injects an
// interruption, or posts a command with Call and waits for it.
#ifndef UCONTROL_VCPU_H_
#define UCONTROL_VCPU_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"
#include "ucontrol/commands.h"
#include "ucontrol/cpu.h"
#include "ucontrol/doorbell.h"
#include "ucontrol/floating_interruptions.h"
#include "ucontrol/guest_storage.h"
#include "ucontrol/kvm_client.h"
#include "ucontrol/machine_listener.h"
#include "ucontrol/mappings.h"
#include "ucontrol/pending_interruptions.h"
#include "ucontrol/vcpu_statistics.h"

namespace ucontrol {

class Machine;

class Vcpu {
 public:
  // PoP: Control, "Stopped, Operating, Load, and Check-Stop States".
  enum class State : uint8_t { kStopped, kOperating };

  // Who handles the exits of KVM_RUN.
  enum class Monitor : uint8_t {
    kMachine,
    kClient,  // the thread runs the guest only for RunOnce
  };

  // Begins in the stopped state; its thread runs until Retire or the destructor.
  Vcpu(Machine& machine, uint16_t address, kvm::Vcpu kvm);
  ~Vcpu();

  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  // ---- For instruction handlers, on the vCPU's own thread.

  Cpu& cpu() { return cpu_; }
  hypervisor::uapi::SieBlock& block() { return cpu_.block(); }
  uint16_t ipa() const { return kvm_.block().ipa; }
  uint32_t ipb() const { return kvm_.block().ipb; }
  GuestStorage& storage() { return storage_; }
  Machine& machine() { return machine_; }
  kvm::Vcpu& kvm() { return kvm_; }

  // Of the intercepted instruction, or of the EXECUTE whose target it is; 0 if there is none.
  uint8_t InstructionLength() const;

  // Moves the PSW back to the intercepted instruction.
  void Rewind();

  // Purges what the engine keeps of translations: after a change of a control register or key.
  void PurgeTranslations() { block().ihcpu = 0xffff; }

  // Our memory behind `address`: by this vCPU's mappings, or else by the machine's storage.
  std::optional<hypervisor::UserAddress> Resolve(hypervisor::GuestAbsolute address);

  // Maps the machine's storage around `address` into this vCPU, but for what it has mapped already.
  // False if there is no storage there, or it was mapped before.
  bool FaultIn(hypervisor::GuestAbsolute address);

  // The resets of a CPU (PoP: Control, "Resets"). It ends in the stopped state.
  enum class Reset : uint8_t { kNormal, kInitial, kClear };
  absl::Status ApplyReset(Reset reset);

  // The operating state ends now, whatever is pending.
  void EnterStoppedState();

  // The next look at interruptions includes the clock comparator and the CPU timer.
  void LookAtTimers() { must_look_at_timers_ = true; }

  CpuReport Report();

  // ---- For any thread.

  uint16_t address() const { return address_; }
  State state() const { return state_.load(std::memory_order_seq_cst); }
  bool is_waiting() const { return is_waiting_.load(std::memory_order_seq_cst); }
  PendingInterruptions& pending() { return pending_; }
  const VcpuStatistics& statistics() const { return statistics_; }

  // Runs `command` on the vCPU's own thread, between two runs of the guest, and waits for its end.
  // UNAVAILABLE if the thread is gone. Another vCPU's thread must not call it, but for SIGP, which
  // knows how not to wait in a circle.
  absl::Status Call(absl::FunctionRef<absl::Status()> command);

  // Operating and stopped states. A stop takes effect once no interruption is enabled; false: one
  // was requested before.
  void Start();
  bool RequestStop(bool store_status = false);
  // A restart interruption; starts a stopped CPU with it.
  void Restart();

  // Queues a local interruption by the rules of KVM_S390_IRQ: INVALID_ARGUMENT for what can't be
  // local, FAILED_PRECONDITION for what the CPU's state forbids.
  absl::Status Inject(const hypervisor::uapi::Irq& irq);

  // Something was queued that a CPU with open external masks may take.
  void AnnounceExternal();
  void AnnounceMachineCheck() { Kick(); }

  // Leaves the guest, or the wait, and looks at everything anew.
  void Kick();

  // Mappings of this vCPU alone; they replace what was mapped. Where it has none, the machine's
  // storage is mapped when the guest first touches it.
  absl::Status Map(const hypervisor::uapi::UcasMapping& mapping);
  absl::Status Unmap(const hypervisor::uapi::UcasMapping& mapping);

  // The PSW of a stopped CPU; FAILED_PRECONDITION if it isn't.
  absl::Status SetInitialPsw(const hypervisor::Psw& psw);

  // The client as monitor: RunOnce is one KVM_RUN, for as long as it takes; CancelRun ends it, or
  // the next one, with kKicked. Interceptions, interruptions and waiting are the client's business.
  absl::Status SetMonitor(Monitor monitor);
  absl::StatusOr<kvm::Exit> RunOnce();
  void CancelRun();

  // Ends the thread. Everything that is posted from now on is refused.
  void Retire();

 private:
  friend class Machine;

  // vcpu_thread.cc
  void Thread();
  bool IsRunnable() const;
  void Step();
  void RunForClient();
  void EndClientRun(const kvm::Exit& exit);
  std::optional<kvm::Exit> Enter();
  void Wait();
  bool StopIfAsked();
  bool Apply(const Disposition& disposition);
  void Crash(CrashCause cause, const char* reason);

  // What the machine asks when it looks for a CPU to take a floating interruption.
  bool IsWaitingForIo(const FloatingInterruptions& floating) const;
  bool IsWaitingForExternal() const;
  bool IsWaitingForMachineCheck() const;
  void AnnounceIo();

  absl::Status MapHere(const hypervisor::uapi::UcasMapping& mapping);
  absl::Status UnmapHere(const hypervisor::uapi::UcasMapping& mapping);

  Machine& machine_;
  const uint16_t address_;
  kvm::Vcpu kvm_;
  Cpu cpu_;
  GuestStorage storage_;
  Mappings mappings_;
  bool must_look_at_timers_ = false;

  PendingInterruptions pending_;
  VcpuStatistics statistics_;
  Commands commands_;
  Doorbell doorbell_;
  std::atomic<bool> is_in_run_ = false;
  std::atomic<bool> is_retiring_ = false;
  std::atomic<Monitor> monitor_ = Monitor::kMachine;

  std::mutex state_mutex_;  // changes of state_
  std::atomic<State> state_ = State::kStopped;

  // In the wait state with everything masked: a signal or a reset by another CPU ends it.
  std::atomic<bool> is_in_disabled_wait_ = false;

  // What a waiting CPU's PSW and control registers let through.
  std::atomic<bool> is_waiting_ = false;
  std::atomic<uint64_t> wait_psw_mask_ = 0;
  std::atomic<uint64_t> wait_cr0_ = 0;
  std::atomic<uint64_t> wait_cr6_ = 0;
  std::atomic<uint64_t> wait_cr14_ = 0;

  // A client's run.
  std::mutex client_mutex_;
  std::condition_variable client_done_;
  enum class ClientRun : uint8_t { kNone, kWanted, kCancelled, kDone };
  ClientRun client_run_ = ClientRun::kNone;
  bool client_cancelled_early_ = false;
  kvm::Exit client_exit_;

  std::thread thread_;
};

}  // namespace ucontrol

#endif  // UCONTROL_VCPU_H_
