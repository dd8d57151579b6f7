#include "ucontrol/floating_interruptions.h"

#include <algorithm>

#include "hypervisor/arch/control_registers.h"

namespace ucontrol {

namespace cr0 = hypervisor::cr0;
using hypervisor::ExternalCode;

namespace {

constexpr uint8_t SubclassMask(uint64_t cr6) {
  return static_cast<uint8_t>(cr6 >> 24);
}
constexpr uint8_t SubclassBit(int isc) {
  return static_cast<uint8_t>(0x80 >> isc);
}
constexpr uint32_t kAdapter = 0x80000000;

}  // namespace

void FloatingInterruptions::Set(Class which, bool pending) {
  if (pending)
    classes_.fetch_or(which, std::memory_order_seq_cst);
  else
    classes_.fetch_and(~uint32_t{which}, std::memory_order_seq_cst);
}

// Under the lock: the summaries that are read without it.
void FloatingInterruptions::Settle() {
  uint8_t subclasses = 0;
  for (int isc = 0; isc < kSubclasses; ++isc)
    if (!io_[isc].empty()) subclasses |= SubclassBit(isc);
  io_subclasses_.store(subclasses, std::memory_order_seq_cst);
  Set(kIo, subclasses != 0);
  Set(kExternal, service_signal_.has_value() || !external_.empty());
  Set(kMachineCheck, machine_check_.has_value());
}

bool FloatingInterruptions::AddIo(const IoInterruption& interruption) {
  const std::lock_guard lock(mutex_);
  std::deque<IoInterruption>& queue = io_[interruption.isc()];
  if (interruption.word & kAdapter) {
    const bool waits = std::any_of(queue.begin(), queue.end(), [](const IoInterruption& other) {
      return (other.word & kAdapter) != 0;
    });
    if (waits) return true;
  }
  if (io_count_ >= kMaximumIo) return false;
  queue.push_back(interruption);
  ++io_count_;
  Settle();
  return true;
}

bool FloatingInterruptions::WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number) {
  const std::lock_guard lock(mutex_);
  for (auto& queue : io_) {
    const auto found =
        std::find_if(queue.begin(), queue.end(), [=](const IoInterruption& interruption) {
          return !(interruption.word & kAdapter) && interruption.subchannel_id == subchannel_id &&
                 interruption.subchannel_number == subchannel_number;
        });
    if (found == queue.end()) continue;
    queue.erase(found);
    --io_count_;
    Settle();
    return true;
  }
  return false;
}

bool FloatingInterruptions::HasIoFor(uint64_t cr6) const {
  return (io_subclasses_.load(std::memory_order_seq_cst) & SubclassMask(cr6)) != 0;
}

std::optional<IoInterruption> FloatingInterruptions::TakeIo(uint64_t cr6) {
  if (!HasIoFor(cr6)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (int isc = 0; isc < kSubclasses; ++isc) {
    if (io_[isc].empty() || !(SubclassMask(cr6) & SubclassBit(isc))) continue;
    const IoInterruption first = io_[isc].front();
    io_[isc].pop_front();
    --io_count_;
    Settle();
    return first;
  }
  return std::nullopt;
}

void FloatingInterruptions::AddServiceSignal(uint32_t parameter) {
  const std::lock_guard lock(mutex_);
  service_signal_ = service_signal_.value_or(0) | parameter;
  Settle();
}

bool FloatingInterruptions::AddExternal(const ExternalInterruption& interruption) {
  const std::lock_guard lock(mutex_);
  if (external_.size() >= kMaximumExternal) return false;
  external_.push_back(interruption);
  Settle();
  return true;
}

std::optional<ExternalInterruption> FloatingInterruptions::TakeExternal(uint64_t cr0) {
  // One subclass-mask bit holds all of them.
  if (!has_external() || !(cr0 & cr0::kServiceSignal)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  std::optional<ExternalInterruption> taken;
  if (service_signal_) {
    taken = ExternalInterruption{ExternalCode::kServiceSignal, 0, *service_signal_};
    service_signal_.reset();
  } else if (!external_.empty()) {
    taken = external_.front();
    external_.pop_front();
  }
  Settle();
  return taken;
}

void FloatingInterruptions::AddMachineCheck(const MachineCheck& check) {
  const std::lock_guard lock(mutex_);
  if (machine_check_)
    machine_check_->Merge(check);
  else
    machine_check_ = check;
  Settle();
}

std::optional<MachineCheck> FloatingInterruptions::TakeMachineCheck(uint64_t cr14) {
  if (!has_machine_check()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!machine_check_ || !(machine_check_->cr14 & cr14)) return std::nullopt;
  const std::optional<MachineCheck> taken = machine_check_;
  machine_check_.reset();
  Settle();
  return taken;
}

void FloatingInterruptions::Clear() {
  const std::lock_guard lock(mutex_);
  for (auto& queue : io_) queue.clear();
  io_count_ = 0;
  service_signal_.reset();
  external_.clear();
  machine_check_.reset();
  Settle();
}

}  // namespace ucontrol
