// Instruction formats: where the opcode stands and which fields there are (PoP: Program Execution,
// "Instruction Formats").
#ifndef HYPERVISOR_ISA_FORMAT_H_
#define HYPERVISOR_ISA_FORMAT_H_

#include <cstdint>

#include "hypervisor/isa/insn.h"

namespace hypervisor {

enum class OpcodeLayout : uint8_t { kByte, kTwoBytes, kNibble, kLastByte };

enum class Format : uint8_t {
#define FORMAT(name, length, layout, fields) k##name,
#include "hypervisor/isa/formats.inc"
#undef FORMAT
};

struct FormatShape {
  const char* name;
  uint8_t length;
  OpcodeLayout layout;
};

inline constexpr FormatShape kFormatShapes[] = {
#define FORMAT(name, length, layout, fields) {#name, length, OpcodeLayout::layout},
#include "hypervisor/isa/formats.inc"
#undef FORMAT
};

constexpr const FormatShape& ShapeOf(Format format) {
  return kFormatShapes[static_cast<int>(format)];
}

// Fills the fields of `format` from insn.text.
void ExtractFields(Format format, Insn& insn);

}  // namespace hypervisor

#endif  // HYPERVISOR_ISA_FORMAT_H_
