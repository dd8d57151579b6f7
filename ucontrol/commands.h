// What other threads ask a vCPU's thread to do between two runs of the guest.
#ifndef UCONTROL_COMMANDS_H_
#define UCONTROL_COMMANDS_H_

#include <condition_variable>
#include <deque>
#include <mutex>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "ucontrol/doorbell.h"

namespace ucontrol {

class Commands {
 public:
  using Command = absl::FunctionRef<absl::Status()>;

  // Any thread but the one that serves. Waits for the command's end and returns its status.
  // UNAVAILABLE, and the command didn't and won't run, once Close was called.
  absl::Status Call(Command command, absl::FunctionRef<void()> wake);

  // The serving thread: runs everything that waits.
  void Serve();

  // The serving thread is about to end: refuses what waits and what is to come.
  void Close();

 private:
  struct Waiting {
    Command command;
    bool done = false;
    absl::Status status;
  };

  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<Waiting*> queue_;
  bool closed_ = false;
};

}  // namespace ucontrol

#endif  // UCONTROL_COMMANDS_H_
