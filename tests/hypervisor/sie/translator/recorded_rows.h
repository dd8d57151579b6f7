// The IR of the first row of each instruction format that has semantics, as text.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_RECORDED_ROWS_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_RECORDED_ROWS_H_

#include <string>

#include "hypervisor/isa/insn.h"

namespace hypervisor {

// An instruction of a row, its fields all different as far as they are wide enough.
Insn ExampleOf(RowIndex row);

std::string RecordedRows();

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_RECORDED_ROWS_H_
