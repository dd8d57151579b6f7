// What the instructions of the message-security assist have in common: function codes, parameter
// blocks, and operands in register pairs that advance as they are processed.
#ifndef HYPERVISOR_SIE_ASSIST_CRYPTO_OPERANDS_H_
#define HYPERVISOR_SIE_ASSIST_CRYPTO_OPERANDS_H_

#include <cstdint>

#include "hypervisor/sie/guest_cpu.h"
#include "hypervisor/sie/subfunctions.h"

namespace hypervisor::crypto {

// At most this much of an operand is processed before the instruction ends with CC 3: the
// processor's choice, which keeps it interruptible.
inline constexpr uint32_t kUnit = 4096;

inline int FunctionCode(const GuestCpu& cpu) {
  return static_cast<int>(cpu.gpr(0) & 0x7f);
}
inline bool Modifier(const GuestCpu& cpu) {
  return (cpu.gpr(0) & 0x80) != 0;
}
inline uint64_t ParameterBlock(const GuestCpu& cpu) {
  return cpu.Wrap(cpu.gpr(1));
}

// All even and not 0, or a specification exception, which comes before any other, also for queries.
template <typename... Registers>
bool OperandPairs(GuestCpu& cpu, Registers... registers) {
  if (((registers != 0 && registers % 2 == 0) && ...)) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

// The rest of an operand's length, in R+1; 32 bits of it outside the 64-bit mode.
uint64_t RemainingLength(const GuestCpu& cpu, int r);
// Moves an address in R, or the address and length in R and R+1, on by `bytes`.
void AdvanceAddress(GuestCpu& cpu, int r, uint64_t bytes);
void Advance(GuestCpu& cpu, int r, uint64_t bytes);

// Stores the mask of a query function.
void StoreQuery(GuestCpu& cpu, const FunctionMask& functions);

}  // namespace hypervisor::crypto

#endif  // HYPERVISOR_SIE_ASSIST_CRYPTO_OPERANDS_H_
