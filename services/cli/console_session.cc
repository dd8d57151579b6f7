#include "services/cli/console_session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "services/cli/terminal.h"

namespace services::cli {
namespace {

namespace v1 = ucontrol::v1;

constexpr char kEscape = 0x1d;  // Control-]
constexpr size_t kLongestLine = 200;

// Looks for the line by which a guest reports its status.
class StatusLine {
 public:
  void Read(absl::string_view output) {
    for (const char c : output) {
      if (c == '\n' || c == '\r') {
        Look();
        line_.clear();
      } else if (line_.size() < kLongestLine) {
        line_ += c;
      }
    }
  }

  int status() const { return status_; }

 private:
  void Look() {
    int value = 0;
    absl::string_view line = line_;
    if (absl::ConsumePrefix(&line, "ucontrol.run: status ") && absl::SimpleAtoi(line, &value)) {
      status_ = value & 0xff;
    } else if (absl::ConsumePrefix(&line, "EXIT: STATUS=") && absl::SimpleAtoi(line, &value)) {
      // kvm-unit-tests shift their code left and set the last bit.
      status_ = value >> 1 & 0xff;
    }
  }

  std::string line_;
  int status_ = -1;
};

// Those that end a session or change the terminal.
sigset_t SignalsOfSession() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGWINCH, SIGHUP}) sigaddset(&set, number);
  return set;
}

// They, as a descriptor.
class Signals {
 public:
  Signals() {
    const sigset_t set = SignalsOfSession();
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Signals() { close(fd_); }
  int fd() const { return fd_; }
  int Take() const {
    signalfd_siginfo information;
    if (read(fd_, &information, sizeof(information)) != sizeof(information)) return 0;
    return static_cast<int>(information.ssi_signo);
  }

 private:
  int fd_;
};

// What is typed, key by key; the escape key and the one behind it are ours.
class Keys {
 public:
  // What goes to the guest; sets ending() if a key asked for it.
  std::string Filter(absl::string_view typed) {
    std::string input;
    for (const char key : typed) {
      if (!escaped_) {
        escaped_ = key == kEscape;
        if (!escaped_) input += key;
        continue;
      }
      escaped_ = false;
      if (key == kEscape) input += key;
      if (key == 'd' || key == 'q' || key == '.') ending_ = ConsoleEnding::Kind::kDetached;
      if (key == 'x') ending_ = ConsoleEnding::Kind::kTurnOff;
      if (key == '?' || key == 'h') {
        WriteOut("\r\nControl-] d detaches, x turns the machine off, Control-] sends itself\r\n");
      }
    }
    return input;
  }
  const std::optional<ConsoleEnding::Kind>& ending() const { return ending_; }

 private:
  bool escaped_ = false;
  std::optional<ConsoleEnding::Kind> ending_;
};

void AddWindowSize(v1::AttachConsoleRequest& request) {
  const std::optional<TerminalSize> size = SizeOfTerminal();
  if (!size) return;
  request.mutable_window_size()->set_rows(size->rows);
  request.mutable_window_size()->set_columns(size->columns);
}

class Session {
 public:
  Session(Client& client, const v1::AttachConsoleRequest& first)
      : read_only_(first.read_only()), console_(client.Attach()) {
    v1::AttachConsoleRequest request = first;
    AddWindowSize(request);
    console_->Write(request);
    if (pipe2(over_, O_CLOEXEC) != 0) over_[0] = over_[1] = -1;
  }
  ~Session() {
    close(over_[0]);
    close(over_[1]);
  }

  absl::StatusOr<ConsoleEnding> Hold() {
    std::thread output([this] { ShowOutput(); });
    ConsoleEnding ending;
    bool ended_by_us = false;
    {
      const std::unique_ptr<RawTerminal> terminal =
          read_only_ ? nullptr : std::make_unique<RawTerminal>();
      const bool interactive = terminal && terminal->is_terminal();
      if (interactive) {
        std::fprintf(stderr, "Control-] ? tells what the escape key can do\n");
      }
      if (const auto kind = TakeInput(interactive)) {
        ending.kind = *kind;
        ended_by_us = true;
        console_->Cancel();
      }
      output.join();
    }
    const absl::Status status = console_->Finish();
    ending.reported_status = status_line_.status();
    if (!status.ok() && !ended_by_us) return status;
    return ending;
  }

 private:
  void ShowOutput() {
    v1::AttachConsoleResponse response;
    std::optional<int64_t> next;
    while (console_->Read(&response)) {
      if (next && response.offset() > *next && !response.output().empty()) {
        std::fprintf(stderr, "\r\nucctl: %lld bytes of output were lost\r\n",
                     static_cast<long long>(response.offset() - *next));
      }
      if (!response.output().empty()) {
        next = response.offset() + static_cast<int64_t>(response.output().size());
      }
      WriteOut(response.output());
      status_line_.Read(response.output());
    }
    [[maybe_unused]] const ssize_t told = write(over_[1], "", 1);
  }

  // Until the output ends, or something that is asked for.
  std::optional<ConsoleEnding::Kind> TakeInput(bool interactive) {
    pollfd waits[3] = {{over_[0], POLLIN, 0},
                       {signals_.fd(), POLLIN, 0},
                       {read_only_ ? -1 : STDIN_FILENO, POLLIN, 0}};
    while (true) {
      if (poll(waits, 3, -1) < 0 && errno != EINTR) return std::nullopt;
      if (waits[0].revents) return std::nullopt;
      if (waits[1].revents) {
        if (const auto ending = HandleSignal(signals_.Take())) return ending;
      }
      if (!waits[2].revents) continue;
      std::array<char, 4096> typed;
      const ssize_t length = read(STDIN_FILENO, typed.data(), typed.size());
      if (length <= 0) {
        // The end of a pipe isn't the end of the guest.
        waits[2].fd = -1;
        continue;
      }
      v1::AttachConsoleRequest request;
      const absl::string_view keys(typed.data(), static_cast<size_t>(length));
      request.set_input(interactive ? keys_.Filter(keys) : std::string(keys));
      if (keys_.ending()) return keys_.ending();
      if (!request.input().empty() && !console_->Write(request)) waits[2].fd = -1;
    }
  }

  std::optional<ConsoleEnding::Kind> HandleSignal(int number) {
    if (number == SIGWINCH) {
      v1::AttachConsoleRequest request;
      AddWindowSize(request);
      if (request.has_window_size()) console_->Write(request);
      return std::nullopt;
    }
    if (number == 0) return std::nullopt;
    return ConsoleEnding::Kind::kInterrupted;
  }

  const bool read_only_;
  const Signals signals_;
  const std::unique_ptr<Client::Console> console_;
  StatusLine status_line_;
  Keys keys_;
  int over_[2] = {-1, -1};
};

}  // namespace

void HoldSignals() {
  const sigset_t set = SignalsOfSession();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

absl::StatusOr<ConsoleEnding> Converse(Client& client, const v1::AttachConsoleRequest& first) {
  return Session(client, first).Hold();
}

}  // namespace services::cli
