#include "services/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "services/cli/output.h"

namespace services::cli {
namespace {

constexpr int kBarWidth = 30;

}  // namespace

RawTerminal::RawTerminal() {
  termios settings;
  if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &settings) != 0) return;
  saved_ = settings;
  cfmakeraw(&settings);
  // Messages of our own end their lines as usual.
  settings.c_oflag |= OPOST | ONLCR;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
}

RawTerminal::~RawTerminal() {
  if (saved_) tcsetattr(STDIN_FILENO, TCSADRAIN, &*saved_);
}

std::optional<TerminalSize> SizeOfTerminal() {
  winsize size;
  if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return std::nullopt;
  return TerminalSize{size.ws_row, size.ws_col};
}

void WriteOut(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    bytes.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
}

Progress::Progress(std::string what, uint64_t total)
    : what_(std::move(what)), total_(total), shown_(isatty(STDERR_FILENO) && total > 0) {}

Progress::~Progress() {
  if (shown_ && percent_ >= 0) std::fprintf(stderr, "\r\033[K");
}

void Progress::Show(uint64_t done) {
  if (!shown_) return;
  const int percent =
      static_cast<int>(static_cast<double>(done) * 100 / static_cast<double>(total_));
  if (percent == percent_) return;
  percent_ = percent;
  const int filled = percent * kBarWidth / 100;
  std::fprintf(stderr, "\r%-10s [%s>%s] %3d%%  %s\033[K", what_.c_str(),
               std::string(static_cast<size_t>(filled), '=').c_str(),
               std::string(static_cast<size_t>(kBarWidth - filled), ' ').c_str(), percent,
               ShowBytes(static_cast<int64_t>(done)).c_str());
}

}  // namespace services::cli
