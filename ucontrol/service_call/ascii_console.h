// The ASCII console (VT220): event type 0x1a, characters as they are.
#ifndef UCONTROL_SERVICE_CALL_ASCII_CONSOLE_H_
#define UCONTROL_SERVICE_CALL_ASCII_CONSOLE_H_

#include "ucontrol/console.h"
#include "ucontrol/service_call/event_type.h"

namespace ucontrol {

class AsciiConsole : public EventType {
 public:
  // The console outlives this.
  explicit AsciiConsole(Console& console) : console_(console) {}

  uint8_t type() const override { return 0x1a; }
  bool comes_from_guest() const override { return true; }
  bool goes_to_guest() const override { return true; }
  void Accept(std::span<const uint8_t> event) override;
  bool pending() const override { return console_.has_input(); }
  size_t Take(std::span<uint8_t> room) override;

 private:
  Console& console_;
};

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_ASCII_CONSOLE_H_
