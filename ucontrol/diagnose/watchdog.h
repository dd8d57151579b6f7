// DIAGNOSE 0x288, the watchdog: a guest that doesn't come back in time is restarted.
#ifndef UCONTROL_DIAGNOSE_WATCHDOG_H_
#define UCONTROL_DIAGNOSE_WATCHDOG_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "ucontrol/machine_part.h"

namespace ucontrol {

// Any thread. Its own thread runs from the first Arm to Shutdown.
class Watchdog : public MachinePart {
 public:
  using Clock = std::chrono::steady_clock;

  // `expired` runs on the watchdog's thread, none of its locks held.
  explicit Watchdog(std::function<void()> expired) : expired_(std::move(expired)) {}
  ~Watchdog() override { Shutdown(); }

  bool armed() const;
  // Starts the time anew if it is armed already.
  void Arm(std::chrono::seconds time);
  void Disarm();

  void Reset() override { Disarm(); }
  void Shutdown() override;

 private:
  void Run();

  const std::function<void()> expired_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Clock::time_point> deadline_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace ucontrol

#endif  // UCONTROL_DIAGNOSE_WATCHDOG_H_
