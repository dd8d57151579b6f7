#include "hypervisor/sie/interpreter/handlers.h"

#include <vector>

namespace hypervisor {

Handler HandlerOf(RowIndex row) {
  // In the order of isa/instructions.inc.
  static const std::vector<Handler> handlers = [] {
    std::vector<Handler> all;
    for (const auto part :
         {GeneralHandlers(), StringHandlers(), DecimalHandlers(), ControlHandlers(),
          FloatingPointHandlers(), DecimalFloatingPointHandlers(), VectorHandlers(),
          VectorEnhancementsHandlers(), VectorDecimalHandlers(), CryptographyHandlers(),
          GapHandlers()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return row < handlers.size() ? handlers[row] : OperationException;
}

void OperationException(ComputingCpu& cpu, const Insn&) {
  cpu.Interrupt(PgmCode::kOperation);
}

}  // namespace hypervisor
