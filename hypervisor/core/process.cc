#include "hypervisor/core/process.h"

#include <pthread.h>

#include <atomic>

namespace hypervisor {
namespace {

std::atomic<uint32_t> generation = 0;

void EnterChild() {
  generation.fetch_add(1, std::memory_order_relaxed);
}

bool Watch() {
  pthread_atfork(nullptr, nullptr, &EnterChild);
  return true;
}

}  // namespace

uint32_t ProcessGeneration() {
  static const bool watching = Watch();
  (void)watching;
  return generation.load(std::memory_order_relaxed);
}

}  // namespace hypervisor
