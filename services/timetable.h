// Things that are to be done later, and things that take long, on threads of their own.
#ifndef SERVICES_TIMETABLE_H_
#define SERVICES_TIMETABLE_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace services {

// Any thread. What is to be done may itself enter things.
class Timetable {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Timetable(int threads);
  ~Timetable();

  void At(Clock::time_point time, std::function<void()> act);
  void Soon(std::function<void()> act) { At(Clock::now(), std::move(act)); }

  // Waits for what is being done; what hasn't begun never will.
  void Stop();

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, std::function<void()>> entries_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace services

#endif  // SERVICES_TIMETABLE_H_
