// What a vCPU's thread counts.
#ifndef UCONTROL_VCPU_STATISTICS_H_
#define UCONTROL_VCPU_STATISTICS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "ucontrol/kvm_client.h"

namespace ucontrol {

// The vCPU's own thread adds; any thread reads.
class VcpuStatistics {
 public:
  void Add(const kvm::Exit& exit, uint8_t icptcode, std::chrono::nanoseconds in_run) {
    switch (exit.reason) {
      case kvm::Exit::Reason::kIntercepted:
        Increase(interceptions_[icptcode / 4 % interceptions_.size()], 1);
        break;
      case kvm::Exit::Reason::kFaulted:
        Increase(faults_, 1);
        break;
      case kvm::Exit::Reason::kKicked:
      case kvm::Exit::Reason::kFailed:
        Increase(kicks_, 1);
        break;
    }
    Increase(nanoseconds_, static_cast<uint64_t>(in_run.count()));
  }

  uint64_t interceptions(uint8_t icptcode) const {
    return interceptions_[icptcode / 4 % interceptions_.size()].load(std::memory_order_relaxed);
  }
  uint64_t faults() const { return faults_.load(std::memory_order_relaxed); }
  uint64_t kicks() const { return kicks_.load(std::memory_order_relaxed); }
  // Spent in KVM_RUN.
  std::chrono::nanoseconds run_time() const {
    return std::chrono::nanoseconds(nanoseconds_.load(std::memory_order_relaxed));
  }

 private:
  // One thread writes: no interlocked update is needed.
  static void Increase(std::atomic<uint64_t>& counter, uint64_t by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, 32> interceptions_{};  // by icptcode / 4
  std::atomic<uint64_t> faults_ = 0;
  std::atomic<uint64_t> kicks_ = 0;
  std::atomic<uint64_t> nanoseconds_ = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_VCPU_STATISTICS_H_
