// Prints tests/golden/host_code.txt.
#include <cstdio>

#include "tests/hypervisor/sie/translator/host_code.h"

int main() {
  const auto measured = hypervisor::MeasureHostCode();
  if (!measured) return 1;
  std::fputs(hypervisor::ToText(*measured).c_str(), stdout);
}
