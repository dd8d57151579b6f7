// The event facility: WRITE EVENT MASK, WRITE EVENT DATA and READ EVENT DATA.
#ifndef UCONTROL_SERVICE_CALL_EVENT_FACILITY_H_
#define UCONTROL_SERVICE_CALL_EVENT_FACILITY_H_

#include <memory>
#include <vector>

#include "ucontrol/service_call/event_type.h"
#include "ucontrol/service_call/sccb.h"

namespace ucontrol {

// Not locked: ServiceCall's lock guards it.
class EventFacility {
 public:
  void Add(EventType* type) { types_.push_back(type); }

  void WriteEventMask(Sccb& sccb);
  void WriteEventData(Sccb& sccb);
  void ReadEventData(Sccb& sccb);

  // Whether an event waits that the guest wants to receive.
  bool pending() const;

  // Whether the guest receives events of `type`.
  bool wants(const EventType& type) const { return (wanted_ & Bit(type.type())) != 0; }

  // As after a reset: the guest receives nothing.
  void Reset() { wanted_ = 0; }

 private:
  // Bit of an event type in the masks: type 1 is the leftmost.
  static uint64_t Bit(uint8_t type) { return uint64_t{1} << (64 - type); }
  // Of what this side accepts and of what it sends.
  uint64_t accepted() const;
  uint64_t sent() const;

  std::vector<EventType*> types_;  // not owned
  uint64_t wanted_ = 0;            // the guest's receive mask
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_EVENT_FACILITY_H_
