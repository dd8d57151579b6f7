#include "tests/hypervisor/sie/translator/recorded_rows.h"

#include <set>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/translator/record.h"

namespace hypervisor {

Insn ExampleOf(RowIndex row) {
  const TableRow& entry = Table()[row];
  const uint64_t opcode = entry.opcode;
  // R1 2, X2 or R3 4, B2 6, D2 0x123, then what else there is.
  uint64_t text = 0x0024612345678000 & ~uint64_t{0xffff};
  switch (ShapeOf(entry.format).layout) {
    case OpcodeLayout::kByte:
      text = (text & ~(uint64_t{0xff} << 56)) | opcode << 56;
      break;
    case OpcodeLayout::kTwoBytes:
      text = (text & ~(uint64_t{0xffff} << 48)) | opcode << 48;
      break;
    case OpcodeLayout::kNibble:
      text = (text & ~(uint64_t{0xff0f} << 48)) | (opcode >> 4) << 56 | (opcode & 15) << 48;
      break;
    case OpcodeLayout::kLastByte:
      text = (text & ~(uint64_t{0xff} << 56 | uint64_t{0xff} << 16)) | (opcode >> 8) << 56 |
             (opcode & 0xff) << 16;
      break;
  }
  Insn insn;
  Decode(text, insn);
  return insn;
}

std::string RecordedRows() {
  std::string text;
  std::set<Format> seen;
  const auto table = Table();
  const FacilityList facilities;
  for (RowIndex row = 0; row < table.size(); ++row) {
    if (table[row].kind != RowKind::kSemantics || !seen.insert(table[row].format).second) continue;
    const Insn insn = ExampleOf(row);
    ir::Block block;
    RecordingCpu cpu(block, Psw{Psw::kExtendedAddressing | Psw::kBasicAddressing, 0x10000},
                     facilities);
    cpu.Begin(0x10000, insn.length);
    if (!Record(cpu, insn)) continue;
    text += std::string(ShapeOf(table[row].format).name) + " " + table[row].mnemonic + "\n";
    text += ToText(block) + "\n";
  }
  return text;
}

}  // namespace hypervisor
