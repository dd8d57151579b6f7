#include "hypervisor/core/process.h"

#include <pthread.h>

namespace hypervisor {

constinit std::atomic<uint32_t> process_generation = 0;

namespace {

void EnterChild() {
  process_generation.fetch_add(1, std::memory_order_relaxed);
}

bool Watch() {
  pthread_atfork(nullptr, nullptr, &EnterChild);
  return true;
}

}  // namespace

void WatchForks() {
  [[maybe_unused]] static const bool watching = Watch();
}

}  // namespace hypervisor
