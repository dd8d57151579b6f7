// The opposite of decoding: a row's opcode, put into the text of an instruction.
#ifndef TESTS_HYPERVISOR_ISA_OPCODE_TEXT_H_
#define TESTS_HYPERVISOR_ISA_OPCODE_TEXT_H_

#include <cstdint>

#include "hypervisor/isa/table.h"

namespace hypervisor {

// `text`, left-justified, with the opcode of `row` in its place.
inline uint64_t WithOpcode(const TableRow& row, uint64_t text) {
  const auto place = [&](int first, int width, uint64_t value) {
    const int shift = 64 - first - width;
    text = (text & ~(((uint64_t{1} << width) - 1) << shift)) | value << shift;
  };
  switch (ShapeOf(row.format).layout) {
    case OpcodeLayout::kByte:
      place(0, 8, row.opcode);
      break;
    case OpcodeLayout::kTwoBytes:
      place(0, 16, row.opcode);
      break;
    case OpcodeLayout::kNibble:
      place(0, 8, row.opcode >> 4);
      place(12, 4, row.opcode & 15);
      break;
    case OpcodeLayout::kLastByte:
      place(0, 8, row.opcode >> 8);
      place(40, 8, row.opcode & 0xff);
      break;
  }
  return text;
}

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_ISA_OPCODE_TEXT_H_
