// What the fuzzer's bytes say: how a guest CPU begins, and the instructions it meets.
#ifndef TESTS_FUZZ_INSTRUCTIONS_STREAM_H_
#define TESTS_FUZZ_INSTRUCTIONS_STREAM_H_

#include <cstddef>
#include <cstdint>

#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {

// Sets registers, tables, keys and code of a fresh machine. Tables and operands lie where the
// registers' values, chosen from a few dozen, have a good chance to lead.
void Prepare(GuestMachine& machine, const uint8_t* bytes, size_t size);

}  // namespace hypervisor

#endif  // TESTS_FUZZ_INSTRUCTIONS_STREAM_H_
