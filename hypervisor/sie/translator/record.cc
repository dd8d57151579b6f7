#include "hypervisor/sie/translator/record.h"

#include "hypervisor/isa/semantics/binary_floating_point.h"
#include "hypervisor/isa/semantics/general.h"
#include "hypervisor/sie/translator/vector_floating_rows.h"
#include "hypervisor/sie/translator/vector_rows.h"
#include "hypervisor/sie/translator/vector_storage_rows.h"
#include "hypervisor/sie/translator/vector_string_rows.h"

namespace hypervisor {
namespace {

using enum ir::VectorOperation;  // as rows name them

using Recorder = bool (*)(RecordingCpu&, const Insn&);

// In table order; null where there is nothing to record.
constexpr Recorder kRecorders[] = {
#define INSN(opcode, mnemonic, format, facility, ...) \
  [](RecordingCpu& cpu, const Insn& insn) {           \
    Row<__VA_ARGS__>::Execute(cpu, insn);             \
    return true;                                      \
  },
#define ASSIST(...) nullptr,
#define VECTOR(opcode, mnemonic, format, facility, function, ...) \
  [](RecordingCpu& cpu, const Insn& insn) {                       \
    return cpu.VectorOn() && __VA_ARGS__::Record(cpu, insn);      \
  },
#define INTERCEPT(...) nullptr,
#define GAP(...) nullptr,
#include "hypervisor/isa/instructions.inc"
#undef INSN
#undef ASSIST
#undef VECTOR
#undef INTERCEPT
#undef GAP
};

}  // namespace

bool Record(RecordingCpu& cpu, const Insn& insn) {
  if (insn.row == kInvalidRow || !kRecorders[insn.row]) return false;
  return kRecorders[insn.row](cpu, insn);
}

}  // namespace hypervisor
