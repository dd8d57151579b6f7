#include <algorithm>
#include <array>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;

namespace {

bool UsesFloatingRegister(const Operation& operation) {
  switch (operation.opcode) {
    case Opcode::kSetVr:
    case Opcode::kVr:
    case Opcode::kSetFpr:
    case Opcode::kSetFprHigh:
    case Opcode::kSetRoundedBfp:
    case Opcode::kFpr:
    case Opcode::kFprHigh:
      return true;
    default:
      return false;
  }
}

}  // namespace

void FindFloatingRegisters(GuestBlock& block, bool always) {
  std::array<int, 32> uses{};
  block.floating_hosts.fill(GuestBlock::kNoHost);
  block.floating_written = 0;
  block.floating_whole = 0;
  if (std::none_of(block.ir.operations.begin(), block.ir.operations.end(), UsesFloatingRegister))
    return;
  const std::vector<int> weights = WeightsOf(block);
  for (size_t n = 0; n < weights.size(); ++n) {
    const GuestInstruction& instruction = block.instructions[n];
    for (size_t i = instruction.first; i < instruction.last; ++i) {
      const Operation& operation = block.ir.operations[i];
      const auto bit = [&] { return uint32_t{1} << operation.immediates[0]; };
      switch (operation.opcode) {
        case Opcode::kSetVr:
          block.floating_written |= bit();
          [[fallthrough]];
        case Opcode::kVr:
          block.floating_whole |= bit();
          uses[static_cast<size_t>(operation.immediates[0])] += weights[n];
          break;
        case Opcode::kSetFpr:
        case Opcode::kSetFprHigh:
        case Opcode::kSetRoundedBfp:
          block.floating_written |= bit();
          [[fallthrough]];
        case Opcode::kFpr:
        case Opcode::kFprHigh:
          uses[static_cast<size_t>(operation.immediates[0])] += weights[n];
          break;
        default:
          break;
      }
    }
  }
  // One that is used once is loaded or stored once all the same.
  const int worth = always ? 1 : 2;
  for (uint8_t host = GuestBlock::kFirstFloatingHost; host < 16; ++host) {
    const auto most = std::max_element(uses.begin(), uses.end());
    if (*most < worth) return;
    *most = 0;
    block.floating_hosts[static_cast<size_t>(most - uses.begin())] = host;
  }
}

}  // namespace hypervisor::passes
