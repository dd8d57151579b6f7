// The interruptions that any CPU of a machine may take. Any thread.
#ifndef UCONTROL_FLOATING_INTERRUPTIONS_H_
#define UCONTROL_FLOATING_INTERRUPTIONS_H_

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "ucontrol/interruption_sink.h"
#include "ucontrol/pending_interruptions.h"

namespace ucontrol {

class FloatingInterruptions {
 public:
  static constexpr int kSubclasses = 8;  // I/O-interruption subclasses

  void AddIo(const IoInterruption& interruption);
  bool WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number);
  // The first of the lowest ISC whose bit in CR6 (bits 32-39) is one.
  std::optional<IoInterruption> TakeIo(uint64_t cr6);

  void AddServiceSignal(uint32_t parameter);
  std::optional<uint32_t> TakeServiceSignal();

  void Clear();

 private:
  mutable std::mutex mutex_;
  std::array<std::deque<IoInterruption>, kSubclasses> io_;
  std::optional<uint32_t> service_signal_;
};

}  // namespace ucontrol

#endif  // UCONTROL_FLOATING_INTERRUPTIONS_H_
