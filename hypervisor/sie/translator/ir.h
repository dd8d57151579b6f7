// The intermediate representation of guest code: a list of typed operations, each with one result
// that later ones name by its number.
#ifndef HYPERVISOR_SIE_TRANSLATOR_IR_H_
#define HYPERVISOR_SIE_TRANSLATOR_IR_H_

#include <cstdint>
#include <string>
#include <vector>

namespace hypervisor::ir {

enum class Type : uint8_t { kNone, kBool, kU8, kU16, kU32, kU64, kS8, kS16, kS32, kS64 };

// OPCODE(name): what each means is said of the Cpu's operation of the same name,
// isa/semantics/row.h.
enum class Opcode : uint8_t {
#define OPCODE(name) k##name,
#include "hypervisor/sie/translator/opcodes.inc"
#undef OPCODE
};

using ValueId = uint32_t;

struct Operation {
  Opcode opcode;
  Type type;                // of the result, or of what is stored
  Type from = Type::kNone;  // of a conversion's argument
  ValueId result = 0;       // the first of them; 0 for none
  std::vector<ValueId> arguments;
  std::vector<int64_t> immediates;  // register numbers, masks, displacements, constants
};

struct Block {
  std::vector<Operation> operations;
  ValueId values = 0;  // how many there are; they are numbered from 1
};

// One line for each operation, for tests and people.
std::string ToText(const Block& block);

}  // namespace hypervisor::ir

#endif  // HYPERVISOR_SIE_TRANSLATOR_IR_H_
