// An engine whose CPUs add up the guest instructions that they executed.
#ifndef TOOLS_COUNTED_ENGINE_H_
#define TOOLS_COUNTED_ENGINE_H_

#include <atomic>
#include <cstdint>

#include "hypervisor/core/system.h"

// `engine`, with each CPU's count added to `total` when the CPU goes away. `total` outlives the
// CPUs.
hypervisor::EngineFactory Counted(hypervisor::EngineFactory engine, std::atomic<uint64_t>& total);

#endif  // TOOLS_COUNTED_ENGINE_H_
