#include "ucontrol/commands.h"

namespace ucontrol {

absl::Status Commands::Call(Command command, absl::FunctionRef<void()> wake) {
  Waiting waiting{command, false, absl::OkStatus()};
  std::unique_lock lock(mutex_);
  if (closed_) return absl::UnavailableError("the vCPU's thread has ended");
  queue_.push_back(&waiting);
  lock.unlock();
  wake();
  lock.lock();
  done_.wait(lock, [&waiting] { return waiting.done; });
  return waiting.status;
}

void Commands::Serve() {
  std::unique_lock lock(mutex_);
  while (!queue_.empty()) {
    Waiting* const waiting = queue_.front();
    queue_.pop_front();
    lock.unlock();
    absl::Status status = waiting->command();
    lock.lock();
    waiting->status = std::move(status);
    waiting->done = true;
    done_.notify_all();
  }
}

void Commands::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (Waiting* waiting : queue_) {
    waiting->status = absl::UnavailableError("the vCPU's thread has ended");
    waiting->done = true;
  }
  queue_.clear();
  done_.notify_all();
}

}  // namespace ucontrol
