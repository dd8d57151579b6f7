// The interruptions that wait for one CPU: its local ones. Any thread.
#ifndef UCONTROL_PENDING_INTERRUPTIONS_H_
#define UCONTROL_PENDING_INTERRUPTIONS_H_

#include <array>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/uapi/kvm.h"

namespace ucontrol {

// What a machine check stores (PoP: Machine-Check Handling).
struct MachineCheck {
  uint64_t cr14 = 0;  // the subclass bits it needs; none for an exigent one
  uint64_t code = 0;  // MCIC
  uint64_t failing_storage_address = 0;
  uint32_t external_damage_code = 0;
  std::array<uint8_t, 16> fixed_logout{};
};

class PendingInterruptions {
 public:
  static constexpr int kMaximumCpus = 256;

  // Emergency signal and external call, with the sender's address. False: an external call already
  // waits.
  void AddEmergencySignal(uint16_t sender);
  bool AddExternalCall(uint16_t sender);
  void AddRestart();
  void AddMachineCheck(const MachineCheck& check);
  // A client's own; PER and others merge.
  void AddProgram(const hypervisor::uapi::Irq& irq);

  bool external_call() const;

  // Any but stop and restart: what a CPU reset drops.
  void Clear();

  // The thread of the CPU takes what `mask` of classes allows.
  struct Taken;

 private:
  mutable std::mutex mutex_;
  std::bitset<kMaximumCpus> emergency_signals_;
  std::optional<uint16_t> external_call_;
  bool restart_ = false;
};

}  // namespace ucontrol

#endif  // UCONTROL_PENDING_INTERRUPTIONS_H_
