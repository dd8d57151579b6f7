// The interruptions and orders that wait for one CPU: its local ones.
//
// Any thread adds; the CPU's own thread takes.
#ifndef UCONTROL_PENDING_INTERRUPTIONS_H_
#define UCONTROL_PENDING_INTERRUPTIONS_H_

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "hypervisor/arch/interruption.h"
#include "hypervisor/uapi/kvm.h"

namespace ucontrol {

// What a machine check stores (PoP: Machine-Check Handling).
struct MachineCheck {
  uint64_t cr14 = 0;  // the subclass bits it needs if it is repressible
  uint64_t code = 0;  // MCIC
  uint64_t failing_storage_address = 0;
  uint32_t external_damage_code = 0;
  std::array<uint8_t, 16> fixed_logout{};

  // System damage and instruction-processing damage: no subclass mask holds them.
  bool exigent() const { return (code >> 62) != 0; }
  // Combines two that wait, as the PoP has it: conditions are indicated together.
  void Merge(const MachineCheck& other);
};

// What an external interruption stores.
struct ExternalInterruption {
  hypervisor::ExternalCode code;
  uint16_t cpu_address = 0;
  uint32_t parameter = 0;
  uint64_t parameter64 = 0;
};

class PendingInterruptions {
 public:
  static constexpr int kMaximumCpus = 256;

  void AddEmergencySignal(uint16_t sender);
  // False: one already waits.
  bool AddExternalCall(uint16_t sender);
  void AddPfaultInit(uint32_t parameter, uint64_t token);
  // `first`: the CPU was stopped, so nothing comes before.
  void AddRestart(bool first);
  void AddMachineCheck(const MachineCheck& check);
  // A client's own. A PER event and another program interruption merge.
  void AddProgram(const hypervisor::uapi::Irq& irq);
  // False: a stop already waits.
  bool AddStop(bool store_status);

  bool has_external_call() const { return Has(kExternalCall); }
  bool has_stop() const { return Has(kStop); }
  bool has_external() const { return Has(kEmergencySignal | kExternalCall | kPfaultInit); }
  bool has_machine_check() const { return Has(kMachineCheck); }
  // A stop or restart order waits: SIGP answers "busy".
  bool has_order() const { return Has(kStop | kRestart); }

  std::optional<MachineCheck> TakeExigentMachineCheck();
  std::optional<MachineCheck> TakeRepressibleMachineCheck(uint64_t cr14);
  std::optional<hypervisor::uapi::Irq> TakeProgram();
  // What CR0 allows: emergency signal by sender, external call; or what comes after the timers.
  std::optional<ExternalInterruption> TakeSignal(uint64_t cr0);
  std::optional<ExternalInterruption> TakePfaultInit(uint64_t cr0);
  bool TakeFirstRestart();
  bool TakeRestart();
  struct Stop {
    bool store_status = false;
  };
  std::optional<Stop> TakeStop();
  std::optional<Stop> stop() const;

  // All that a CPU reset drops.
  void Clear();

  // What waits, as a client would have injected it, in the order in which it is taken.
  std::vector<hypervisor::uapi::Irq> List() const;

 private:
  enum Class : uint32_t {
    kEmergencySignal = 1,
    kExternalCall = 2,
    kPfaultInit = 4,
    kRestart = 8,
    kMachineCheck = 16,
    kProgram = 32,
    kStop = 64,
  };

  bool Has(uint32_t classes) const {
    return (classes_.load(std::memory_order_seq_cst) & classes) != 0;
  }
  void Set(Class which, bool pending);

  mutable std::mutex mutex_;
  std::atomic<uint32_t> classes_ = 0;  // which of the following wait
  std::bitset<kMaximumCpus> emergency_signals_;
  uint16_t external_call_ = 0;
  ExternalInterruption pfault_init_{};
  bool restart_is_first_ = false;
  MachineCheck machine_check_;
  hypervisor::uapi::Irq program_{};
  Stop stop_;
};

}  // namespace ucontrol

#endif  // UCONTROL_PENDING_INTERRUPTIONS_H_
