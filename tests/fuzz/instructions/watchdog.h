// Ends runs that would not end by themselves: a guest may loop.
#ifndef TESTS_FUZZ_INSTRUCTIONS_WATCHDOG_H_
#define TESTS_FUZZ_INSTRUCTIONS_WATCHDOG_H_

#include <chrono>
#include <mutex>
#include <thread>

#include "hypervisor/sie/sie.h"

namespace hypervisor {

// Kicks the engine it watches every two milliseconds. Its thread lives as long as the process.
class Watchdog {
 public:
  Watchdog() {
    std::thread([this] {
      for (;;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        const std::lock_guard lock(mutex_);
        if (sie_) sie_->Kick();
      }
    }).detach();
  }
  void Watch(Sie* sie) {
    const std::lock_guard lock(mutex_);
    sie_ = sie;
  }

 private:
  std::mutex mutex_;
  Sie* sie_ = nullptr;
};

}  // namespace hypervisor

#endif  // TESTS_FUZZ_INSTRUCTIONS_WATCHDOG_H_
