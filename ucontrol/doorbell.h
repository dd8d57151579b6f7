// What a vCPU's thread sleeps on. Sticky: a ring that comes before the sleep ends it at once.
#ifndef UCONTROL_DOORBELL_H_
#define UCONTROL_DOORBELL_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace ucontrol {

class Doorbell {
 public:
  using Clock = std::chrono::steady_clock;

  // Any thread.
  void Ring();

  // The sleeper: forgets rings. What they announced must be looked at after this.
  void Silence() { rung_.store(false, std::memory_order_seq_cst); }
  bool rung() const { return rung_.load(std::memory_order_seq_cst); }

  // Sleeps until a ring, or `deadline`.
  void Sleep(std::optional<Clock::time_point> deadline);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> rung_ = false;
};

}  // namespace ucontrol

#endif  // UCONTROL_DOORBELL_H_
