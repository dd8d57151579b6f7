// A control unit with its one device: what stands behind a subchannel.
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_CONTROL_UNIT_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_CONTROL_UNIT_H_

#include <cstdint>

#include "ucontrol/channel_subsystem/transfer.h"

namespace ucontrol {

// What SENSE ID says of a control unit and its device.
struct SenseId {
  uint16_t control_unit_type = 0;
  uint8_t control_unit_model = 0;
  uint16_t device_type = 0;
  uint8_t device_model = 0;
};

// How a command ended.
enum class Ending {
  kDone,           // channel end and device end
  kCommandReject,  // unit check: the device doesn't know the command, or not in its present state
  kProgramCheck,   // the command came with an area that the channel can't use
};

class ControlUnit {
 public:
  virtual ~ControlUnit() = default;

  virtual SenseId sense_id() const = 0;

  // Carries out a command that isn't NO-OPERATION, BASIC SENSE or SENSE ID. One at a time, on the
  // thread of the CPU that started the channel program; the subsystem isn't locked.
  virtual Ending Execute(uint8_t command, Transfer& transfer) = 0;

  // The subchannel has been enabled or disabled. The subsystem is locked: must not call it.
  virtual void SetEnabled(bool enabled) = 0;

  // Back to the state after power-on. Not during Execute.
  virtual void Reset() = 0;

  // The guest made buffers available in a queue; false if there is no such queue. Any thread; the
  // subsystem isn't locked.
  virtual bool Notify(uint32_t queue) = 0;

  // Ends all threads and I/O. Nothing but the destructor is called after it.
  virtual void Shutdown() = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_CONTROL_UNIT_H_
