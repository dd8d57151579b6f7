// The vCPUs of one VM as purges see them: IPTE, IDTE, CSP, CSPG and key instructions take effect on
// all of them before the issuing instruction completes (PoP: Control, "Translation-Lookaside
// Buffer").
#ifndef HYPERVISOR_SIE_BROADCAST_DOMAIN_H_
#define HYPERVISOR_SIE_BROADCAST_DOMAIN_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace hypervisor {

class BroadcastDomain {
 public:
  // One CPU's place in the domain; lives as long as its engine.
  //
  // `attention` is the engine's own poll word: Purge sets kPurge in it, and the engine, at its next
  // poll, clears the bit, drops its translations and calls Acknowledge.
  struct Member {
    std::atomic<uint32_t>* attention = nullptr;
    std::atomic<bool> in_guest = false;  // set by Enter and Leave
    std::atomic<uint64_t> acknowledged = 0;
  };
  static constexpr uint32_t kPurge = 1u << 31;

  void Join(Member& member);
  void Part(Member& member);

  // Brackets the time in which a member may use translations. A purge that came outside is seen by
  // Enter, which returns true then.
  bool Enter(Member& member) {
    // The flag first, the number second: a purge that misses the flag is one whose number we see.
    member.in_guest.store(true);
    const uint64_t newest = purge_.load();
    if (member.acknowledged.load(std::memory_order_relaxed) == newest) return false;
    member.acknowledged.store(newest);
    return true;
  }
  // A purge that begins at this moment may be missed: it looks again after a while.
  void Leave(Member& member) {
    member.in_guest.store(false, std::memory_order_release);
    if (member.acknowledged.load() != purge_.load()) LeaveDuringPurge();
  }

  // Asks all other members to drop their translations, and waits until each has done so or is not
  // in the guest. While it waits it serves `self`'s own purges, so that two issuers can't deadlock.
  // Returns true if `self` was itself purged meanwhile.
  bool Purge(Member& self);

  // By a member's own thread: it has dropped its translations.
  void Acknowledge(Member& member);

 private:
  void LeaveDuringPurge();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Member*> members_;
  std::atomic<uint64_t> purge_ = 0;  // the number of the newest purge
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_BROADCAST_DOMAIN_H_
