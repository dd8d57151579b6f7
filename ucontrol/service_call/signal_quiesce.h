// SIGNAL QUIESCE, event type 0x1d: asks the guest to shut itself down.
#ifndef UCONTROL_SERVICE_CALL_SIGNAL_QUIESCE_H_
#define UCONTROL_SERVICE_CALL_SIGNAL_QUIESCE_H_

#include <algorithm>

#include "ucontrol/service_call/event_type.h"

namespace ucontrol {

class SignalQuiesce : public EventType {
 public:
  // The guest gets one event, however often it was asked before it took it.
  void Request() { requested_ = true; }
  void Reset() { requested_ = false; }

  uint8_t type() const override { return 0x1d; }
  bool comes_from_guest() const override { return false; }
  bool goes_to_guest() const override { return true; }
  void Accept(std::span<const uint8_t>) override {}
  bool pending() const override { return requested_; }

  // A time limit, none here: a halfword and its unit.
  size_t Take(std::span<uint8_t> room) override {
    constexpr size_t kTimeLimit = 3;
    if (!requested_ || room.size() < kTimeLimit) return 0;
    std::ranges::fill(room.first(kTimeLimit), uint8_t{0});
    requested_ = false;
    return kTimeLimit;
  }

 private:
  bool requested_ = false;
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_SIGNAL_QUIESCE_H_
