// The TOD clock that all CPUs of a machine share.
#ifndef UCONTROL_MACHINE_CLOCK_H_
#define UCONTROL_MACHINE_CLOCK_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "ucontrol/kvm_client.h"

namespace ucontrol {

// Any thread.
class MachineClock {
 public:
  using HostClock = std::chrono::steady_clock;

  explicit MachineClock(kvm::Vm& vm) : vm_(vm) {}

  // The guest's TOD clock, now.
  uint64_t Tod() const;

  // SET CLOCK: changes the epoch of all CPUs.
  absl::Status Set(uint64_t tod);

  // When the guest's clock will be past `comparator`: the clock-comparator condition. CR0 bit 10
  // makes the comparison a signed one. Nothing if that lies beyond the end of the clock.
  struct Comparison {
    bool pending = false;
    std::optional<HostClock::time_point> at;
  };
  Comparison Compare(uint64_t comparator, bool is_signed) const;

  // Guest time stands still between these.
  void Stop();
  absl::Status Continue();

 private:
  kvm::Vm& vm_;
  std::optional<uint64_t> stopped_at_;
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_CLOCK_H_
