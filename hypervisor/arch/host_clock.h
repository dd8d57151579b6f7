// The host's TOD clock: what a guest with epoch 0 reads.
//
// Taken from the wall clock once and advanced by the monotonic clock, so it never steps back.
#ifndef HYPERVISOR_ARCH_HOST_CLOCK_H_
#define HYPERVISOR_ARCH_HOST_CLOCK_H_

#include <time.h>

#include <cstdint>

#include "hypervisor/arch/tod.h"

namespace hypervisor {

inline uint64_t MonotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

// In TOD-clock units. Any thread.
inline uint64_t HostTod() {
  static const uint64_t offset = [] {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const uint64_t wall =
        static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
    return kTodUnixEpoch + TodFromNanoseconds(wall) - TodFromNanoseconds(MonotonicNanoseconds());
  }();
  return offset + TodFromNanoseconds(MonotonicNanoseconds());
}

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_HOST_CLOCK_H_
