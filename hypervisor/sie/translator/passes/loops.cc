#include <algorithm>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

bool HasLoop(const GuestBlock& block) {
  for (size_t i = 0; i < block.instructions.size(); ++i) {
    const GuestInstruction& one = block.instructions[i];
    const auto here = static_cast<int32_t>(i);
    for (const int32_t next : one.Successors())
      if (next >= 0 && next <= here) return true;
  }
  return false;
}

std::vector<int> WeightsOf(const GuestBlock& block) {
  // Where the loop that begins at an instruction ends, by the latest way back; 0 if none does.
  std::vector<size_t> ends(block.instructions.size());
  for (size_t end = 0; end < ends.size(); ++end) {
    const GuestInstruction& one = block.instructions[end];
    for (const int32_t begin : one.Successors()) {
      if (begin >= 0 && begin <= static_cast<int32_t>(end))
        ends[static_cast<size_t>(begin)] = end + 1;
    }
  }
  constexpr int kTurns = 8;
  constexpr int kMost = kTurns * kTurns * kTurns;
  std::vector<int> weights(ends.size(), 1);
  for (size_t begin = 0; begin < ends.size(); ++begin) {
    for (size_t i = begin; i < ends[begin]; ++i) weights[i] = std::min(weights[i] * kTurns, kMost);
  }
  return weights;
}

}  // namespace hypervisor::passes
