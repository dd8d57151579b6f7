// A machine: named memories, vCPUs, floating interruptions, one clock, and the parts that make up
// its devices.
//
// Lock order, outermost first; nobody waits for a vCPU's thread while holding any of them, but for
// SignalProcessor, which never blocks on its own lock:
//   Machine::structure_ (vCPUs, memories, mappings) > a part's own locks
//     > FloatingInterruptions > a vCPU's PendingInterruptions > Commands
#ifndef UCONTROL_MACHINE_H_
#define UCONTROL_MACHINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hypervisor/device.h"
#include "ucontrol/absolute_storage.h"
#include "ucontrol/floating_interruptions.h"
#include "ucontrol/instruction_handler.h"
#include "ucontrol/interruption_sink.h"
#include "ucontrol/kvm_client.h"
#include "ucontrol/machine_clock.h"
#include "ucontrol/machine_listener.h"
#include "ucontrol/machine_part.h"
#include "ucontrol/mappings.h"
#include "ucontrol/memories.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

class Machine final : public AbsoluteStorage, public InterruptionSink {
 public:
  struct Configuration {
    InstructionTable instructions = nullptr;
    // Told of changes of state, crashes and breakpoints; may be null; outlives the machine.
    MachineListener* listener = nullptr;
    // Puts the first program in place: at DIAGNOSE 0x308 subcode 3 and Load(LoadKind::kClear).
    std::function<absl::Status(Machine&)> loader;
  };

  static absl::StatusOr<std::unique_ptr<Machine>> Create(hypervisor::Device& device,
                                                         Configuration configuration);
  ~Machine() override;

  // ---- What it is made of.

  kvm::Vm& vm() { return vm_; }
  Memories& memories() { return memories_; }
  MachineClock& clock() { return clock_; }
  const Configuration& configuration() const { return configuration_; }

  // Storage that all vCPUs see, those to come included. 1 MiB units; replaces what was mapped.
  absl::Status MapStorage(absl::string_view memory, uint64_t offset,
                          hypervisor::GuestAbsolute address, uint64_t length);
  absl::Status UnmapStorage(hypervisor::GuestAbsolute address, uint64_t length);
  // One more than the highest absolute address that is mapped.
  uint64_t storage_size() const;

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
  // By the rules of KVM_S390_INTERRUPT on a VM: INVALID_ARGUMENT for what can't float.
  absl::Status Inject(const hypervisor::uapi::Irq& irq);
  // Takes the I/O interruption that TEST PENDING INTERRUPTION would present for this CR6.
  std::optional<IoInterruption> TakeIo(uint64_t cr6);
  // Tells a waiting or running CPU to look for floating interruptions.
  void AnnounceFloating();

  // ---- Life. Any thread but a vCPU's.

  // Resets, runs the loader (kClear), starts the first vCPU.
  absl::Status Load(LoadKind kind, uint16_t cpu_address = 0);
  // Holds all CPUs between two instructions; they keep their states.
  absl::Status Pause(ClockWhilePaused clock);
  absl::Status Resume();
  MachineState state() const;

 private:
  template <typename Part>
  static inline char kKeyOf = 0;

  explicit Machine(kvm::Vm vm, Configuration configuration);

  Configuration configuration_;
  kvm::Vm vm_;
  MachineClock clock_;
  Memories memories_;
  std::vector<std::pair<const char*, std::unique_ptr<MachinePart>>> parts_;
  mutable std::mutex structure_;
  Mappings storage_;                          // under structure_
  std::vector<std::unique_ptr<Vcpu>> vcpus_;  // under structure_; only ever grows
  FloatingInterruptions floating_;
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_H_
