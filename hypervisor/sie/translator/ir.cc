#include "hypervisor/sie/translator/ir.h"

namespace hypervisor::ir {
namespace {

constexpr const char* kTypes[] = {"",       "bool", "u8",  "u16", "u32", "u64",
                                  "vector", "s8",   "s16", "s32", "s64"};
constexpr const char* kOpcodes[] = {
#define OPCODE(name) #name,
#include "hypervisor/sie/translator/opcodes.inc"
#undef OPCODE
};

constexpr const char* kVectorOperations[] = {
#define VECTOR_OPERATION(name) #name,
#include "hypervisor/sie/translator/vector_operations.inc"
#undef VECTOR_OPERATION
};

const char* Name(Type type) {
  return kTypes[static_cast<int>(type)];
}

}  // namespace

std::string ToText(const Block& block) {
  std::string text;
  for (const Operation& operation : block.operations) {
    if (operation.result) text += "v" + std::to_string(operation.result) + " = ";
    text += kOpcodes[static_cast<int>(operation.opcode)];
    if (operation.from != Type::kNone) text += std::string(".") + Name(operation.from);
    if (operation.type != Type::kNone) text += std::string(".") + Name(operation.type);
    const char* before = " ";
    const bool is_named =
        operation.opcode == Opcode::kVector || operation.opcode == Opcode::kVectorBfp;
    for (const int64_t& immediate : operation.immediates) {
      text += before;
      text += is_named && &immediate == operation.immediates.begin() ? kVectorOperations[immediate]
                                                                     : std::to_string(immediate);
      before = ", ";
    }
    for (const ValueId argument : operation.arguments) {
      text += before + std::string("v") + std::to_string(argument);
      before = ", ";
    }
    text += "\n";
  }
  return text;
}

}  // namespace hypervisor::ir
