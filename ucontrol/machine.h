// A machine: named memories, vCPUs, floating interruptions, one clock, and the parts that make up
// its devices.
//
// Lock order, outermost first; nobody waits for a thread while holding one of them, but for SIGP,
// which tries signal_mutex and never waits for it:
//   signal_mutex > a part's own locks > structure_ (vCPUs, mappings) > FloatingInterruptions
//     > Vcpu::state_mutex_ > PendingInterruptions > Vcpu::client_mutex_ > Commands > Doorbell
//     > Operator
#ifndef UCONTROL_MACHINE_H_
#define UCONTROL_MACHINE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hypervisor/arch/facility.h"
#include "hypervisor/device.h"
#include "ucontrol/absolute_storage.h"
#include "ucontrol/disposition.h"
#include "ucontrol/floating_interruptions.h"
#include "ucontrol/instruction_handler.h"
#include "ucontrol/interruption_sink.h"
#include "ucontrol/kvm_client.h"
#include "ucontrol/machine_clock.h"
#include "ucontrol/machine_listener.h"
#include "ucontrol/machine_part.h"
#include "ucontrol/mappings.h"
#include "ucontrol/memories.h"
#include "ucontrol/operator.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

class Machine final : public AbsoluteStorage, public InterruptionSink {
 public:
  struct Configuration {
    InstructionTable instructions = nullptr;
    // Told of changes of state, crashes and breakpoints; may be null; outlives the machine.
    MachineListener* listener = nullptr;
    // Puts the first program in place and the PSW into the stopped CPU that shall start with it: at
    // Load(LoadKind::kClear), which DIAGNOSE 0x308 subcode 3 is as well.
    std::function<absl::Status(Machine&, Vcpu&)> loader;
  };

  static absl::StatusOr<std::unique_ptr<Machine>> Create(hypervisor::Device& device,
                                                         Configuration configuration);
  ~Machine() override;

  // ---- What it is made of. Any thread.

  kvm::Vm& vm() { return vm_; }
  Memories& memories() { return memories_; }
  MachineClock& clock() { return clock_; }
  FloatingInterruptions& floating() { return floating_; }
  const Configuration& configuration() const { return configuration_; }
  // Of the CPU model; fixed by the first vCPU.
  const hypervisor::FacilityList& facilities() const { return facilities_; }

  // Storage that all vCPUs see, those to come included. 1 MiB units; replaces what was mapped.
  absl::Status MapStorage(absl::string_view memory, uint64_t offset,
                          hypervisor::GuestAbsolute address, uint64_t length);
  // The same with memory that the caller owns, and keeps until it is unmapped or the machine ends.
  absl::Status MapStorage(const hypervisor::uapi::UcasMapping& mapping);
  absl::Status UnmapStorage(hypervisor::GuestAbsolute address, uint64_t length);
  std::optional<Mappings::Interval> FindStorage(hypervisor::GuestAbsolute address) const;
  std::optional<hypervisor::UserAddress> ResolveStorage(hypervisor::GuestAbsolute address) const;
  // One more than the highest absolute address that is mapped.
  uint64_t storage_size() const;
  // FAILED_PRECONDITION if the machine's storage or a vCPU still maps it.
  absl::Status DeleteMemory(absl::string_view name);

  // An address from 0 to 254 that no vCPU has yet. The vCPU is stopped and has been reset, and
  // lives as long as the machine.
  absl::StatusOr<Vcpu*> AddVcpu(uint16_t address);
  Vcpu* FindVcpu(uint16_t address) const;
  std::vector<Vcpu*> vcpus() const;

  // Parts are added before the first vCPU starts and live until the machine ends.
  template <typename Part>
  Part& AddPart(std::unique_ptr<Part> part) {
    Part& added = *part;
    parts_.push_back({&kKeyOf<Part>, std::move(part)});
    return added;
  }
  template <typename Part>
  Part* FindPart() const {
    for (const auto& [key, part] : parts_)
      if (key == &kKeyOf<Part>) return static_cast<Part*>(part.get());
    return nullptr;
  }

  // ---- AbsoluteStorage, by the mappings of MapStorage.

  uint8_t* Find(hypervisor::GuestAbsolute address, uint64_t length) override;
  bool Read(hypervisor::GuestAbsolute address, void* bytes, uint64_t length) override;
  bool Write(hypervisor::GuestAbsolute address, const void* bytes, uint64_t length) override;

  // ---- InterruptionSink and everything else that floats.

  void InjectIo(const IoInterruption& interruption) override;
  bool WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number) override;
  void InjectServiceSignal(uint32_t parameter) override;
  // A channel report is pending: a repressible machine check.
  void InjectChannelReport();
  // By the rules of KVM_S390_INTERRUPT on a VM: INVALID_ARGUMENT for what can't float.
  absl::Status Inject(const hypervisor::uapi::Irq& irq);
  // Takes the I/O interruption that TEST PENDING INTERRUPTION would present for this CR6.
  std::optional<IoInterruption> TakeIo(uint64_t cr6) { return floating_.TakeIo(cr6); }
  // Has a CPU, `but` apart, look for floating interruptions: a waiting one that can take them, or
  // else all that run.
  void AnnounceFloating(const Vcpu* but = nullptr);

  // ---- Life. Any thread but a vCPU's; one such call at a time takes effect.

  // Resets all CPUs and parts, runs the loader (kClear) or loads the PSW at absolute 0, and starts
  // the CPU; which is held before its first instruction if `paused`.
  absl::Status Load(LoadKind kind, uint16_t cpu_address = 0, bool paused = false);
  // Holds all CPUs between two instructions; they keep their states. A breakpoint holds them with a
  // clock that stands still. FAILED_PRECONDITION if they are held with the other choice of clock.
  // Resume ends a crash's and a breakpoint's hold as well.
  absl::Status Pause(ClockWhilePaused clock);
  absl::Status Resume();
  MachineState state() const;

  // ---- For vCPUs and SIGP.

  bool is_held() const { return holds_.load(std::memory_order_seq_cst) != 0; }
  // A CPU that is neither stopped nor in a disabled wait.
  bool HasActiveCpu() const;
  void CpuStateChanged(Vcpu::State state);
  void Crashed(const CrashReport& report);
  void BreakpointReached(const CpuReport& report);
  void LoadRequested(LoadKind kind, uint16_t cpu_address);
  std::mutex& signal_mutex() { return signal_mutex_; }

 private:
  template <typename Part>
  static inline char kKeyOf = 0;

  // Why CPUs are held.
  enum Hold : uint32_t { kPausing = 1, kCrash = 2, kBreakpoint = 4, kLoading = 8 };

  Machine(kvm::Vm vm, Configuration configuration);

  bool Copy(hypervisor::GuestAbsolute address, uint64_t length,
            absl::FunctionRef<void(uint8_t* part, uint64_t offset, uint64_t size)> copy);

  void SetHold(Hold hold);
  void ClearHold(uint32_t holds);
  // Until no vCPU runs the guest any more.
  void AwaitHeld();
  void ReportState();
  void TellState(MachineState state);
  absl::Status LoadHeld(LoadKind kind, Vcpu& first);
  absl::Status LoadPswAtZero(Vcpu& vcpu);
  void HoldClock(ClockWhilePaused clock);
  void AdvanceCpuTimers(uint64_t units);

  Configuration configuration_;
  kvm::Vm vm_;
  hypervisor::FacilityList facilities_;
  MachineClock clock_{vm_};
  Memories memories_;
  std::vector<std::pair<const char*, std::unique_ptr<MachinePart>>> parts_;

  mutable std::shared_mutex structure_;
  Mappings storage_;                          // under structure_
  std::vector<std::unique_ptr<Vcpu>> vcpus_;  // under structure_; only ever grows
  // The same without the lock, by address.
  std::array<std::atomic<Vcpu*>, PendingInterruptions::kMaximumCpus> vcpu_at_{};

  FloatingInterruptions floating_;
  std::atomic<uint32_t> holds_ = 0;
  std::mutex signal_mutex_;
  std::atomic<bool> state_is_to_report_ = false;
  std::atomic<bool> has_run_ = false;  // since the last report

  // The operator's alone.
  MachineState reported_state_ = MachineState::kStopped;
  ClockWhilePaused clock_while_paused_ = ClockWhilePaused::kContinues;
  std::optional<MachineClock::HostClock::time_point> paused_at_;

  Operator operator_;
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_H_
