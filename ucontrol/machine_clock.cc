#include "ucontrol/machine_clock.h"

namespace ucontrol {

uint64_t MachineClock::Tod() const {
  return vm_.Tod().value_or(0);
}

absl::Status MachineClock::Set(uint64_t tod) {
  return vm_.SetTod(tod);
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
  if (!stopped_at_) return absl::OkStatus();
  const uint64_t tod = *stopped_at_;
  stopped_at_.reset();
  return Set(tod);
}

}  // namespace ucontrol
