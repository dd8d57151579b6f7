// The registers of one CPU, in host byte order. Plain data: whoever holds it decides who may touch
// it.
#ifndef HYPERVISOR_ARCH_CPU_STATE_H_
#define HYPERVISOR_ARCH_CPU_STATE_H_

#include <array>
#include <cstdint>

#include "hypervisor/arch/psw.h"

namespace hypervisor {

// A vector register; its left half is the floating-point register of the same number.
struct VectorRegister {
  uint64_t high = 0;
  uint64_t low = 0;
  friend constexpr bool operator==(const VectorRegister&, const VectorRegister&) = default;
};

struct alignas(64) CpuState {
  // First what translated code reaches with displacements of a byte.
  std::array<uint64_t, 16> gpr{};
  uint64_t breaking_event_address = 0;
  uint32_t fpc = 0;
  uint32_t prefix = 0;  // 8 KiB aligned, below 2 GiB
  Psw psw;
  std::array<uint32_t, 16> ar{};
  std::array<uint64_t, 16> cr{};
  std::array<VectorRegister, 32> vr{};
  uint32_t tod_programmable = 0;  // TODPR
  uint16_t cpu_address = 0;
  uint64_t clock_comparator = 0;
  uint64_t program_parameter = 0;

  friend bool operator==(const CpuState&, const CpuState&) = default;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_CPU_STATE_H_
