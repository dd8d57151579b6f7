// The events that are kept in memory, for watchers that follow them at their own pace.
#ifndef SERVICES_EVENT_HISTORY_H_
#define SERVICES_EVENT_HISTORY_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ucontrol/v1/event.pb.h"

namespace services {

// Any thread. A watcher holds a revision, and nothing is queued for it: one that is too slow finds
// its revision gone.
class EventHistory {
 public:
  using EventPtr = std::shared_ptr<const ucontrol::v1::Event>;

  explicit EventHistory(int64_t capacity) : capacity_(capacity) {}

  // Revisions are consecutive.
  void Append(EventPtr event);

  // The next event's.
  int64_t next_revision() const;

  // At most `most` events from `revision` on; waits for one until `timeout`, or until Interrupt.
  // OUT_OF_RANGE if that revision isn't kept any more.
  absl::StatusOr<std::vector<EventPtr>> Read(int64_t revision, size_t most, absl::Duration timeout);

  // What is kept.
  std::vector<EventPtr> All() const;

  // Ends all waits, now and later.
  void Interrupt();

 private:
  const int64_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable appended_;
  std::deque<EventPtr> events_;
  int64_t next_ = 1;
  bool interrupted_ = false;
};

}  // namespace services

#endif  // SERVICES_EVENT_HISTORY_H_
