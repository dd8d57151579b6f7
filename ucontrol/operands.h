// The operands of an intercepted instruction, from ipa (its first halfword) and ipb (the next two).
#ifndef UCONTROL_OPERANDS_H_
#define UCONTROL_OPERANDS_H_

#include <cstdint>

#include "hypervisor/arch/address.h"
#include "ucontrol/cpu.h"

namespace ucontrol {

// A logical address and the access register that names its space in access-register mode.
struct OperandAddress {
  hypervisor::GuestLogical address;
  int access_register = 0;

  OperandAddress operator+(uint64_t bytes) const { return {address + bytes, access_register}; }
};

// R1 and R3 of RS and RSY instructions.
constexpr int R1OfRs(uint16_t ipa) {
  return (ipa >> 4) & 15;
}
constexpr int R3OfRs(uint16_t ipa) {
  return ipa & 15;
}
// R1, R2 and M3 of RRE and RRF instructions.
constexpr int R1OfRre(uint32_t ipb) {
  return (ipb >> 20) & 15;
}
constexpr int R2OfRre(uint32_t ipb) {
  return (ipb >> 16) & 15;
}
constexpr int M3OfRrf(uint32_t ipb) {
  return static_cast<int>(ipb >> 28);
}

// An address in a register, cut to the addressing mode.
inline OperandAddress RegisterOperand(const Cpu& cpu, int r) {
  return {hypervisor::GuestLogical(cpu.gpr(r) & cpu.psw().address_mask()), r};
}

// `base` register (0: none) plus displacement, cut to the addressing mode.
inline OperandAddress BasedOperand(const Cpu& cpu, int base, int64_t displacement) {
  const uint64_t sum = (base ? cpu.gpr(base) : 0) + static_cast<uint64_t>(displacement);
  return {hypervisor::GuestLogical(sum & cpu.psw().address_mask()), base};
}

// S, RS and SI: base and 12-bit displacement.
inline OperandAddress SecondOperand(const Cpu& cpu, uint32_t ipb) {
  return BasedOperand(cpu, static_cast<int>(ipb >> 28), (ipb >> 16) & 0xfff);
}

// RSY and SIY: base and signed 20-bit displacement.
inline OperandAddress LongDisplacementOperand(const Cpu& cpu, uint32_t ipb) {
  const uint32_t displacement = ((ipb >> 16) & 0xfff) | ((ipb & 0xff00) << 4);
  return BasedOperand(cpu, static_cast<int>(ipb >> 28),
                      static_cast<int32_t>(displacement << 12) >> 12);
}

// SSE (TPROT): the second pair of base and displacement; SecondOperand reads the first.
inline OperandAddress SseSecondOperand(const Cpu& cpu, uint32_t ipb) {
  return BasedOperand(cpu, static_cast<int>((ipb >> 12) & 15), ipb & 0xfff);
}

// What a function code or a SIGP order is cut from: the sum without regard to the addressing mode.
inline uint64_t SecondOperandSum(const Cpu& cpu, uint32_t ipb) {
  const int base = static_cast<int>(ipb >> 28);
  return (base ? cpu.gpr(base) : 0) + ((ipb >> 16) & 0xfff);
}

}  // namespace ucontrol

#endif  // UCONTROL_OPERANDS_H_
