#include "ucontrol/operator.h"

#include <utility>

namespace ucontrol {

Operator::Operator() : thread_([this] { Thread(); }) {}

Operator::~Operator() {
  Retire();
}

void Operator::Thread() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !queue_.empty() || is_retiring_; });
    if (queue_.empty()) return;
    const std::function<void()> act = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    act();
    lock.lock();
  }
}

bool Operator::Post(std::function<void()> act) {
  const std::lock_guard lock(mutex_);
  if (is_retiring_) return false;
  queue_.push_back(std::move(act));
  changed_.notify_one();
  return true;
}

absl::Status Operator::Call(absl::FunctionRef<absl::Status()> act) {
  if (std::this_thread::get_id() == thread_.get_id()) return act();
  struct {
    std::mutex mutex;
    std::condition_variable done;
    bool is_done = false;
    absl::Status status;
  } result;
  const bool is_posted = Post([&] {
    absl::Status status = act();
    const std::lock_guard lock(result.mutex);
    result.status = std::move(status);
    result.is_done = true;
    result.done.notify_one();
  });
  if (!is_posted) return absl::UnavailableError("the machine has ended");
  std::unique_lock lock(result.mutex);
  result.done.wait(lock, [&] { return result.is_done; });
  return result.status;
}

void Operator::Retire() {
  {
    const std::lock_guard lock(mutex_);
    is_retiring_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace ucontrol
