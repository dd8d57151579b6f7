// The interruptions that any CPU of a machine may take. Any thread.
#ifndef UCONTROL_FLOATING_INTERRUPTIONS_H_
#define UCONTROL_FLOATING_INTERRUPTIONS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "ucontrol/interruption_sink.h"
#include "ucontrol/pending_interruptions.h"

namespace ucontrol {

class FloatingInterruptions {
 public:
  static constexpr int kSubclasses = 8;  // I/O-interruption subclasses
  // As many as KVM queues.
  static constexpr size_t kMaximumIo = 266250;
  static constexpr size_t kMaximumExternal = 87381;

  // False: too many wait. An adapter interruption for an ISC is one indication, however often it
  // is made.
  bool AddIo(const IoInterruption& interruption);
  bool WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number);
  // The first of the lowest ISC whose bit in CR6 (bits 32-39) is one.
  std::optional<IoInterruption> TakeIo(uint64_t cr6);

  void AddServiceSignal(uint32_t parameter);
  // Virtio and pfault completion, which share a code.
  bool AddExternal(const ExternalInterruption& interruption);
  // The service signal first; what CR0 allows.
  std::optional<ExternalInterruption> TakeExternal(uint64_t cr0);

  void AddMachineCheck(const MachineCheck& check);
  std::optional<MachineCheck> TakeMachineCheck(uint64_t cr14);

  // What waits, without regard to masks; and what a CPU with these control registers could take.
  bool has_io() const { return Has(kIo); }
  bool has_external() const { return Has(kExternal); }
  bool has_machine_check() const { return Has(kMachineCheck); }
  bool has_any() const { return Has(kIo | kExternal | kMachineCheck); }
  bool HasIoFor(uint64_t cr6) const;

  void Clear();

  // What waits, as a client would have injected it, in the order in which it is taken.
  std::vector<hypervisor::uapi::Irq> List() const;

 private:
  enum Class : uint32_t { kIo = 1, kExternal = 2, kMachineCheck = 4 };

  bool Has(uint32_t classes) const {
    return (classes_.load(std::memory_order_seq_cst) & classes) != 0;
  }
  void Set(Class which, bool pending);
  void Settle();

  mutable std::mutex mutex_;
  std::atomic<uint32_t> classes_ = 0;  // which of the following wait
  std::array<std::deque<IoInterruption>, kSubclasses> io_;
  size_t io_count_ = 0;
  std::atomic<uint8_t> io_subclasses_ = 0;  // bit 0x80 >> ISC, as CR6 has them
  std::optional<uint32_t> service_signal_;
  std::deque<ExternalInterruption> external_;
  std::optional<MachineCheck> machine_check_;
};

}  // namespace ucontrol

#endif  // UCONTROL_FLOATING_INTERRUPTIONS_H_
