// From bytes to a row of the instruction table and its fields.
#ifndef HYPERVISOR_ISA_DECODE_H_
#define HYPERVISOR_ISA_DECODE_H_

#include <cstdint>

#include "hypervisor/isa/insn.h"

namespace hypervisor {

// Decodes the instruction whose bytes stand left-justified in `text`; bytes behind its length are
// ignored. insn.row is kInvalidRow, with the length set, for an opcode that no row claims.
void Decode(uint64_t text, Insn& insn);

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_DECODE_H_
