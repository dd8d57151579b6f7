// TOD-clock units: bit 51 of the clock is one microsecond (PoP: Control, "Timing").
#ifndef HYPERVISOR_ARCH_TOD_H_
#define HYPERVISOR_ARCH_TOD_H_

#include <cstdint>

namespace hypervisor {

// The clock's value at 1970-01-01 00:00 UTC, leap seconds not counted.
inline constexpr uint64_t kTodUnixEpoch = 0x7d91048bca000000;

// One unit is 2^-12 microseconds = 125/512 nanoseconds. Both wrap as the clock does.
constexpr uint64_t TodFromNanoseconds(uint64_t ns) {
  return ns / 125 * 512 + ns % 125 * 512 / 125;
}
constexpr uint64_t NanosecondsFromTod(uint64_t units) {
  return units / 512 * 125 + units % 512 * 125 / 512;
}

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_TOD_H_
