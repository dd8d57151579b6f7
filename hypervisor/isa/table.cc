#include "hypervisor/isa/table.h"

namespace hypervisor {
namespace {

constexpr TableRow kRows[] = {
#define INSN(opcode, mnemonic, format, facility, ...) \
  {opcode, #mnemonic, Format::k##format, Facility::facility, RowKind::kSemantics, nullptr},
#define ASSIST(opcode, mnemonic, format, facility, function) \
  {opcode, #mnemonic, Format::k##format, Facility::facility, RowKind::kAssist, nullptr},
#define VECTOR(opcode, mnemonic, format, facility, function, ...) \
  {opcode, #mnemonic, Format::k##format, Facility::facility, RowKind::kAssist, nullptr},
#define INTERCEPT(opcode, mnemonic, format, facility) \
  {opcode, #mnemonic, Format::k##format, Facility::facility, RowKind::kIntercept, nullptr},
#define GAP(opcode, mnemonic, format, reason) \
  {opcode, #mnemonic, Format::k##format, Facility::kNever, RowKind::kGap, reason},
#include "hypervisor/isa/instructions.inc"
#undef INSN
#undef ASSIST
#undef VECTOR
#undef INTERCEPT
#undef GAP
};

}  // namespace

std::span<const TableRow> Table() {
  return kRows;
}

}  // namespace hypervisor
