#include "hypervisor/sie/translator/record.h"

#include "hypervisor/isa/semantics/binary_floating_point.h"
#include "hypervisor/isa/semantics/general.h"

namespace hypervisor {
namespace {

using Recorder = void (*)(RecordingCpu&, const Insn&);

// In table order; null where there are no semantics.
constexpr Recorder kRecorders[] = {
#define INSN(opcode, mnemonic, format, facility, ...) \
  [](RecordingCpu& cpu, const Insn& insn) { Row<__VA_ARGS__>::Execute(cpu, insn); },
#define ASSIST(...) nullptr,
#define INTERCEPT(...) nullptr,
#define GAP(...) nullptr,
#include "hypervisor/isa/instructions.inc"
#undef INSN
#undef ASSIST
#undef INTERCEPT
#undef GAP
};

}  // namespace

bool Record(RecordingCpu& cpu, const Insn& insn) {
  if (insn.row == kInvalidRow || !kRecorders[insn.row]) return false;
  kRecorders[insn.row](cpu, insn);
  return true;
}

}  // namespace hypervisor
