// MOVE, MOVE INVERSE, MOVE NUMERICS, MOVE ZONES, AND, OR, EXCLUSIVE OR and COMPARE LOGICAL on up to
// 256 bytes of storage. Both operands are tested before a byte changes.
#include <algorithm>
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/pieces.h"
#include "hypervisor/sie/assist/storage_to_storage.h"

namespace hypervisor::assist {
namespace {

bool FindBoth(GuestCpu& cpu, const StorageOperands& at, Access first_access, OperandBytes& first,
              OperandBytes& second) {
  return cpu.Find(at.second, at.length, Access::kFetch, Space::ByPsw(at.second_ar), second) &&
         cpu.Find(at.first, at.length, first_access, Space::ByPsw(at.first_ar), first);
}

// Replaces each byte of the first operand by op(it, its partner). Returns the or of all results.
template <typename Op>
uint64_t Combine(GuestCpu& cpu, const StorageOperands& at, Op op) {
  OperandBytes first;
  OperandBytes second;
  if (!FindBoth(cpu, at, Access::kStore, first, second)) return 0;
  uint64_t all = 0;
  ForEachPiece(first, second, [&](uint8_t* to, const uint8_t* from, uint32_t length) {
    const size_t distance = reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from);
    uint32_t done = 0;
    if (distance == 0 || distance >= 8) {
      for (; done + 8 <= length; done += 8) {
        uint64_t a, b;
        std::memcpy(&a, to + done, 8);
        std::memcpy(&b, from + done, 8);
        a = op(a, b);
        all |= a;
        std::memcpy(to + done, &a, 8);
      }
    }
    for (; done < length; ++done) {
      to[done] = static_cast<uint8_t>(op(to[done], from[done]));
      all |= to[done];
    }
    return true;
  });
  return all;
}

StorageOperands OperandsOf(const GuestCpu& cpu, const Insn& insn) {
  return {cpu.EffectiveAddress(0, insn.b1, insn.d1), insn.b1,
          cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2, insn.l1 + 1u};
}

}  // namespace

void MoveStorage(GuestCpu& cpu, const StorageOperands& at) {
  OperandBytes first;
  OperandBytes second;
  if (!FindBoth(cpu, at, Access::kStore, first, second)) return;
  ForEachPiece(first, second, [](uint8_t* to, const uint8_t* from, uint32_t length) {
    MoveLeftToRight(to, from, length);
    return true;
  });
}

// The second-operand address is that of its rightmost byte.
void MoveInverse(GuestCpu& cpu, const Insn& insn) {
  const uint32_t length = insn.l1 + 1u;
  const uint64_t source = cpu.Wrap(cpu.EffectiveAddress(0, insn.b2, insn.d2) - insn.l1);
  OperandBytes first;
  OperandBytes second;
  if (!cpu.Find(source, length, Access::kFetch, Space::ByPsw(insn.b2), second) ||
      !cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), length, Access::kStore,
                Space::ByPsw(insn.b1), first)) {
    return;
  }
  for (uint32_t at = 0; at < length; ++at) first[at] = second[length - 1 - at];
}

// Bits 56-63 of general register 0 are the length less one.
void MoveRightToLeft(GuestCpu& cpu, const Insn& insn) {
  StorageOperands at = OperandsOf(cpu, insn);
  at.length = (cpu.gpr_low(0) & 0xff) + 1;
  OperandBytes first;
  OperandBytes second;
  if (!FindBoth(cpu, at, Access::kStore, first, second)) return;
  if (first.first_length == at.length && second.first_length == at.length)
    return MoveRightToLeft(first.first, second.first, at.length);
  for (uint32_t byte = at.length; byte-- > 0;) first[byte] = second[byte];
}

void MoveNumerics(GuestCpu& cpu, const Insn& insn) {
  Combine(cpu, OperandsOf(cpu, insn), [](uint64_t a, uint64_t b) {
    return (a & 0xf0f0f0f0f0f0f0f0) | (b & 0x0f0f0f0f0f0f0f0f);
  });
}

void MoveZones(GuestCpu& cpu, const Insn& insn) {
  Combine(cpu, OperandsOf(cpu, insn), [](uint64_t a, uint64_t b) {
    return (a & 0x0f0f0f0f0f0f0f0f) | (b & 0xf0f0f0f0f0f0f0f0);
  });
}

uint64_t CombineStorage(GuestCpu& cpu, Update update, const StorageOperands& at) {
  switch (update) {
    case Update::kAnd:
      return Combine(cpu, at, [](uint64_t a, uint64_t b) { return a & b; });
    case Update::kOr:
      return Combine(cpu, at, [](uint64_t a, uint64_t b) { return a | b; });
    case Update::kExclusiveOr:
      break;
    case Update::kAdd:
      return 0;
  }
  // The usual way to clear storage.
  if (at.first == at.second && at.first_ar == at.second_ar) {
    OperandBytes operand;
    if (!cpu.Find(at.first, at.length, Access::kStore, Space::ByPsw(at.first_ar), operand))
      return 0;
    std::memset(operand.first, 0, operand.first_length);
    if (operand.second) std::memset(operand.second, 0, operand.length - operand.first_length);
    return 0;
  }
  return Combine(cpu, at, [](uint64_t a, uint64_t b) { return a ^ b; });
}

int CompareStorage(GuestCpu& cpu, const StorageOperands& at) {
  OperandBytes first;
  OperandBytes second;
  if (!FindBoth(cpu, at, Access::kFetch, first, second)) return 0;
  int order = 0;
  ForEachPiece(first, second, [&order](const uint8_t* a, const uint8_t* b, uint32_t length) {
    order = std::memcmp(a, b, length);
    return order == 0;
  });
  return order;
}

}  // namespace hypervisor::assist
