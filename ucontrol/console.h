// A machine's console: characters between its guest and whoever is attached.
//
// Output goes into a ring of the latest characters; any number of readers follow it, each at its
// own pace, and one that falls behind loses the oldest. Input comes from one writer at a time and
// waits in a bounded queue until the guest takes it. Any thread may call anything; only the calls
// with a deadline wait. The console outlives its readers and its writer.
#ifndef UCONTROL_CONSOLE_H_
#define UCONTROL_CONSOLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace ucontrol {

class Console {
 public:
  struct Limits {
    size_t scroll_back = 256 * 1024;  // characters of output kept
    size_t input = 4096;              // characters of input the guest hasn't taken
  };

  // Output from position `position` on; positions count every character ever written.
  struct Output {
    uint64_t position = 0;
    std::string characters;
  };

  class Reader;
  class Writer;

  Console();
  explicit Console(const Limits& limits);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console();

  // ---- the guest's side ----

  // Never waits: a guest isn't held up by whoever doesn't read.
  void Write(std::string_view characters);

  // Takes up to `limit` characters of input.
  std::string TakeInput(size_t limit);

  // Input up to and without its first newline, which is taken too; or `limit` characters if no
  // newline is among them; or nothing while the line isn't complete.
  std::optional<std::string> TakeInputLine(size_t limit);

  bool has_input() const;
  bool HasInputLine(size_t limit) const;

  // `arrived` runs on the writer's thread after each input; it may call the guest's side. When this
  // returns, what was set before runs no more.
  void OnInput(std::function<void()> arrived);

  // ---- the host's side ----

  // Follows the output from `position` (0: from the oldest that is kept).
  std::unique_ptr<Reader> OpenReader(uint64_t position);

  // Where the next character of output will stand.
  uint64_t position() const;

  // FAILED_PRECONDITION while another writer is open.
  absl::StatusOr<std::unique_ptr<Writer>> OpenWriter();

  // Ends every wait, now and later. What was written can still be read.
  void Close();

 private:
  std::optional<size_t> LineLength(size_t limit) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // How many characters went in before the deadline or Close.
  size_t Accept(std::string_view characters, absl::Time deadline);

  const Limits limits_;
  absl::Mutex arrival_mutex_;  // held while arrived_ runs; before mutex_
  std::function<void()> arrived_ ABSL_GUARDED_BY(arrival_mutex_);
  mutable absl::Mutex mutex_;
  std::vector<char> ring_ ABSL_GUARDED_BY(mutex_);  // position p is at p % ring_.size()
  uint64_t written_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string input_ ABSL_GUARDED_BY(mutex_);
  bool writer_open_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// For one thread, but for Cancel.
class Console::Reader {
 public:
  explicit Reader(Console& console, uint64_t position) : console_(console), position_(position) {}

  // Waits for output; at most `limit` characters of it. Nothing: the deadline passed, the console
  // closed, or Cancel. A position beyond the one expected tells how much was lost.
  std::optional<Output> Read(size_t limit, absl::Time deadline);

  // Ends the present Read and every later one. Any thread.
  void Cancel();

 private:
  Console& console_;
  uint64_t position_;
  bool cancelled_ ABSL_GUARDED_BY(console_.mutex_) = false;
};

// Closes when destroyed. For one thread.
class Console::Writer {
 public:
  explicit Writer(Console& console) : console_(console) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  // Waits until the queue has room for all of it; returns how many characters went in, fewer than
  // all only if the deadline passed or the console closed.
  size_t Write(std::string_view characters, absl::Time deadline);

 private:
  Console& console_;
};

}  // namespace ucontrol

#endif  // UCONTROL_CONSOLE_H_
