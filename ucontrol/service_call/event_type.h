// One type of event that passes through the event facility of the service-call processor.
#ifndef UCONTROL_SERVICE_CALL_EVENT_TYPE_H_
#define UCONTROL_SERVICE_CALL_EVENT_TYPE_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace ucontrol {

// An event buffer begins with its length (u16, itself included), type, flags and a reserved
// halfword. The event facility makes and checks that header; a type sees what follows.
inline constexpr size_t kEventHeader = 6;

// Called with the event facility's lock held.
class EventType {
 public:
  virtual ~EventType() = default;

  virtual uint8_t type() const = 0;
  virtual bool comes_from_guest() const = 0;
  virtual bool goes_to_guest() const = 0;

  // An event of the guest's.
  virtual void Accept(std::span<const uint8_t> event) = 0;

  // Whether there is an event for the guest.
  virtual bool pending() const = 0;

  // Takes one event and stores it in `room`; its length, or 0 if there is none or it doesn't fit.
  virtual size_t Take(std::span<uint8_t> room) = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_EVENT_TYPE_H_
