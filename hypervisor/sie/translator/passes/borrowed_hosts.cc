#include <array>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

void FindBorrowedHosts(GuestBlock& block, uint16_t have_hosts, bool always) {
  block.lenders.fill(GuestBlock::kNoHost);
  if (!always && !HasLoop(block)) return;
  std::array<int, 16> uses{};
  for (const Operation& operation : block.ir.operations) {
    switch (operation.opcode) {
      case Opcode::kGpr:
      case Opcode::kSetGpr:
      case Opcode::kSetGprHigh:
        ++uses[static_cast<size_t>(operation.immediates[0])];
        break;
      case Opcode::kAddress:
        // Register 0 stands for none.
        for (const size_t i : {0, 1})
          if (operation.immediates[i] != 0) ++uses[static_cast<size_t>(operation.immediates[i])];
        break;
      default:
        break;
    }
  }
  for (uint8_t lender = 0; lender < 16; ++lender) {
    if ((have_hosts >> lender & 1) == 0 || uses[lender] != 0) continue;
    size_t most = 16;
    for (size_t i = 0; i < 16; ++i) {
      if ((have_hosts >> i & 1) != 0 || block.lenders[i] != GuestBlock::kNoHost) continue;
      if (uses[i] > (most < 16 ? uses[most] : 1)) most = i;
    }
    if (most == 16) return;
    block.lenders[most] = lender;
  }
}

}  // namespace hypervisor::passes
