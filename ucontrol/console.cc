#include "ucontrol/console.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"

namespace ucontrol {

Console::Console() : Console(Limits()) {}
Console::Console(const Limits& limits)
    : limits_{std::max<size_t>(limits.scroll_back, 1), std::max<size_t>(limits.input, 1)},
      ring_(limits_.scroll_back) {}
Console::~Console() = default;

void Console::Write(std::string_view characters) {
  const absl::MutexLock lock(&mutex_);
  const uint64_t end = written_ + characters.size();
  if (characters.size() > ring_.size()) characters.remove_prefix(characters.size() - ring_.size());
  uint64_t at = end - characters.size();
  while (!characters.empty()) {
    const size_t index = at % ring_.size();
    const size_t length = std::min(characters.size(), ring_.size() - index);
    std::copy_n(characters.begin(), length, ring_.begin() + index);
    characters.remove_prefix(length);
    at += length;
  }
  written_ = end;
}

std::string Console::TakeInput(size_t limit) {
  const absl::MutexLock lock(&mutex_);
  std::string taken = input_.substr(0, limit);
  input_.erase(0, taken.size());
  return taken;
}

std::optional<size_t> Console::LineLength(size_t limit) const {
  const size_t newline = input_.find('\n');
  if (newline != std::string::npos && newline <= limit) return newline;
  if (input_.size() >= limit) return limit;
  // A queue that is full without a newline would never get one.
  if (input_.size() >= limits_.input) return input_.size();
  return std::nullopt;
}

std::optional<std::string> Console::TakeInputLine(size_t limit) {
  const absl::MutexLock lock(&mutex_);
  const std::optional<size_t> length = LineLength(limit);
  if (!length) return std::nullopt;
  std::string line = input_.substr(0, *length);
  input_.erase(0, *length);
  if (input_.starts_with('\n')) input_.erase(0, 1);
  return line;
}

bool Console::has_input() const {
  const absl::MutexLock lock(&mutex_);
  return !input_.empty();
}

bool Console::HasInputLine(size_t limit) const {
  const absl::MutexLock lock(&mutex_);
  return LineLength(limit).has_value();
}

void Console::OnInput(std::function<void()> arrived) {
  const absl::MutexLock lock(&arrival_mutex_);
  arrived_ = std::move(arrived);
}

std::unique_ptr<Console::Reader> Console::OpenReader(uint64_t position) {
  return std::make_unique<Reader>(*this, position);
}

uint64_t Console::position() const {
  const absl::MutexLock lock(&mutex_);
  return written_;
}

absl::StatusOr<std::unique_ptr<Console::Writer>> Console::OpenWriter() {
  const absl::MutexLock lock(&mutex_);
  if (writer_open_) return absl::FailedPreconditionError("the console has a writer already");
  writer_open_ = true;
  return std::make_unique<Writer>(*this);
}

void Console::Close() {
  const absl::MutexLock lock(&mutex_);
  closed_ = true;
}

size_t Console::Accept(std::string_view characters, absl::Time deadline) {
  size_t accepted = 0;
  while (accepted < characters.size()) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto has_room = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return closed_ || input_.size() < limits_.input;
      };
      if (!mutex_.AwaitWithDeadline(absl::Condition(&has_room), deadline) || closed_) break;
      const size_t length = std::min(characters.size() - accepted, limits_.input - input_.size());
      input_.append(characters.substr(accepted, length));
      accepted += length;
    }
    const absl::MutexLock lock(&arrival_mutex_);
    if (arrived_) arrived_();
  }
  return accepted;
}

std::optional<Console::Output> Console::Reader::Read(size_t limit, absl::Time deadline) {
  const absl::MutexLock lock(&console_.mutex_);
  const auto ready = [this]() ABSL_SHARED_LOCKS_REQUIRED(console_.mutex_) {
    return cancelled_ || console_.closed_ || console_.written_ > position_;
  };
  console_.mutex_.AwaitWithDeadline(absl::Condition(&ready), deadline);
  if (cancelled_ || console_.written_ <= position_ || limit == 0) return std::nullopt;
  const uint64_t kept = std::min<uint64_t>(console_.written_, console_.ring_.size());
  position_ = std::max(position_, console_.written_ - kept);
  Output output{.position = position_, .characters = {}};
  const auto length = static_cast<size_t>(std::min<uint64_t>(console_.written_ - position_, limit));
  output.characters.reserve(length);
  while (output.characters.size() < length) {
    const size_t index = position_ % console_.ring_.size();
    const size_t piece = std::min(length - output.characters.size(), console_.ring_.size() - index);
    output.characters.append(console_.ring_.data() + index, piece);
    position_ += piece;
  }
  return output;
}

void Console::Reader::Cancel() {
  const absl::MutexLock lock(&console_.mutex_);
  cancelled_ = true;
}

Console::Writer::~Writer() {
  const absl::MutexLock lock(&console_.mutex_);
  console_.writer_open_ = false;
}

size_t Console::Writer::Write(std::string_view characters, absl::Time deadline) {
  return console_.Accept(characters, deadline);
}

}  // namespace ucontrol
