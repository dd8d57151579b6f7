#include <algorithm>
#include <bit>

#include "hypervisor/isa/semantics/row.h"
#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;
using ir::Type;
using ir::ValueId;

namespace {

struct Known {
  bool known = false;
  int64_t value = 0;
};

int Width(Type type) {
  switch (type) {
    case Type::kBool:
    case Type::kU8:
    case Type::kS8:
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

bool IsSigned(Type type) {
  return type >= Type::kS8;
}

// The bits of a type as a number of that type, in 64 bits.
int64_t Cut(int64_t value, Type type) {
  if (type == Type::kBool) return value & 1;
  const int unused = 64 - Width(type);
  if (IsSigned(type)) return static_cast<int64_t>(static_cast<uint64_t>(value) << unused) >> unused;
  return static_cast<int64_t>(static_cast<uint64_t>(value) << unused >> unused);
}

bool Less(int64_t a, int64_t b, Type type) {
  return IsSigned(type) ? a < b : static_cast<uint64_t>(a) < static_cast<uint64_t>(b);
}

// The result of an operation whose arguments are `a` and `b`, if it is one that folds.
Known Compute(const Operation& operation, int64_t a, int64_t b) {
  const Type type = operation.type;
  const auto left = static_cast<uint64_t>(a);
  const auto right = static_cast<uint64_t>(b);
  const auto known = [type](uint64_t value) {
    return Known{true, Cut(static_cast<int64_t>(value), type)};
  };
  switch (operation.opcode) {
    case Opcode::kConvert:
      return known(left);
    case Opcode::kAdd:
      return known(left + right);
    case Opcode::kSubtract:
      return known(left - right);
    case Opcode::kMultiply:
      return known(left * right);
    case Opcode::kAnd:
      return known(left & right);
    case Opcode::kOr:
      return known(left | right);
    case Opcode::kExclusiveOr:
      return known(left ^ right);
    case Opcode::kNot:
      return known(~left);
    case Opcode::kShiftLeft:
      return known(right >= static_cast<uint64_t>(Width(type)) ? 0 : left << right);
    case Opcode::kShiftRight:
      if (right >= static_cast<uint64_t>(Width(type)))
        return known(IsSigned(type) && a < 0 ? ~uint64_t{0} : 0);
      return known(IsSigned(type) ? static_cast<uint64_t>(a >> right) : left >> right);
    case Opcode::kEqual:
      return known(a == b);
    case Opcode::kLess:
      return known(Less(a, b, operation.from));
    default:
      return {};
  }
}

}  // namespace

bool ClearsStorage(const ir::Block& block, const Operation& operation) {
  if (operation.opcode != Opcode::kCombineStorage ||
      operation.immediates[2] != static_cast<int64_t>(Update::kExclusiveOr) ||
      operation.immediates[0] != operation.immediates[1]) {
    return false;
  }
  const Operation* address[2] = {};
  for (const Operation* made = &operation; made != block.operations.data();) {
    --made;
    for (size_t i = 0; i < 2; ++i) {
      if (made->result == operation.arguments[i]) address[i] = made;
    }
    if (address[0] && address[1]) break;
  }
  if (!address[0] || !address[1] || address[0]->opcode != address[1]->opcode) return false;
  if (address[0]->opcode != Opcode::kAddress && address[0]->opcode != Opcode::kConstant)
    return false;
  return std::equal(address[0]->immediates.begin(), address[0]->immediates.end(),
                    address[1]->immediates.begin());
}

void FoldConstants(ir::Block& block, uint64_t address_mask) {
  std::vector<Known> values(block.values + 1);
  for (Operation& operation : block.operations) {
    Known result;
    const auto argument = [&](size_t i) { return values[operation.arguments[i]]; };
    switch (operation.opcode) {
      case Opcode::kConstant:
        result = {true, Cut(operation.immediates[0], operation.type)};
        break;
      case Opcode::kAddress:
        if (operation.immediates[0] != 0 || operation.immediates[1] != 0) break;
        result = {true, static_cast<int64_t>(static_cast<uint64_t>(operation.immediates[2]) &
                                             address_mask)};
        break;
      case Opcode::kCcIn:
        if ((operation.immediates[0] & 15) == 15 || (operation.immediates[0] & 15) == 0)
          result = {true, operation.immediates[0] & 1};
        break;
      case Opcode::kWrap:
        if (argument(0).known)
          result = {true,
                    static_cast<int64_t>(static_cast<uint64_t>(argument(0).value) & address_mask)};
        break;
      case Opcode::kCombineStorage:
        // What is cleared has been cleared.
        if (ClearsStorage(block, operation)) values[operation.result] = {true, 0};
        continue;
      default:
        if (operation.result == 0 || operation.arguments.empty() || operation.arguments.size() > 2)
          break;
        if (!argument(0).known || !argument(operation.arguments.size() - 1).known) break;
        result =
            Compute(operation, argument(0).value, argument(operation.arguments.size() - 1).value);
        break;
    }
    const bool never =
        (operation.opcode == Opcode::kInterruptIf || operation.opcode == Opcode::kHandlerIf ||
         operation.opcode == Opcode::kDataExceptionIf || operation.opcode == Opcode::kBranchIf) &&
        argument(0).known && argument(0).value == 0;
    const bool on_boundary = operation.opcode == Opcode::kRequireBoundary && argument(0).known &&
                             (static_cast<uint64_t>(argument(0).value) &
                              static_cast<uint64_t>(Width(operation.type) / 8 - 1)) == 0;
    if (never || on_boundary) operation = Operation{};
    if (!result.known) continue;
    values[operation.result] = result;
    if (operation.opcode != Opcode::kConstant) {
      operation = {Opcode::kConstant, operation.type, Type::kNone, operation.result, {},
                   {result.value}};
    } else {
      operation.immediates[0] = result.value;
    }
  }
}

}  // namespace hypervisor::passes
