// Where devices put the floating interruptions they cause. Any thread; never blocks for long.
#ifndef UCONTROL_INTERRUPTION_SINK_H_
#define UCONTROL_INTERRUPTION_SINK_H_

#include <cstdint>

namespace ucontrol {

// An I/O interruption as real locations 0xb8-0xc3 store it.
struct IoInterruption {
  uint16_t subchannel_id = 0;  // 0x0001 | ssid << 1; 0 for an adapter interruption
  uint16_t subchannel_number = 0;
  uint32_t parameter = 0;
  uint32_t word = 0;  // isc << 27; 0x80000000 for an adapter interruption

  uint8_t isc() const { return static_cast<uint8_t>((word >> 27) & 7); }
};

class InterruptionSink {
 public:
  virtual ~InterruptionSink() = default;

  // Queues it (FIFO for each ISC) and wakes a CPU that can take it.
  virtual void InjectIo(const IoInterruption& interruption) = 0;

  // Takes back a subchannel's interruption that no CPU has taken yet; true if there was one.
  virtual bool WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number) = 0;

  // Service signal, external interruption 0x2401: the parameter's bits are or'ed into a pending
  // one.
  virtual void InjectServiceSignal(uint32_t parameter) = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_INTERRUPTION_SINK_H_
