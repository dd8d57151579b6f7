#include "services/timetable.h"

#include <utility>

namespace services {

Timetable::Timetable(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Timetable::~Timetable() {
  Stop();
}

void Timetable::At(Clock::time_point time, std::function<void()> act) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    entries_.emplace(time, std::move(act));
  }
  changed_.notify_one();
}

void Timetable::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    entries_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Timetable::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = entries_.begin();
    if (first->first > Clock::now()) {
      const Clock::time_point when = first->first;
      changed_.wait_until(lock, when);
      continue;
    }
    std::function<void()> act = std::move(first->second);
    entries_.erase(first);
    lock.unlock();
    act();
    act = nullptr;
    lock.lock();
  }
}

}  // namespace services
