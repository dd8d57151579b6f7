// An engine whose CPUs add up what they counted.
#ifndef TOOLS_COUNTED_ENGINE_H_
#define TOOLS_COUNTED_ENGINE_H_

#include <mutex>

#include "hypervisor/core/system.h"
#include "hypervisor/sie/sie.h"

struct EngineCounts {
  std::mutex mutex;
  hypervisor::EngineStatistics sums;
};

// `engine`, with what each CPU counted added to `counts` when the CPU goes away. `counts` outlives
// the CPUs.
hypervisor::EngineFactory Counted(hypervisor::EngineFactory engine, EngineCounts& counts);

#endif  // TOOLS_COUNTED_ENGINE_H_
