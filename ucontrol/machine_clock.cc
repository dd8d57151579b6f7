#include "ucontrol/machine_clock.h"

namespace ucontrol {

uint64_t MachineClock::Tod() const {
  if (is_stopped_.load(std::memory_order_acquire))
    return stopped_at_.load(std::memory_order_relaxed);
  return vm_.Tod().value_or(0);
}

absl::Status MachineClock::Set(uint64_t tod) {
  stopped_at_.store(tod, std::memory_order_relaxed);
  return vm_.SetTod(tod);
}

void MachineClock::Stop() {
  if (is_stopped_.load(std::memory_order_relaxed)) return;
  stopped_at_.store(Tod(), std::memory_order_relaxed);
  is_stopped_.store(true, std::memory_order_release);
}

MachineClock::Comparison MachineClock::Compare(uint64_t tod, uint64_t comparator, bool is_signed) {
  constexpr uint64_t kNever = ~uint64_t{0};
  if (is_signed) {  // the order of signed numbers is that of the numbers with bit 0 turned
    constexpr uint64_t kSign = uint64_t{1} << 63;
    tod ^= kSign;
    comparator ^= kSign;
  }
  if (tod > comparator) return {true, 0};
  if (comparator == kNever) return {false, kNever};
  return {false, comparator - tod + 1};
}

absl::Status MachineClock::Continue() {
  if (!is_stopped_.load(std::memory_order_relaxed)) return absl::OkStatus();
  const absl::Status status = vm_.SetTod(stopped_at_.load(std::memory_order_relaxed));
  is_stopped_.store(false, std::memory_order_release);
  return status;
}

}  // namespace ucontrol
