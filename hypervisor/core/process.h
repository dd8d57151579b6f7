// Tells a process from the one it was forked from: a VM answers only its creator.
#ifndef HYPERVISOR_CORE_PROCESS_H_
#define HYPERVISOR_CORE_PROCESS_H_

#include <cstdint>

namespace hypervisor {

// Another number in each process of a chain of forks; as cheap as reading a variable.
uint32_t ProcessGeneration();

}  // namespace hypervisor

#endif  // HYPERVISOR_CORE_PROCESS_H_
