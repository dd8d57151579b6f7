#include "ucontrol/vcpu.h"

#include <utility>

#include "hypervisor/arch/control_registers.h"
#include "ucontrol/injection.h"
#include "ucontrol/machine.h"
#include "ucontrol/store_status.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::GuestAbsolute;
using hypervisor::kSegmentSize;
using hypervisor::Psw;
using hypervisor::UserAddress;

Vcpu::Vcpu(Machine& machine, uint16_t address, kvm::Vcpu kvm)
    : machine_(machine),
      address_(address),
      kvm_(std::move(kvm)),
      cpu_(kvm_.run(), kvm_.block()),
      storage_(*this) {
  kvm_.SetFlags(uapi::kCpuStopped);
  thread_ = std::thread([this] { Thread(); });
}

Vcpu::~Vcpu() {
  Retire();
}

void Vcpu::Retire() {
  is_retiring_.store(true, std::memory_order_seq_cst);
  Kick();
  CancelRun();
  if (thread_.joinable()) thread_.join();
}

uint8_t Vcpu::InstructionLength() const {
  const uapi::SieBlock& block = kvm_.block();
  switch (static_cast<uapi::Interception>(block.icptcode)) {
    case uapi::Interception::kInstruction:
    case uapi::Interception::kInstructionAndProgram:
    case uapi::Interception::kOperationException:
    case uapi::Interception::kPartialExecution:
    case uapi::Interception::kIoInstruction: {
      if (block.icptstatus & uapi::kIcptExecute) {
        const uint8_t length = (block.icptstatus >> 4) & 6;
        return length ? length : 4;
      }
      const uint8_t opcode = static_cast<uint8_t>(block.ipa >> 8);
      return opcode < 0x40 ? 2 : opcode < 0xc0 ? 4 : 6;
    }
    case uapi::Interception::kProgram:
      return block.pgmilc & 6;
    default:
      return 0;
  }
}

void Vcpu::Rewind() {
  Psw psw = cpu_.psw();
  psw.address = (psw.address - InstructionLength()) & psw.address_mask();
  cpu_.set_psw(psw);
}

std::optional<UserAddress> Vcpu::Resolve(GuestAbsolute address) {
  if (const auto user = mappings_.Resolve(address)) return user;
  return machine_.ResolveStorage(address);
}

bool Vcpu::FaultIn(GuestAbsolute address) {
  if (mappings_.Find(address)) return false;
  const auto storage = machine_.FindStorage(address);
  if (!storage) return false;
  // The hole of this vCPU's mappings around the address, as far as the storage goes.
  GuestAbsolute start = storage->start;
  GuestAbsolute last = storage->last;
  for (const auto& [other, interval] : mappings_.intervals()) {
    if (interval.last < address) {
      if (interval.last >= start) start = interval.last + 1;
    } else {
      if (interval.start <= last) last = GuestAbsolute(interval.start.raw() - 1);
      break;
    }
  }
  return MapHere({.user_addr = (storage->user + (start - storage->start)).raw(),
                  .vcpu_addr = start.raw(),
                  .length = last - start + 1})
      .ok();
}

absl::Status Vcpu::MapHere(const uapi::UcasMapping& mapping) {
  if (absl::Status status = kvm_.UcasMap(mapping); !status.ok()) return status;
  mappings_.Map(mapping);
  return absl::OkStatus();
}

absl::Status Vcpu::UnmapHere(const uapi::UcasMapping& mapping) {
  if (absl::Status status = kvm_.UcasUnmap(mapping); !status.ok()) return status;
  mappings_.Unmap(GuestAbsolute(mapping.vcpu_addr), mapping.length);
  return absl::OkStatus();
}

absl::Status Vcpu::Map(const uapi::UcasMapping& mapping) {
  if (absl::Status status = Mappings::Check(mapping); !status.ok()) return status;
  return Call([&] { return MapHere(mapping); });
}

absl::Status Vcpu::Unmap(const uapi::UcasMapping& mapping) {
  uapi::UcasMapping checked = mapping;
  checked.user_addr = 0;  // ignored
  if (absl::Status status = Mappings::Check(checked); !status.ok()) return status;
  return Call([&] { return UnmapHere(checked); });
}

// A KVM vCPU refuses every other ioctl while KVM_RUN holds it, so commands run on the vCPU's own
// thread, between two runs.
absl::Status Vcpu::Call(absl::FunctionRef<absl::Status()> command) {
  if (std::this_thread::get_id() == thread_.get_id()) return command();
  return commands_.Call(command, [this] { Kick(); });
}

void Vcpu::Kick() {
  doorbell_.Ring();
  // Enter sets this before it looks at the bell, so one of the two sees the other.
  if (is_in_run_.load(std::memory_order_seq_cst)) kvm_.Kick();
}

void Vcpu::Start() {
  {
    const std::lock_guard lock(state_mutex_);
    pending_.TakeStop();
    state_.store(State::kOperating, std::memory_order_seq_cst);
    kvm_.ClearFlags(uapi::kCpuStopped | uapi::kCpuStopInt);
  }
  doorbell_.Ring();
  machine_.CpuStateChanged(State::kOperating);
}

bool Vcpu::RequestStop(bool store_status) {
  {
    const std::lock_guard lock(state_mutex_);
    if (state() == State::kOperating) {
      if (!pending_.AddStop(store_status)) return false;
      kvm_.SetFlags(uapi::kCpuStopInt);
      store_status = false;
    }
  }
  doorbell_.Ring();
  if (store_status)
    return Call([this] {
             StoreStatus(*this, StatusArea::kAbsolute);
             return absl::OkStatus();
           })
        .ok();
  return true;
}

void Vcpu::Restart() {
  pending_.AddRestart(state() == State::kStopped);
  if (state() == State::kStopped)
    Start();
  else
    Kick();
}

void Vcpu::EnterStoppedState() {
  {
    const std::lock_guard lock(state_mutex_);
    // In this order: SIGP finds the order still pending, and answers "busy", or the CPU stopped.
    state_.store(State::kStopped, std::memory_order_seq_cst);
    pending_.TakeStop();
    kvm_.SetFlags(uapi::kCpuStopped);
  }
  // What floats and was announced to this CPU alone is for the others now.
  machine_.AnnounceFloating(this);
  machine_.CpuStateChanged(State::kStopped);
}

void Vcpu::AnnounceExternal() {
  kvm_.SetFlags(uapi::kCpuExtInt);
  doorbell_.Ring();
}

void Vcpu::AnnounceIo() {
  kvm_.SetFlags(uapi::kCpuIoInt);
  doorbell_.Ring();
}

bool Vcpu::IsWaitingForIo(const FloatingInterruptions& floating) const {
  return is_waiting() && (wait_psw_mask_ & Psw::kIo) && floating.HasIoFor(wait_cr6_);
}

bool Vcpu::IsWaitingForExternal() const {
  return is_waiting() && (wait_psw_mask_ & Psw::kExternal) &&
         (wait_cr0_ & hypervisor::cr0::kServiceSignal);
}

bool Vcpu::IsWaitingForMachineCheck() const {
  return is_waiting() && (wait_psw_mask_ & Psw::kMachineCheck) &&
         (wait_cr14_ & hypervisor::cr14::kChannelReport);
}

absl::Status Vcpu::SetInitialPsw(const Psw& psw) {
  return Call([&] { return kvm_.SetInitialPsw(psw); });
}

absl::Status Vcpu::ApplyReset(Reset reset) {
  pending_.Clear();
  absl::Status status = reset == Reset::kNormal    ? kvm_.NormalReset()
                        : reset == Reset::kInitial ? kvm_.InitialReset()
                                                   : kvm_.ClearReset();
  if (!status.ok()) return status;
  if (reset != Reset::kNormal) {
    // Nothing that a handler left to be taken over may survive.
    cpu_.set_prefix(0);
    for (int r = 0; r < 16; ++r) cpu_.set_cr(r, block().gcr[r]);
    cpu_.set_tod_programmable(0);
    cpu_.set_cpu_timer(0);
    cpu_.set_clock_comparator(0);
    cpu_.set_program_parameter(0);
    cpu_.set_breaking_event_address(1);
    cpu_.set_fpc(0);
    cpu_.set_psw({});
  }
  EnterStoppedState();
  return absl::OkStatus();
}

CpuReport Vcpu::Report() {
  CpuReport report;
  report.cpu_address = address_;
  report.psw = cpu_.psw();
  for (int r = 0; r < 16; ++r) {
    report.gpr[r] = cpu_.gpr(r);
    report.cr[r] = cpu_.cr(r);
  }
  report.prefix = cpu_.prefix();
  report.icptcode = block().icptcode;
  report.ipa = ipa();
  report.ipb = ipb();
  return report;
}

absl::Status Vcpu::SetMonitor(Monitor monitor) {
  return Call([&] {
    const std::lock_guard lock(client_mutex_);
    monitor_ = monitor;
    if (monitor != Monitor::kClient) EndClientRun({});
    return absl::OkStatus();
  });
}

absl::StatusOr<kvm::Exit> Vcpu::RunOnce() {
  std::unique_lock lock(client_mutex_);
  if (monitor_ != Monitor::kClient)
    return absl::FailedPreconditionError("the machine itself monitors this vCPU");
  if (is_retiring_) return absl::UnavailableError("the vCPU's thread has ended");
  if (client_run_ != ClientRun::kNone)
    return absl::FailedPreconditionError("another client runs this vCPU");
  if (std::exchange(client_cancelled_early_, false)) return kvm::Exit{};
  client_run_ = ClientRun::kWanted;
  doorbell_.Ring();
  client_done_.wait(lock, [this] { return client_run_ == ClientRun::kDone; });
  client_run_ = ClientRun::kNone;
  return client_exit_;
}

void Vcpu::CancelRun() {
  {
    const std::lock_guard lock(client_mutex_);
    if (client_run_ == ClientRun::kNone || client_run_ == ClientRun::kDone)
      client_cancelled_early_ = true;
    if (client_run_ != ClientRun::kWanted) return;
    client_run_ = ClientRun::kCancelled;
  }
  Kick();
}

absl::Status Vcpu::Inject(const uapi::Irq& irq) {
  return InjectLocal(*this, irq);
}

}  // namespace ucontrol
