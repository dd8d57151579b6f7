// Tells a process from the one it was forked from: a VM answers only its creator.
#ifndef HYPERVISOR_CORE_PROCESS_H_
#define HYPERVISOR_CORE_PROCESS_H_

#include <atomic>
#include <cstdint>

namespace hypervisor {

// From the first call on, each process of a chain of forks has another ProcessGeneration.
void WatchForks();

extern std::atomic<uint32_t> process_generation;
inline uint32_t ProcessGeneration() {
  return process_generation.load(std::memory_order_relaxed);
}

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_PROCESS_H_
