// Which instructions the emitter knows.
#include "hypervisor/sie/translator/passes/effects.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"

namespace hypervisor::x86 {

using ir::Opcode;
using ir::Type;

namespace {

int WidthOfType(Type type) {
  switch (type) {
    case Type::kU8:
    case Type::kS8:
    case Type::kBool:
      return 8;
    case Type::kU16:
    case Type::kS16:
      return 16;
    case Type::kU32:
    case Type::kS32:
      return 32;
    default:
      return 64;
  }
}

}  // namespace

bool CanEmit(const GuestBlock& block, const GuestInstruction& instruction) {
  const bool own_space =
      !(block.mode & Mode::kDat) || ((block.mode >> Mode::kAddressSpaceShift & 3) != 1 &&
                                     (block.mode >> Mode::kAddressSpaceShift & 3) != 2);
  const auto constant = [&](ir::ValueId id) -> const ir::Operation* {
    for (size_t i = instruction.first; i < instruction.last; ++i) {
      const ir::Operation& operation = block.ir.operations[i];
      if (operation.result == id && operation.opcode == Opcode::kConstant) return &operation;
    }
    return nullptr;
  };
  bool changed = false;
  bool stored = false;
  bool successive = false;
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    const ir::Operation& operation = block.ir.operations[i];
    // What may leave to have the instruction done again must come before anything is done.
    if (changed && passes::MayLeave(operation.opcode) && operation.opcode != Opcode::kBranchIf)
      return false;
    // And a store ends it.
    if (stored && passes::HasEffect(operation.opcode)) return false;
    if (ir::IsBfp(operation.opcode) && (!(block.mode & Mode::kBfp) || !CanEmitBfp(operation)))
      return false;
    switch (operation.opcode) {
      case Opcode::kLoadQuadword:
      case Opcode::kStoreQuadword:
      case Opcode::kCompareAndSwapQuadword:
      case Opcode::kSetAddressingMode:
      case Opcode::kBranchAndSetMode:
      case Opcode::kSetProgramMask:
      case Opcode::kFixedPointOverflowIf:
        return false;
      case Opcode::kStoreThenUpdateSystemMask: {
        // Neither DAT nor recording changes, and the PSW stays valid.
        constexpr int64_t kMode = 0x44;
        constexpr int64_t kEnabling = 0x03;
        const int64_t mask = operation.immediates[1];
        if (static_cast<Update>(operation.immediates[0]) == Update::kAnd
                ? (mask & kMode) != kMode
                : (mask & ~kEnabling) != 0) {
          return false;
        }
        break;
      }
      case Opcode::kVectorBfp:
        if (!(block.mode & Mode::kBfp) || !CanEmitVectorBfp(operation)) return false;
        break;
      case Opcode::kVector:
        if (!CanEmitVector(operation)) return false;
        break;
      case Opcode::kLoadSuccessive:
        if (successive) return false;
        successive = true;
        break;
      case Opcode::kRotateLeft:
        if (WidthOfType(operation.type) < 32) return false;
        break;
      case Opcode::kShiftLeft:
      case Opcode::kShiftRight:
        if (WidthOfType(operation.type) < 32 && !constant(operation.arguments[1])) return false;
        break;
      case Opcode::kLoadRelative:
      case Opcode::kStoreRelative: {
        const ir::Operation* address = constant(operation.arguments[0]);
        if (!own_space || !address) return false;
        if (address->immediates[0] % (WidthOfType(operation.type) / 8) != 0) return false;
        break;
      }
      case Opcode::kCompareAndSwapStorage:
        if (WidthOfType(operation.type) < 32) return false;
        break;
      case Opcode::kUpdateStorage:
        if (WidthOfType(operation.type) == 16) return false;
        break;
      case Opcode::kDivide:
        if (WidthOfType(operation.type) != 64) return false;
        break;
      case Opcode::kSelect:
        if (operation.type != Type::kU8 && WidthOfType(operation.type) < 32) return false;
        break;
      default:
        break;
    }
    stored = stored || operation.opcode == Opcode::kStore || operation.opcode == Opcode::kStoreIf ||
             operation.opcode == Opcode::kStoreSuccessive ||
             operation.opcode == Opcode::kStoreLeft || operation.opcode == Opcode::kStoreRelative;
    changed =
        changed ||
        (passes::HasEffect(operation.opcode) &&
         (!passes::MayLeave(operation.opcode) || operation.opcode == Opcode::kStore ||
          operation.opcode == Opcode::kStoreIf || operation.opcode == Opcode::kStoreSuccessive ||
          operation.opcode == Opcode::kStoreLeft || operation.opcode == Opcode::kStoreRelative ||
          operation.opcode == Opcode::kUpdateStorage || operation.opcode == Opcode::kMoveStorage ||
          operation.opcode == Opcode::kCombineStorage ||
          operation.opcode == Opcode::kCompareAndSwapStorage));
  }
  return true;
}

}  // namespace hypervisor::x86
