#include "services/rate_limit.h"

#include <algorithm>

namespace services {
namespace {

// Principals are few and named by the configuration, but tls:* may let in any number.
constexpr size_t kMostBuckets = 10'000;

}  // namespace

void RateLimit::SetRate(int64_t calls_per_second) {
  std::lock_guard lock(mutex_);
  rate_ = static_cast<double>(std::max<int64_t>(calls_per_second, 0));
  buckets_.clear();
}

bool RateLimit::Admit(const std::string& principal, Clock::time_point now) {
  std::lock_guard lock(mutex_);
  if (rate_ <= 0) return true;
  if (buckets_.size() >= kMostBuckets && !buckets_.contains(principal)) {
    std::erase_if(buckets_, [now](const auto& entry) {
      return now - entry.second.filled > std::chrono::seconds(2);
    });
  }
  Bucket& bucket = buckets_.try_emplace(principal, Bucket{rate_, now}).first->second;
  const double elapsed = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(rate_, bucket.tokens + elapsed * rate_);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace services
