// What a guest printed last, for any number of readers, and who may type.
#ifndef SERVICES_CONSOLE_LOG_H_
#define SERVICES_CONSOLE_LOG_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace services {

// Any thread. A reader holds an offset, and nothing is queued for it: one that is too slow finds
// that the oldest output is gone.
class ConsoleLog {
 public:
  explicit ConsoleLog(size_t capacity) : capacity_(capacity) {}

  void Append(absl::string_view output);

  // Where a reader begins that asks for `offset`: negative counts back from the end.
  int64_t begin_offset() const;
  int64_t end_offset() const;

  struct Piece {
    int64_t offset = 0;  // of the first byte; above the one asked for if output was lost
    std::string output;  // empty if there was none in time
    bool ended = false;  // the machine doesn't run, and all it printed was read
    bool deleted = false;
    bool writer = false;  // whether `reader` may type
  };
  // Waits for output, a change of the writer, or the end, which a machine that stops isn't if
  // `follow` is set.
  Piece Read(uint64_t reader, int64_t offset, bool was_writer, bool follow, size_t most,
             absl::Duration timeout);

  // The machine runs, or it doesn't; it is gone.
  void SetRunning(bool running);
  void Delete();

  // Readers, by a number that they are given. The writer is one of them.
  uint64_t AddReader();
  void RemoveReader(uint64_t reader);
  // False if another is the writer, unless it is pushed aside.
  bool BecomeWriter(uint64_t reader, const std::string& principal, bool steal);
  bool IsWriter(uint64_t reader) const;
  int readers() const;
  std::string writer() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string ring_;  // the last bytes, at their offset modulo the capacity
  int64_t end_ = 0;
  bool running_ = false;
  bool deleted_ = false;
  uint64_t last_reader_ = 0;
  int readers_ = 0;
  uint64_t writer_ = 0;
  std::string writer_principal_;
};

// The consoles of all machines. Any thread.
class ConsoleLogs {
 public:
  explicit ConsoleLogs(size_t capacity) : capacity_(capacity) {}

  // Makes one if there is none.
  std::shared_ptr<ConsoleLog> Find(const std::string& machine);
  void Delete(const std::string& machine);

 private:
  const size_t capacity_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ConsoleLog>> logs_;
};

}  // namespace services

#endif  // SERVICES_CONSOLE_LOG_H_
