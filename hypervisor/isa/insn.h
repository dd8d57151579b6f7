// A decoded instruction: the fields of its format, extracted once.
#ifndef HYPERVISOR_ISA_INSN_H_
#define HYPERVISOR_ISA_INSN_H_

#include <cstdint>

namespace hypervisor {

// The row of the instruction table an instruction belongs to, in table order; kInvalidRow for bytes
// that no row claims.
using RowIndex = uint16_t;
inline constexpr RowIndex kInvalidRow = 0xffff;

// Field names are those of the PoP's instruction formats; a field that the format lacks is 0.
struct Insn {
  uint64_t text = 0;  // the instruction left-justified: bytes 0-5 in the leftmost 48 bits
  RowIndex row = kInvalidRow;
  uint8_t length = 0;  // 2, 4 or 6
  uint8_t r1 = 0;      // also m1; registers of vectors are r1 to r4 too, 0 to 31
  uint8_t r2 = 0;
  uint8_t r3 = 0;
  uint8_t r4 = 0;
  uint8_t x2 = 0;
  uint8_t b1 = 0;
  uint8_t b2 = 0;  // also b4
  uint8_t m3 = 0;
  uint8_t m4 = 0;
  uint8_t m5 = 0;
  uint8_t m6 = 0;
  uint8_t l1 = 0;  // also l
  uint8_t l2 = 0;
  uint16_t i3 = 0;
  uint8_t i4 = 0;
  uint8_t i5 = 0;
  int32_t d1 = 0;
  int32_t d2 = 0;   // also d4
  int32_t i2 = 0;   // sign-extended; halfwords if relative
  int32_t ri4 = 0;  // halfwords; also ri3 of BPRP
};

// The length follows from the first two bits of the instruction.
constexpr uint8_t InsnLength(uint8_t first_byte) {
  return first_byte < 0x40 ? 2 : first_byte < 0xc0 ? 4 : 6;
}

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_INSN_H_
