#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;
using ir::Type;

namespace {

bool Is32(Type type) {
  return type == Type::kU32 || type == Type::kS32;
}

}  // namespace

uint16_t FindNarrowRegisters(const GuestBlock& block, bool always) {
  if (!always && !HasLoop(block)) return 0;
  unsigned written = 0;
  unsigned wide = 0;
  for (const Operation& operation : block.ir.operations) {
    switch (operation.opcode) {
      case Opcode::kGpr:
        if (operation.type == Type::kU64 || operation.type == Type::kS64)
          wide |= 1u << operation.immediates[0];
        break;
      case Opcode::kSetGpr:
        if (operation.type == Type::kU64 || operation.type == Type::kS64)
          wide |= 1u << operation.immediates[0];
        if (Is32(operation.type)) written |= 1u << operation.immediates[0];
        break;
      case Opcode::kSetGprHigh:
        wide |= 1u << operation.immediates[0];
        break;
      case Opcode::kAddress:
        // Register 0 stands for none.
        for (const int i : {0, 1})
          if (operation.immediates[i] != 0) wide |= 1u << operation.immediates[i];
        break;
      default:
        break;
    }
  }
  return static_cast<uint16_t>(written & ~wide);
}

}  // namespace hypervisor::passes
