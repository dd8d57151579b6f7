// How much memory machines and memories may take together.
#ifndef SERVICES_BUDGET_H_
#define SERVICES_BUDGET_H_

#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/failure.h"

namespace services {

// Any thread.
class Budget {
 public:
  void SetLimit(int64_t bytes) {
    std::lock_guard lock(mutex_);
    limit_ = bytes;
  }

  absl::Status Reserve(int64_t bytes) {
    std::lock_guard lock(mutex_);
    if (bytes > limit_ || taken_ > limit_ - bytes) {
      return LimitReached("memory_bytes", limit_,
                          absl::StrCat(bytes, " bytes more than the ", taken_, " that are taken"));
    }
    taken_ += bytes;
    return absl::OkStatus();
  }

  void Release(int64_t bytes) {
    std::lock_guard lock(mutex_);
    taken_ -= bytes;
  }

  int64_t taken() const {
    std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  mutable std::mutex mutex_;
  int64_t limit_ = 0;
  int64_t taken_ = 0;
};

}  // namespace services

#endif  // SERVICES_BUDGET_H_
