#include "ucontrol/pending_interruptions.h"

#include "hypervisor/arch/control_registers.h"

namespace ucontrol {

namespace cr0 = hypervisor::cr0;
namespace uapi = hypervisor::uapi;
using hypervisor::ExternalCode;

namespace {

constexpr uint16_t kPer = static_cast<uint16_t>(hypervisor::PgmCode::kPerEvent);
constexpr uint16_t kPfaultInitSubcode = 0x0600;

}  // namespace

void MachineCheck::Merge(const MachineCheck& other) {
  cr14 |= other.cr14;
  code |= other.code;
  if (other.failing_storage_address) failing_storage_address = other.failing_storage_address;
  if (other.external_damage_code) external_damage_code = other.external_damage_code;
  if (other.fixed_logout != decltype(fixed_logout){}) fixed_logout = other.fixed_logout;
}

void PendingInterruptions::Set(Class which, bool pending) {
  if (pending)
    classes_.fetch_or(which, std::memory_order_seq_cst);
  else
    classes_.fetch_and(~uint32_t{which}, std::memory_order_seq_cst);
}

void PendingInterruptions::AddEmergencySignal(uint16_t sender) {
  const std::lock_guard lock(mutex_);
  emergency_signals_.set(sender % kMaximumCpus);
  Set(kEmergencySignal, true);
}

bool PendingInterruptions::AddExternalCall(uint16_t sender) {
  const std::lock_guard lock(mutex_);
  if (Has(kExternalCall)) return false;
  external_call_ = sender;
  Set(kExternalCall, true);
  return true;
}

void PendingInterruptions::AddPfaultInit(uint32_t parameter, uint64_t token) {
  const std::lock_guard lock(mutex_);
  pfault_init_ = {ExternalCode::kVirtio, kPfaultInitSubcode, parameter, token};
  Set(kPfaultInit, true);
}

void PendingInterruptions::AddRestart(bool first) {
  const std::lock_guard lock(mutex_);
  restart_is_first_ = first;
  Set(kRestart, true);
}

void PendingInterruptions::AddMachineCheck(const MachineCheck& check) {
  const std::lock_guard lock(mutex_);
  if (Has(kMachineCheck))
    machine_check_.Merge(check);
  else
    machine_check_ = check;
  Set(kMachineCheck, true);
}

void PendingInterruptions::AddProgram(const uapi::Irq& irq) {
  const std::lock_guard lock(mutex_);
  const bool both = Has(kProgram);
  const uapi::Irq old = program_;
  program_ = irq;
  if (both && irq.pgm.code == kPer) {
    program_ = old;
    program_.pgm.per_code = irq.pgm.per_code;
    program_.pgm.per_atmid = irq.pgm.per_atmid;
    program_.pgm.per_address = irq.pgm.per_address;
    program_.pgm.per_access_id = irq.pgm.per_access_id;
    program_.pgm.code |= kPer;
  } else if (both && (old.pgm.code & kPer) && !(irq.pgm.code & kPer)) {
    program_.pgm.per_code = old.pgm.per_code;
    program_.pgm.per_atmid = old.pgm.per_atmid;
    program_.pgm.per_address = old.pgm.per_address;
    program_.pgm.per_access_id = old.pgm.per_access_id;
    program_.pgm.code |= kPer;
  }
  Set(kProgram, true);
}

bool PendingInterruptions::AddStop(bool store_status) {
  const std::lock_guard lock(mutex_);
  if (Has(kStop)) return false;
  stop_ = {store_status};
  Set(kStop, true);
  return true;
}

std::optional<MachineCheck> PendingInterruptions::TakeExigentMachineCheck() {
  if (!Has(kMachineCheck)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!Has(kMachineCheck) || !machine_check_.exigent()) return std::nullopt;
  Set(kMachineCheck, false);
  return machine_check_;
}

std::optional<MachineCheck> PendingInterruptions::TakeRepressibleMachineCheck(uint64_t cr14) {
  if (!Has(kMachineCheck)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!Has(kMachineCheck) || !(machine_check_.cr14 & cr14)) return std::nullopt;
  Set(kMachineCheck, false);
  return machine_check_;
}

std::optional<uapi::Irq> PendingInterruptions::TakeProgram() {
  if (!Has(kProgram)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!Has(kProgram)) return std::nullopt;
  Set(kProgram, false);
  return program_;
}

std::optional<ExternalInterruption> PendingInterruptions::TakeSignal(uint64_t cr0) {
  if (!Has(kEmergencySignal | kExternalCall)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (Has(kEmergencySignal) && (cr0 & cr0::kEmergencySignal)) {
    const auto sender = static_cast<uint16_t>(emergency_signals_._Find_first());
    emergency_signals_.reset(sender);
    Set(kEmergencySignal, emergency_signals_.any());
    return ExternalInterruption{ExternalCode::kEmergencySignal, sender};
  }
  if (Has(kExternalCall) && (cr0 & cr0::kExternalCall)) {
    Set(kExternalCall, false);
    return ExternalInterruption{ExternalCode::kExternalCall, external_call_};
  }
  return std::nullopt;
}

std::optional<ExternalInterruption> PendingInterruptions::TakePfaultInit(uint64_t cr0) {
  if (!Has(kPfaultInit) || !(cr0 & cr0::kServiceSignal)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!Has(kPfaultInit)) return std::nullopt;
  Set(kPfaultInit, false);
  return pfault_init_;
}

bool PendingInterruptions::TakeFirstRestart() {
  if (!Has(kRestart)) return false;
  const std::lock_guard lock(mutex_);
  if (!Has(kRestart) || !restart_is_first_) return false;
  Set(kRestart, false);
  return true;
}

bool PendingInterruptions::TakeRestart() {
  if (!Has(kRestart)) return false;
  const std::lock_guard lock(mutex_);
  if (!Has(kRestart)) return false;
  Set(kRestart, false);
  return true;
}

std::optional<PendingInterruptions::Stop> PendingInterruptions::stop() const {
  if (!Has(kStop)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return stop_;
}

std::optional<PendingInterruptions::Stop> PendingInterruptions::TakeStop() {
  if (!Has(kStop)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!Has(kStop)) return std::nullopt;
  Set(kStop, false);
  return stop_;
}

void PendingInterruptions::Clear() {
  const std::lock_guard lock(mutex_);
  classes_.store(0, std::memory_order_seq_cst);
  emergency_signals_.reset();
}

}  // namespace ucontrol
