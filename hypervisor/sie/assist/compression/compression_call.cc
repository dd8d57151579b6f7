// COMPRESSION CALL: text to index symbols of 9 to 13 bits and back, through a dictionary of the
// program's. A unit of operation is one index symbol.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/compression/operands.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

using compression::End;
using compression::Operands;

constexpr int kSymbols = 2048;  // before interruptions are let in, with CC 3

}  // namespace

// An exception behind the first unit is left to the execution that CC 3 asks for: it then finds
// nothing done.
void CompressionCall(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r2)) return;
  Operands operands(cpu, insn);
  if (!operands.symbol_size_valid()) return cpu.Interrupt(PgmCode::kSpecification);
  End end = End::kNone;
  int symbols = 0;
  while (symbols < kSymbols) {
    end = operands.expanding() ? compression::ExpandSymbol(operands)
                               : compression::CompressSymbol(operands);
    if (end != End::kNone && end != End::kLastSymbol) break;
    operands.Commit();
    ++symbols;
    if (end == End::kLastSymbol) break;
  }
  switch (end) {
    case End::kNone:
      return cpu.set_cc(3);
    case End::kLastSymbol:
    case End::kSource:
      return cpu.set_cc(0);
    case End::kTarget:
      return cpu.set_cc(1);
    case End::kDictionary:
      if (symbols) return cpu.set_cc(3);
      return cpu.InterruptData(kDxcDecimalOperand);
    case End::kStopped:
      if (symbols && cpu.TakeBack(cpu.program_interruption().code)) cpu.set_cc(3);
      return;
  }
}

}  // namespace hypervisor::assist
