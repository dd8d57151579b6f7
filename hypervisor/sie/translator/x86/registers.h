// Which guest registers have a host register in all translated code, unless a block lends it to
// another: those that compilers use most.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_REGISTERS_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_REGISTERS_H_

#include <asmjit/x86.h>

#include <array>
#include <cstddef>
#include <utility>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/sie/translator/x86/frame.h"

namespace hypervisor::x86 {

inline constexpr std::pair<int, uint32_t> kPinned[] = {
    {1, asmjit::x86::Gp::kIdDi},   {2, asmjit::x86::Gp::kIdBx},   {3, asmjit::x86::Gp::kIdR8},
    {4, asmjit::x86::Gp::kIdR9},   {5, asmjit::x86::Gp::kIdR10},  {9, asmjit::x86::Gp::kIdR13},
    {11, asmjit::x86::Gp::kIdR11}, {12, asmjit::x86::Gp::kIdR12}, {15, asmjit::x86::Gp::kIdR15}};

inline constexpr uint32_t kNotPinned = 255;

inline constexpr std::array<uint32_t, 16> kHostOf = [] {
  std::array<uint32_t, 16> hosts{};
  hosts.fill(kNotPinned);
  for (const auto& [guest, host] : kPinned) hosts[static_cast<size_t>(guest)] = host;
  return hosts;
}();

inline constexpr uint32_t kTemporaries[] = {asmjit::x86::Gp::kIdAx, asmjit::x86::Gp::kIdCx,
                                            asmjit::x86::Gp::kIdDx, asmjit::x86::Gp::kIdSi};
inline constexpr int kTemporaryCount = 4;

// The data space's page table.
inline constexpr asmjit::x86::Gp kPages = asmjit::x86::r14;

inline asmjit::x86::Mem State(size_t offset, uint32_t size) {
  return asmjit::x86::ptr(asmjit::x86::rbp, static_cast<int32_t>(offset) - kStateBias, size);
}
inline asmjit::x86::Mem Gpr(int guest, uint32_t size = 8) {
  return State(offsetof(CpuState, gpr) + 8 * static_cast<size_t>(guest), size);
}
// Bytes from the page table.
inline asmjit::x86::Mem AtPages(int32_t offset) {
  return asmjit::x86::ptr(kPages, offset, sizeof(PageEntry));
}
// By the number of a page.
inline asmjit::x86::Mem PageEntryAt(const asmjit::x86::Gp& number) {
  return asmjit::x86::ptr(kPages, number, 3, 0, sizeof(PageEntry));
}
inline asmjit::x86::Mem PageEntryAt(int64_t number) {
  return AtPages(static_cast<int32_t>(number * int64_t{sizeof(PageEntry)}));
}
inline asmjit::x86::Mem InFrame(size_t offset, uint32_t size) {
  return asmjit::x86::ptr(asmjit::x86::rsp, static_cast<int32_t>(offset), size);
}

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_REGISTERS_H_
