#include "services/event_history.h"

#include <algorithm>
#include <utility>

#include "services/failure.h"

namespace services {

void EventHistory::Append(EventPtr event) {
  {
    std::lock_guard lock(mutex_);
    next_ = event->revision() + 1;
    events_.push_back(std::move(event));
    while (static_cast<int64_t>(events_.size()) > capacity_) events_.pop_front();
  }
  appended_.notify_all();
}

int64_t EventHistory::next_revision() const {
  std::lock_guard lock(mutex_);
  return next_;
}

absl::StatusOr<std::vector<EventHistory::EventPtr>> EventHistory::Read(int64_t revision,
                                                                       size_t most,
                                                                       absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  appended_.wait_for(lock, absl::ToChronoNanoseconds(timeout),
                     [&] { return interrupted_ || next_ > revision; });
  std::vector<EventPtr> result;
  if (next_ <= revision) return result;
  const int64_t oldest = events_.empty() ? next_ : events_.front()->revision();
  if (revision < oldest) return RevisionGone(revision, oldest);
  auto event = events_.begin() + (revision - oldest);
  for (; event != events_.end() && result.size() < most; ++event) result.push_back(*event);
  return result;
}

std::vector<EventHistory::EventPtr> EventHistory::All() const {
  std::lock_guard lock(mutex_);
  return {events_.begin(), events_.end()};
}

void EventHistory::Interrupt() {
  {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
  }
  appended_.notify_all();
}

}  // namespace services
