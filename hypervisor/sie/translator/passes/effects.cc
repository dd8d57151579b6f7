#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;

bool HasEffect(Opcode opcode) {
  switch (opcode) {
    case Opcode::kSetGpr:
    case Opcode::kSetGprHigh:
    case Opcode::kSetAr:
    case Opcode::kSetFpr:
    case Opcode::kSetFprHigh:
    case Opcode::kSetVr:
    case Opcode::kSetCc:
    case Opcode::kSetProgramMask:
    case Opcode::kSetAddressingMode:
    case Opcode::kBranchAndSetMode:
    case Opcode::kSerialize:
      return true;
    default:
      return MayLeave(opcode);
  }
}

bool MayLeave(Opcode opcode) {
  switch (opcode) {
    case Opcode::kBranchIf:
    case Opcode::kBranchAndSetMode:
    case Opcode::kSetAddressingMode:
    case Opcode::kSetProgramMask:
    case Opcode::kStoreThenUpdateSystemMask:
    case Opcode::kLoad:
    case Opcode::kStore:
    case Opcode::kLoadIf:
    case Opcode::kStoreIf:
    case Opcode::kLoadSuccessive:
    case Opcode::kStoreSuccessive:
    case Opcode::kStoreLeft:
    case Opcode::kLoadRelative:
    case Opcode::kStoreRelative:
    case Opcode::kRequireBoundary:
    case Opcode::kUpdateStorage:
    case Opcode::kCompareAndSwapStorage:
    case Opcode::kLoadQuadword:
    case Opcode::kStoreQuadword:
    case Opcode::kCompareAndSwapQuadword:
    case Opcode::kMoveStorage:
    case Opcode::kCombineStorage:
    case Opcode::kCompareStorage:
    case Opcode::kHandlerIf:
    case Opcode::kDivide:
    case Opcode::kDivideQuadword:
    case Opcode::kVectorBfp:
    case Opcode::kInterruptIf:
    case Opcode::kDataExceptionIf:
    case Opcode::kFixedPointOverflowIf:
      return true;
    default:
      return ir::IsBfp(opcode);
  }
}

}  // namespace hypervisor::passes
