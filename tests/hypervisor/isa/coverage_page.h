// docs/instruction-coverage.md, made from the instruction table and the list of all opcodes.
#ifndef TESTS_HYPERVISOR_ISA_COVERAGE_PAGE_H_
#define TESTS_HYPERVISOR_ISA_COVERAGE_PAGE_H_

#include <string>

namespace hypervisor {

std::string CoveragePage();

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_ISA_COVERAGE_PAGE_H_
