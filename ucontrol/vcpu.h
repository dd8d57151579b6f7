// One vCPU of a machine: its registers, its storage, its thread.
//
// Only its own thread touches its registers, SIE block and mappings. Everybody else injects an
// interruption, or posts a command with Call and waits for it.
#ifndef UCONTROL_VCPU_H_
#define UCONTROL_VCPU_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hypervisor/arch/address.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"
#include "ucontrol/commands.h"
#include "ucontrol/cpu.h"
#include "ucontrol/guest_storage.h"
#include "ucontrol/kvm_client.h"
#include "ucontrol/mappings.h"
#include "ucontrol/pending_interruptions.h"

namespace ucontrol {

class Machine;

class Vcpu {
 public:
  // PoP: Control, "Stopped, Operating, Load, and Check-Stop States".
  enum class State : uint8_t { kStopped, kOperating, kCheckStop };

  // Call Launch before anything else. The thread ends with Retire or the destructor.
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

  // Our memory behind `address` as this vCPU's mappings have it; maps the segment into the vCPU if
  // the machine's storage has it and the vCPU hasn't yet.
  std::optional<hypervisor::UserAddress> Resolve(hypervisor::GuestAbsolute address);

  // Initial CPU reset and its kin (PoP: Control, "Resets"), the CPU's state apart.
  enum class Reset : uint8_t { kNormal, kInitial, kClear };
  absl::Status ApplyReset(Reset reset);

  // Stores the 512 bytes of STORE STATUS at `address` (absolute, as all of this vCPU's mappings).
  // False if a byte of it is no storage.
  bool StoreStatus(hypervisor::GuestAbsolute address);
  // STORE STATUS to the assigned locations: absolute 0x1200, or in the prefix area.
  enum class StatusArea : uint8_t { kAbsolute, kPrefixed };
  bool StoreStatus(StatusArea area);

  // ---- For any thread.

  uint16_t address() const { return address_; }
  State state() const { return state_.load(std::memory_order_acquire); }

  // Runs `command` on the vCPU's own thread, between two runs of the guest, and waits for its end.
  // UNAVAILABLE if the thread is gone. Never from a vCPU's thread, but for a vCPU's own.
  absl::Status Call(absl::FunctionRef<absl::Status()> command);

  // Operating and stopped states. A stop takes effect at the next interruptible point.
  void Start();
  void RequestStop(bool store_status = false);

  // Queues a local interruption by the rules of KVM_S390_IRQ.
  absl::Status Inject(const hypervisor::uapi::Irq& irq);

  // Mappings of this vCPU alone. Replaces what was mapped.
  absl::Status Map(const hypervisor::uapi::UcasMapping& mapping);
  absl::Status Unmap(const hypervisor::uapi::UcasMapping& mapping);

  // The PSW of a stopped CPU; FAILED_PRECONDITION if it isn't.
  absl::Status SetInitialPsw(const hypervisor::Psw& psw);

  // Local interruptions that wait for their CPU, and the order they are taken in.
  PendingInterruptions& pending() { return pending_; }

 private:
  friend class Machine;

  Machine& machine_;
  const uint16_t address_;
  kvm::Vcpu kvm_;
  Cpu cpu_;
  GuestStorage storage_;
  PendingInterruptions pending_;
  Commands commands_;
  Mappings mappings_;
  std::atomic<State> state_ = State::kStopped;
  std::thread thread_;
};

}  // namespace ucontrol

#endif  // UCONTROL_VCPU_H_
