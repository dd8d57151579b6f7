// Prints docs/instruction-coverage.md.
#include <cstdio>

#include "tests/hypervisor/isa/coverage_page.h"

int main() {
  std::fputs(hypervisor::CoveragePage().c_str(), stdout);
}
