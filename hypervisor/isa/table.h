// The instruction table without its meaning: what decoder, disassembler and coverage page need.
#ifndef HYPERVISOR_ISA_TABLE_H_
#define HYPERVISOR_ISA_TABLE_H_

#include <cstdint>
#include <span>

#include "hypervisor/arch/facility.h"
#include "hypervisor/isa/format.h"
#include "hypervisor/isa/insn.h"

namespace hypervisor {

// How a row gets its meaning.
enum class RowKind : uint8_t {
  kSemantics,  // INSN: a template over a Cpu
  kAssist,     // ASSIST: plain C++, called by every engine
  kIntercept,  // INTERCEPT: always leaves SIE
  kGap,        // GAP: an operation exception; known to the disassembler only
};

struct TableRow {
  uint16_t opcode;
  const char* mnemonic;
  Format format;
  Facility facility;
  RowKind kind;
  const char* gap_reason;  // of a kGap row
};

// All rows, indexed by RowIndex.
std::span<const TableRow> Table();

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_TABLE_H_
