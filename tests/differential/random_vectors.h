// Random instructions of one row, and random states to execute them in.
#ifndef TESTS_DIFFERENTIAL_RANDOM_VECTORS_H_
#define TESTS_DIFFERENTIAL_RANDOM_VECTORS_H_

#include <vector>

#include "hypervisor/isa/table.h"
#include "tests/differential/vector.h"

namespace hypervisor {

// `count` vectors; the same ones for the same seed. Addresses point into the windows most of the
// time, branch addresses into the code segment.
std::vector<Vector> RandomVectors(RowIndex row, size_t count, uint64_t seed);

// Whether a row's second operand is a place to go to.
bool IsBranch(RowIndex row);

}  // namespace hypervisor

#endif  // TESTS_DIFFERENTIAL_RANDOM_VECTORS_H_
