#include "ucontrol/doorbell.h"

namespace ucontrol {

void Doorbell::Ring() {
  if (rung_.exchange(true, std::memory_order_seq_cst)) return;
  // The sleeper tests the bell under the lock, so passing through it can't miss the sleeper.
  { const std::lock_guard lock(mutex_); }
  changed_.notify_one();
}

void Doorbell::Sleep(std::optional<Clock::time_point> deadline) {
  std::unique_lock lock(mutex_);
  const auto is_rung = [this] { return rung(); };
  if (deadline)
    changed_.wait_until(lock, *deadline, is_rung);
  else
    changed_.wait(lock, is_rung);
}

}  // namespace ucontrol
