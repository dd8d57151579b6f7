// The TOD clock that all CPUs of a machine share.
#ifndef UCONTROL_MACHINE_CLOCK_H_
#define UCONTROL_MACHINE_CLOCK_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "ucontrol/kvm_client.h"

namespace ucontrol {

// Any thread, but for Set, Stop and Continue, of which one is called at a time.
class MachineClock {
 public:
  using HostClock = std::chrono::steady_clock;

  explicit MachineClock(kvm::Vm& vm) : vm_(vm) {}

  // The guest's TOD clock, now; where it stopped if it stands still.
  uint64_t Tod() const;

  // SET CLOCK: changes the epoch of all CPUs.
  absl::Status Set(uint64_t tod);

  // The clock-comparator condition: the clock is past `comparator`; or how long until it will be.
  // CR0 bit 10 makes the comparison a signed one.
  struct Comparison {
    bool pending = false;
    uint64_t units = 0;  // until then; all ones if the clock never gets there
  };
  static Comparison Compare(uint64_t tod, uint64_t comparator, bool is_signed);

  // Guest time stands still between these.
  void Stop();
  absl::Status Continue();

 private:
  kvm::Vm& vm_;
  std::atomic<uint64_t> stopped_at_ = 0;  // if it is stopped
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace ucontrol

#endif  // UCONTROL_MACHINE_CLOCK_H_
