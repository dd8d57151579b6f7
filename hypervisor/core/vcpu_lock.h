// Who holds a vCPU. Any thread; whoever finds it held sleeps.
//
// Taken and given back by one atomic operation each, in line: KVM_RUN goes through here.
#ifndef HYPERVISOR_CORE_VCPU_LOCK_H_
#define HYPERVISOR_CORE_VCPU_LOCK_H_

#include <atomic>
#include <cstdint>

namespace hypervisor {

// For std::lock_guard.
class VcpuLock {
 public:
  VcpuLock() = default;
  VcpuLock(const VcpuLock&) = delete;
  VcpuLock& operator=(const VcpuLock&) = delete;

  void lock() {
    State expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) [[unlikely]]
      Wait();
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) [[unlikely]]
      state_.notify_one();
  }

 private:
  using State = int;
  static constexpr State kFree = 0;
  static constexpr State kHeld = 1;
  static constexpr State kAwaited = 2;  // held, and somebody may sleep

  void Wait();

  std::atomic<State> state_ = kFree;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_VCPU_LOCK_H_
