#include <algorithm>
#include <array>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

void FindBorrowedHosts(GuestBlock& block, uint16_t have_hosts, bool always) {
  block.lenders.fill(GuestBlock::kNoHost);
  if (!always && !HasLoop(block)) return;
  const std::vector<int> weights = WeightsOf(block);
  std::array<int, 16> uses{};
  for (size_t n = 0; n < weights.size(); ++n) {
    const GuestInstruction& instruction = block.instructions[n];
    for (size_t i = instruction.first; i < instruction.last; ++i) {
      const Operation& operation = block.ir.operations[i];
      const auto count = [&](int64_t guest) { uses[static_cast<size_t>(guest)] += weights[n]; };
      switch (operation.opcode) {
        case Opcode::kGpr:
        case Opcode::kSetGpr:
        case Opcode::kSetGprHigh:
          count(operation.immediates[0]);
          break;
        case Opcode::kAddress:
          // Register 0 stands for none.
          for (const size_t k : {0, 1})
            if (operation.immediates[k] != 0) count(operation.immediates[k]);
          break;
        default:
          break;
      }
    }
  }
  std::array<uint8_t, 16> by_uses{};
  for (uint8_t guest = 0; guest < 16; ++guest) by_uses[guest] = guest;
  std::stable_sort(by_uses.begin(), by_uses.end(),
                   [&uses](uint8_t a, uint8_t b) { return uses[a] < uses[b]; });
  const auto has_host = [have_hosts](uint8_t guest) { return (have_hosts >> guest & 1) != 0; };
  auto lender = by_uses.begin();
  for (auto borrower = by_uses.rbegin(); borrower != by_uses.rend(); ++borrower) {
    if (has_host(*borrower)) continue;
    lender = std::find_if(lender, by_uses.end(), has_host);
    // It costs moves where the block is entered and left, and uses are not all alike.
    if (lender == by_uses.end() || uses[*borrower] < 4 * uses[*lender] + 2) return;
    block.lenders[*borrower] = *lender++;
  }
}

}  // namespace hypervisor::passes
