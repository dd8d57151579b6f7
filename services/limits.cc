#include "services/limits.h"

#include <unistd.h>

#include <algorithm>

namespace services {
namespace {

// vCPU addresses of a KVM virtual machine.
constexpr int64_t kMostVcpus = 248;

void Take(int64_t configured, int64_t& limit) {
  if (configured > 0) limit = configured;
  if (configured < 0) limit = kUnlimited;
}

}  // namespace

Limits LimitsOf(const ucontrol::daemon::v1::Limits& configured) {
  Limits limits;
  limits.memory_bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE) / 2;
  Take(configured.machines(), limits.machines);
  Take(configured.memories(), limits.memories);
  Take(configured.memory_bytes(), limits.memory_bytes);
  limits.machine_memory_bytes = limits.memory_bytes;
  Take(configured.machine_memory_bytes(), limits.machine_memory_bytes);
  Take(configured.vcpus(), limits.vcpus);
  limits.vcpus = std::min(limits.vcpus, kMostVcpus);
  Take(configured.streams(), limits.streams);
  Take(configured.streams_per_principal(), limits.streams_per_principal);
  Take(configured.message_bytes(), limits.message_bytes);
  // gRPC keeps it in an int.
  limits.message_bytes = std::clamp<int64_t>(limits.message_bytes, 2 << 20, 1 << 30);
  Take(configured.calls_per_second(), limits.calls_per_second);
  if (limits.calls_per_second == kUnlimited) limits.calls_per_second = 0;
  Take(configured.connections(), limits.connections);
  Take(configured.concurrent_calls(), limits.concurrent_calls);
  limits.concurrent_calls = std::clamp<int64_t>(limits.concurrent_calls, 8, 100'000);
  Take(configured.events(), limits.events);
  limits.events = std::clamp<int64_t>(limits.events, 100, 10'000'000);
  Take(configured.console_bytes(), limits.console_bytes);
  limits.console_bytes = std::clamp<int64_t>(limits.console_bytes, 4096, int64_t{1} << 30);
  return limits;
}

}  // namespace services
