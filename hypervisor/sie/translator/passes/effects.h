// What operations of the IR do beside their results.
#ifndef HYPERVISOR_SIE_TRANSLATOR_PASSES_EFFECTS_H_
#define HYPERVISOR_SIE_TRANSLATOR_PASSES_EFFECTS_H_

#include <array>
#include <cstddef>

#include "hypervisor/sie/translator/ir.h"

namespace hypervisor::passes {

constexpr bool IsLeaving(ir::Opcode opcode) {
  switch (opcode) {
    case ir::Opcode::kBranchIf:
    case ir::Opcode::kBranchAndSetMode:
    case ir::Opcode::kSetAddressingMode:
    case ir::Opcode::kSetProgramMask:
    case ir::Opcode::kStoreThenUpdateSystemMask:
    case ir::Opcode::kLoad:
    case ir::Opcode::kStore:
    case ir::Opcode::kLoadIf:
    case ir::Opcode::kStoreIf:
    case ir::Opcode::kLoadSuccessive:
    case ir::Opcode::kStoreSuccessive:
    case ir::Opcode::kStoreLeft:
    case ir::Opcode::kLoadRelative:
    case ir::Opcode::kStoreRelative:
    case ir::Opcode::kRequireBoundary:
    case ir::Opcode::kUpdateStorage:
    case ir::Opcode::kCompareAndSwapStorage:
    case ir::Opcode::kLoadQuadword:
    case ir::Opcode::kStoreQuadword:
    case ir::Opcode::kCompareAndSwapQuadword:
    case ir::Opcode::kMoveStorage:
    case ir::Opcode::kCombineStorage:
    case ir::Opcode::kCompareStorage:
    case ir::Opcode::kHandlerIf:
    case ir::Opcode::kRefetchPart:
    case ir::Opcode::kDivide:
    case ir::Opcode::kDivideQuadword:
    case ir::Opcode::kVectorBfp:
    case ir::Opcode::kInterruptIf:
    case ir::Opcode::kDataExceptionIf:
    case ir::Opcode::kFixedPointOverflowIf:
      return true;
    default:
      return ir::IsBfp(opcode);
  }
}

constexpr bool IsEffective(ir::Opcode opcode) {
  switch (opcode) {
    case ir::Opcode::kSetGpr:
    case ir::Opcode::kSetGprHigh:
    case ir::Opcode::kSetAr:
    case ir::Opcode::kSetFpr:
    case ir::Opcode::kSetFprHigh:
    case ir::Opcode::kSetVr:
    case ir::Opcode::kSetCc:
    case ir::Opcode::kSetProgramMask:
    case ir::Opcode::kSetAddressingMode:
    case ir::Opcode::kBranchAndSetMode:
    case ir::Opcode::kSerialize:
      return true;
    default:
      return IsLeaving(opcode);
  }
}

struct Effects {
  bool has_effect = false;
  bool may_leave = false;
};

// By opcode: they are asked for several times for each operation.
inline constexpr std::array<Effects, 256> kEffects = [] {
  std::array<Effects, 256> effects{};
  for (size_t i = 0; i < effects.size(); ++i) {
    const auto opcode = static_cast<ir::Opcode>(i);
    effects[i] = {IsEffective(opcode), IsLeaving(opcode)};
  }
  return effects;
}();

// Whether an operation changes anything but its result, or may end the instruction.
inline bool HasEffect(ir::Opcode opcode) {
  return kEffects[static_cast<size_t>(opcode)].has_effect;
}
// Whether it may leave the block: everything the guest can see must be in place by then.
inline bool MayLeave(ir::Opcode opcode) {
  return kEffects[static_cast<size_t>(opcode)].may_leave;
}

}  // namespace hypervisor::passes

#endif  // HYPERVISOR_SIE_TRANSLATOR_PASSES_EFFECTS_H_
