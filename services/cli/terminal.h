// The terminal that we may stand before.
#ifndef SERVICES_CLI_TERMINAL_H_
#define SERVICES_CLI_TERMINAL_H_

#include <termios.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace services::cli {

// As long as it lives, standard input, if it is a terminal, gives every key as it is typed.
class RawTerminal {
 public:
  RawTerminal();
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  bool is_terminal() const { return saved_.has_value(); }

 private:
  std::optional<termios> saved_;
};

struct TerminalSize {
  uint32_t rows = 0;
  uint32_t columns = 0;
};
// Of standard output; nothing if it isn't a terminal.
std::optional<TerminalSize> SizeOfTerminal();

// All of it, to standard output, whatever it is.
void WriteOut(absl::string_view bytes);

// A bar on standard error, if that is a terminal: "kernel  [=====>    ]  45%  12 MiB".
class Progress {
 public:
  Progress(std::string what, uint64_t total);
  ~Progress();
  void Show(uint64_t done);

 private:
  const std::string what_;
  const uint64_t total_;
  const bool shown_;
  int percent_ = -1;
};

}  // namespace services::cli

#endif  // SERVICES_CLI_TERMINAL_H_
