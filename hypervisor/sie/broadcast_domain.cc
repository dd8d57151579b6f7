#include "hypervisor/sie/broadcast_domain.h"

#include <algorithm>
#include <chrono>

namespace hypervisor {
namespace {

constexpr std::chrono::microseconds kLookAgain(100);

}  // namespace

void BroadcastDomain::Join(Member& member) {
  const std::lock_guard lock(mutex_);
  member.acknowledged = purge_.load();
  members_.push_back(&member);
}

void BroadcastDomain::Part(Member& member) {
  const std::lock_guard lock(mutex_);
  std::erase(members_, &member);
  changed_.notify_all();
}

void BroadcastDomain::LeaveDuringPurge() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool BroadcastDomain::Purge(Member& self) {
  std::unique_lock lock(mutex_);
  const uint64_t mine = purge_.load() + 1;
  purge_.store(mine);
  for (Member* member : members_) {
    if (member != &self) member->attention->fetch_or(kPurge);
  }
  bool purged = false;
  const auto done = [&] {
    // Our own translations count as dropped while we wait here: we use none.
    const uint64_t newest = purge_.load();
    if (self.acknowledged.exchange(newest) != newest && newest != mine) {
      purged = true;
      changed_.notify_all();
    }
    return std::all_of(members_.begin(), members_.end(), [&](const Member* member) {
      return member == &self || !member->in_guest.load() || member->acknowledged.load() >= mine;
    });
  };
  while (!changed_.wait_until(lock, std::chrono::system_clock::now() + kLookAgain, done)) {
  }
  return purged;
}

void BroadcastDomain::Acknowledge(Member& member) {
  member.acknowledged.store(purge_.load());
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

}  // namespace hypervisor
