#include <algorithm>
#include <cstddef>
#include <span>

#include "hypervisor/sie/translator/passes/passes.h"

namespace hypervisor::passes {

using ir::Opcode;
using ir::Operation;
using ir::Type;
using ir::ValueId;

namespace {

constexpr uint64_t kRightHalf = 0xffffffff;

int UsesOf(std::span<const Operation> operations, ValueId id) {
  int uses = 0;
  for (const Operation& operation : operations)
    uses +=
        static_cast<int>(std::count(operation.arguments.begin(), operation.arguments.end(), id));
  return uses;
}

bool IsConstant(const Operation& operation, ValueId id) {
  return operation.opcode == Opcode::kConstant && operation.result == id;
}

// As RISBG has them, one behind the other: the register, the amount, the rotation, the mask, and
// what is left of it.
struct Selection {
  Operation* gpr;
  Operation* by;
  Operation* rotated;
  Operation* mask;
  Operation* masked;
};

bool IsSelection(std::span<const Operation> instruction, const Selection& found) {
  return found.gpr->opcode == Opcode::kGpr && found.gpr->type == Type::kU64 &&
         found.rotated->arguments[0] == found.gpr->result &&
         IsConstant(*found.by, found.rotated->arguments[1]) &&
         found.masked->opcode == Opcode::kAnd &&
         found.masked->arguments[0] == found.rotated->result &&
         IsConstant(*found.mask, found.masked->arguments[1]) &&
         UsesOf(instruction, found.gpr->result) == 1 &&
         UsesOf(instruction, found.by->result) == 1 &&
         UsesOf(instruction, found.rotated->result) == 1 &&
         UsesOf(instruction, found.mask->result) == 1;
}

Operation Constant(ValueId id, uint64_t value) {
  return {Opcode::kConstant, Type::kU32, Type::kNone, id, {}, {static_cast<int64_t>(value)}};
}
Operation Binary(Opcode opcode, Type type, ValueId id, ValueId a, ValueId b) {
  return {opcode, type, Type::kNone, id, {a, b}, {}};
}
Operation Extended(ValueId id, ValueId from) {
  return {Opcode::kConvert, Type::kU64, Type::kU32, id, {from}, {}};
}

// `free` computes what nobody uses, or is null.
void Narrow(const Selection& found, Operation* free) {
  const auto by = static_cast<int>(found.by->immediates[0] & 63);
  const auto mask = static_cast<uint64_t>(found.mask->immediates[0]);
  const bool to_left = (mask & ~(~uint64_t{0} << by)) == 0 && mask >> by <= kRightHalf;
  const int right = 64 - by;
  const bool to_right = by > 32 && mask <= kRightHalf >> right;
  if (!to_left && !to_right) return;
  const uint64_t wanted = to_left ? mask >> by : mask;
  const ValueId result = found.masked->result;
  const int64_t gpr = found.gpr->immediates[0];
  const auto register_half = [gpr](ValueId id) {
    return Operation{Opcode::kGpr, Type::kU32, Type::kNone, id, {}, {gpr}};
  };
  if (to_left && wanted == kRightHalf) {
    *found.gpr = register_half(found.gpr->result);
    const ValueId half = found.rotated->result;
    *found.by = by == 0 ? Operation{} : Constant(found.by->result, static_cast<uint64_t>(by));
    *found.rotated = by == 0 ? Operation{} : Extended(half, found.gpr->result);
    *found.mask = Operation{};
    *found.masked = by == 0
                        ? Extended(result, found.gpr->result)
                        : Binary(Opcode::kShiftLeft, Type::kU64, result, half, found.by->result);
    return;
  }
  if (!free) return;
  // All of them one operation earlier, so that there is room for what extends the half.
  const ValueId half = free->result;
  const ValueId amount = found.gpr->result;
  *free = register_half(half);
  if (to_left) {
    *found.gpr = Constant(amount, wanted);
    *found.by = Binary(Opcode::kAnd, Type::kU32, found.by->result, half, amount);
    *found.rotated = Extended(found.rotated->result, found.by->result);
    *found.mask = Constant(found.mask->result, static_cast<uint64_t>(by));
    *found.masked =
        Binary(Opcode::kShiftLeft, Type::kU64, result, found.rotated->result, found.mask->result);
    return;
  }
  *found.gpr = Constant(amount, static_cast<uint64_t>(32 - right));
  *found.by = Binary(Opcode::kRotateLeft, Type::kU32, found.by->result, half, amount);
  *found.rotated = Constant(found.rotated->result, wanted);
  *found.mask =
      Binary(Opcode::kAnd, Type::kU32, found.mask->result, found.by->result, found.rotated->result);
  *found.masked = Extended(result, found.mask->result);
}

}  // namespace

void NarrowSelectedBits(GuestBlock& block) {
  for (const GuestInstruction& one : block.instructions) {
    const std::span<Operation> all =
        std::span(block.ir.operations).subspan(one.first, one.last - one.first);
    for (size_t i = 2; i + 2 < all.size(); ++i) {
      if (all[i].opcode != Opcode::kRotateLeft || all[i].type != Type::kU64) continue;
      const Selection found = {&all[i - 2], &all[i - 1], &all[i], &all[i + 1], &all[i + 2]};
      if (!IsSelection(all, found)) continue;
      const bool is_free =
          i > 2 && all[i - 3].opcode == Opcode::kGpr && UsesOf(all, all[i - 3].result) == 0;
      Narrow(found, is_free ? &all[i - 3] : nullptr);
    }
  }
}

}  // namespace hypervisor::passes
