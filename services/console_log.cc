#include "services/console_log.h"

#include <algorithm>
#include <chrono>

namespace services {

void ConsoleLog::Append(absl::string_view output) {
  {
    std::lock_guard lock(mutex_);
    const int64_t end = end_ + static_cast<int64_t>(output.size());
    if (output.size() > capacity_) output = output.substr(output.size() - capacity_);
    int64_t offset = end - static_cast<int64_t>(output.size());
    while (!output.empty()) {
      const size_t at = static_cast<size_t>(offset) % capacity_;
      const size_t length = std::min(output.size(), capacity_ - at);
      // The ring grows until it is full, so that a quiet guest costs nothing.
      if (ring_.size() < at + length) ring_.resize(at + length);
      std::copy_n(output.data(), length, ring_.begin() + static_cast<std::ptrdiff_t>(at));
      output.remove_prefix(length);
      offset += static_cast<int64_t>(length);
    }
    end_ = end;
  }
  changed_.notify_all();
}

int64_t ConsoleLog::begin_offset() const {
  std::lock_guard lock(mutex_);
  return std::max<int64_t>(0, end_ - static_cast<int64_t>(capacity_));
}

int64_t ConsoleLog::end_offset() const {
  std::lock_guard lock(mutex_);
  return end_;
}

ConsoleLog::Piece ConsoleLog::Read(uint64_t reader, int64_t offset, bool was_writer, bool follow,
                                   size_t most, absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), [&] {
    return end_ > offset || deleted_ || (!running_ && !follow) || (writer_ == reader) != was_writer;
  });
  Piece piece;
  piece.offset = std::clamp<int64_t>(
      offset, std::max<int64_t>(0, end_ - static_cast<int64_t>(capacity_)), end_);
  int64_t next = piece.offset;
  while (next < end_ && piece.output.size() < most) {
    const size_t at = static_cast<size_t>(next) % capacity_;
    const size_t length =
        std::min({static_cast<size_t>(end_ - next), capacity_ - at, most - piece.output.size()});
    piece.output.append(ring_, at, length);
    next += static_cast<int64_t>(length);
  }
  piece.ended = !running_ && !follow && next == end_;
  piece.deleted = deleted_ && next == end_;
  piece.writer = writer_ == reader;
  return piece;
}

void ConsoleLog::SetRunning(bool running) {
  {
    std::lock_guard lock(mutex_);
    running_ = running;
  }
  changed_.notify_all();
}

void ConsoleLog::Delete() {
  {
    std::lock_guard lock(mutex_);
    deleted_ = true;
    running_ = false;
  }
  changed_.notify_all();
}

uint64_t ConsoleLog::AddReader() {
  std::lock_guard lock(mutex_);
  ++readers_;
  return ++last_reader_;
}

void ConsoleLog::RemoveReader(uint64_t reader) {
  std::lock_guard lock(mutex_);
  --readers_;
  if (writer_ == reader) {
    writer_ = 0;
    writer_principal_.clear();
  }
}

bool ConsoleLog::BecomeWriter(uint64_t reader, const std::string& principal, bool steal) {
  {
    std::lock_guard lock(mutex_);
    if (writer_ != 0 && writer_ != reader && !steal) return false;
    writer_ = reader;
    writer_principal_ = principal;
  }
  changed_.notify_all();
  return true;
}

bool ConsoleLog::IsWriter(uint64_t reader) const {
  std::lock_guard lock(mutex_);
  return writer_ == reader;
}

int ConsoleLog::readers() const {
  std::lock_guard lock(mutex_);
  return readers_;
}

std::string ConsoleLog::writer() const {
  std::lock_guard lock(mutex_);
  return writer_principal_;
}

std::shared_ptr<ConsoleLog> ConsoleLogs::Find(const std::string& machine) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<ConsoleLog>& log = logs_[machine];
  if (!log) log = std::make_shared<ConsoleLog>(capacity_);
  return log;
}

void ConsoleLogs::Delete(const std::string& machine) {
  std::shared_ptr<ConsoleLog> log;
  {
    std::lock_guard lock(mutex_);
    const auto found = logs_.find(machine);
    if (found == logs_.end()) return;
    log = std::move(found->second);
    logs_.erase(found);
  }
  log->Delete();
}

}  // namespace services
