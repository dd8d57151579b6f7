#include "services/keyboard.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/failure.h"
#include "services/resource_name.h"

namespace services {
namespace {

constexpr size_t kLargestMessage = 64 * 1024;
constexpr size_t kMostWaiting = 256 * 1024;
constexpr size_t kPiece = 4096;

}  // namespace

bool Keyboard::Press(const ucontrol::v1::AttachConsoleRequest& request) {
  absl::Status status;
  if (request.input().size() > kLargestMessage) {
    status = InvalidField("input",
                          absl::StrCat("has ", request.input().size(), " bytes, more than 64 KiB"));
  } else if (!request.input().empty() && !log_->IsWriter(reader_)) {
    status = PreconditionNotMet("CONSOLE_HAS_WRITER", ConsoleName(machine_),
                                absl::StrCat("is written by ", log_->writer()));
  }
  const std::lock_guard lock(mutex_);
  if (!status.ok()) {
    status_ = std::move(status);
    return false;
  }
  waiting_ += request.input();
  full_ = waiting_.size() > kMostWaiting;
  pressed_.notify_all();
  return !full_;
}

absl::Status Keyboard::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

Typist::Typist(Keyboard& keyboard, MachineHost& host, std::function<void()> resume,
               bool drop_if_stopped)
    : keyboard_(keyboard),
      host_(host),
      resume_(std::move(resume)),
      drop_if_stopped_(drop_if_stopped),
      thread_([this] { Type(); }) {}

Typist::~Typist() {
  {
    const std::lock_guard lock(keyboard_.mutex_);
    ended_ = true;
  }
  keyboard_.pressed_.notify_all();
  thread_.join();
}

void Typist::Type() {
  std::unique_lock lock(keyboard_.mutex_);
  while (true) {
    keyboard_.pressed_.wait(lock, [this] { return ended_ || !keyboard_.waiting_.empty(); });
    if (ended_) return;
    const std::string piece = keyboard_.waiting_.substr(0, kPiece);
    lock.unlock();
    absl::StatusOr<size_t> taken = host_.TypeIntoConsole(keyboard_.machine_, piece);
    lock.lock();
    if (!taken.ok()) {
      if (!drop_if_stopped_) {
        keyboard_.status_ = taken.status();
        return;
      }
      taken = piece.size();
    }
    keyboard_.waiting_.erase(0, std::min(*taken, keyboard_.waiting_.size()));
    if (!keyboard_.full_ || keyboard_.waiting_.size() > kMostWaiting / 2) continue;
    keyboard_.full_ = false;
    lock.unlock();
    resume_();
    lock.lock();
  }
}

}  // namespace services
