// How often each principal may call.
#ifndef SERVICES_RATE_LIMIT_H_
#define SERVICES_RATE_LIMIT_H_

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace services {

// A bucket for each principal that fills at the rate and holds one second's worth. Any thread.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  // Calls a second; 0 or less for no limit.
  void SetRate(int64_t calls_per_second);

  // False if the principal called too often.
  bool Admit(const std::string& principal, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double tokens;
    Clock::time_point filled;
  };

  std::mutex mutex_;
  double rate_ = 0;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace services

#endif  // SERVICES_RATE_LIMIT_H_
