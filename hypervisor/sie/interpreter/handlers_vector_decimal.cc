#include "hypervisor/isa/semantics/general.h"
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/interpreter/handlers.h"

#define ROWS "hypervisor/isa/rows/vector_decimal.inc"
#include "hypervisor/sie/interpreter/row_handlers.inc"

namespace hypervisor {

std::span<const Handler> VectorDecimalHandlers() {
  return std::span(kHandlers).first(std::size(kHandlers) - 1);
}

}  // namespace hypervisor
