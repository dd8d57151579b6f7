// The line-mode console: lines of EBCDIC. The guest writes messages (event types 2 and 9), each a
// message data block; the operator answers with commands (event type 1).
#ifndef UCONTROL_SERVICE_CALL_LINE_MODE_CONSOLE_H_
#define UCONTROL_SERVICE_CALL_LINE_MODE_CONSOLE_H_

#include <string>

#include "ucontrol/console.h"
#include "ucontrol/service_call/event_type.h"

namespace ucontrol {

// MESSAGE (type 2) or PRIORITY MESSAGE (type 9) to the operator.
class OperatorMessage : public EventType {
 public:
  enum class Kind : uint8_t { kMessage = 0x02, kPriority = 0x09 };

  // The console outlives this.
  OperatorMessage(Kind kind, Console& console) : kind_(kind), console_(console) {}

  uint8_t type() const override { return static_cast<uint8_t>(kind_); }
  bool comes_from_guest() const override { return true; }
  bool goes_to_guest() const override { return false; }
  void Accept(std::span<const uint8_t> event) override;
  bool pending() const override { return false; }
  size_t Take(std::span<uint8_t>) override { return 0; }

 private:
  const Kind kind_;
  Console& console_;
};

// OPERATOR COMMAND.
class OperatorCommand : public EventType {
 public:
  // Self-defining text has a length of one byte, two headers of two bytes within it.
  static constexpr size_t kLineLimit = 250;

  // The console outlives this.
  explicit OperatorCommand(Console& console) : console_(console) {}

  uint8_t type() const override { return 0x01; }
  bool comes_from_guest() const override { return false; }
  bool goes_to_guest() const override { return true; }
  void Accept(std::span<const uint8_t>) override {}
  bool pending() const override { return console_.HasInputLine(kLineLimit); }
  size_t Take(std::span<uint8_t> room) override;

 private:
  Console& console_;
};

// The lines of a message data block, a newline after each; empty if it is none.
std::string MessageText(std::span<const uint8_t> block);

}  // namespace ucontrol

#endif  // UCONTROL_SERVICE_CALL_LINE_MODE_CONSOLE_H_
