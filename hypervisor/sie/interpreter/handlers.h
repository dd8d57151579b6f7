// One function for each row of the instruction table, in table order.
#ifndef HYPERVISOR_SIE_INTERPRETER_HANDLERS_H_
#define HYPERVISOR_SIE_INTERPRETER_HANDLERS_H_

#include <span>

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/interpreter/computing_cpu.h"

namespace hypervisor {

using Handler = void (*)(ComputingCpu&, const Insn&);

// Rows of one file below isa/rows.
std::span<const Handler> GeneralHandlers();
std::span<const Handler> StringHandlers();
std::span<const Handler> DecimalHandlers();
std::span<const Handler> ControlHandlers();
std::span<const Handler> FloatingPointHandlers();
std::span<const Handler> DecimalFloatingPointHandlers();
std::span<const Handler> VectorHandlers();
std::span<const Handler> VectorEnhancementsHandlers();
std::span<const Handler> VectorDecimalHandlers();
std::span<const Handler> CryptographyHandlers();
std::span<const Handler> GapHandlers();

// The handler of a row; of kInvalidRow too.
Handler HandlerOf(RowIndex row);

// What bytes that mean nothing do: an operation exception, or its interception.
void OperationException(ComputingCpu& cpu, const Insn& insn);

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_INTERPRETER_HANDLERS_H_
