// What is measured only when somebody asks: machines, memory, vCPUs.
#ifndef SERVICES_SAMPLES_H_
#define SERVICES_SAMPLES_H_

#include <vector>

#include "services/budget.h"
#include "services/machine_host.h"
#include "services/metrics.h"
#include "services/registry.h"

namespace services {

std::vector<Sample> TakeSamples(const Registry& registry, MachineHost& host, const Budget& budget);

}  // namespace services

#endif  // SERVICES_SAMPLES_H_
