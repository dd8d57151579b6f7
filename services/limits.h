// The most of everything, with the defaults filled in.
#ifndef SERVICES_LIMITS_H_
#define SERVICES_LIMITS_H_

#include <cstdint>
#include <limits>

#include "ucontrol/daemon/v1/configuration.pb.h"

namespace services {

inline constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

struct Limits {
  int64_t machines = 1000;
  int64_t memories = 4000;
  int64_t memory_bytes = kUnlimited;
  int64_t machine_memory_bytes = kUnlimited;
  int64_t vcpus = 64;
  int64_t streams = 1000;
  int64_t streams_per_principal = 500;
  int64_t message_bytes = int64_t{4} << 20;
  int64_t calls_per_second = 0;
  int64_t connections = 1000;
  int64_t concurrent_calls = 2000;
  int64_t events = 10'000;
  int64_t console_bytes = int64_t{1} << 20;
};

// A zero is the default, a negative number no limit.
Limits LimitsOf(const ucontrol::daemon::v1::Limits& configured);

}  // namespace services

#endif  // SERVICES_LIMITS_H_
