// Prints what tests/golden/recorded_rows.txt holds:
//   bazel run //tests/hypervisor/sie/translator:recorded_rows > tests/golden/recorded_rows.txt
#include <cstdio>

#include "tests/hypervisor/sie/translator/recorded_rows.h"

int main() {
  std::fputs(hypervisor::RecordedRows().c_str(), stdout);
}
