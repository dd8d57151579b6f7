// From a decoded instruction to IR, by its row of the instruction table.
#ifndef HYPERVISOR_SIE_TRANSLATOR_RECORD_H_
#define HYPERVISOR_SIE_TRANSLATOR_RECORD_H_

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/translator/recording_cpu.h"

namespace hypervisor {

// Appends what the instruction does to the recorder's block; false, and nothing appended, if its
// row has nothing to record for it: an assist, an interception, a gap, or no row at all.
bool Record(RecordingCpu& cpu, const Insn& insn);

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_RECORD_H_
