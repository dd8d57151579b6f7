#include "ucontrol/service_call/ascii_console.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace ucontrol {
namespace {

// First byte of an event to the guest: what follows are the session's characters.
constexpr uint8_t kSessionCharacters = 0x00;

}  // namespace

void AsciiConsole::Accept(std::span<const uint8_t> event) {
  console_.Write(std::string_view(reinterpret_cast<const char*>(event.data()), event.size()));
}

size_t AsciiConsole::Take(std::span<uint8_t> room) {
  if (room.size() < 2) return 0;
  const std::string input = console_.TakeInput(room.size() - 1);
  if (input.empty()) return 0;
  room[0] = kSessionCharacters;
  std::ranges::copy(input, room.begin() + 1);
  return 1 + input.size();
}

}  // namespace ucontrol
