// The outside oracle: executes vectors under qemu-s390x in user mode.
#ifndef TESTS_DIFFERENTIAL_QEMU_USER_H_
#define TESTS_DIFFERENTIAL_QEMU_USER_H_

#include <string>
#include <vector>

#include "tests/differential/vector.h"

namespace hypervisor {

// The emulator's path; empty if there is none.
std::string QemuUser();

// One answer for each vector, in host order; fewer if the runner died. No vector asks for a dump.
std::vector<Answer> AskQemu(const std::vector<Vector>& vectors);

// Both windows after one vector.
std::vector<uint8_t> WindowsOfQemu(const Vector& vector);

}  // namespace hypervisor

#endif  // TESTS_DIFFERENTIAL_QEMU_USER_H_
