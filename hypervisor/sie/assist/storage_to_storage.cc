// MOVE, MOVE INVERSE, MOVE NUMERICS, MOVE ZONES, AND, OR, EXCLUSIVE OR and COMPARE LOGICAL on up to
// 256 bytes of storage. Both operands are tested before a byte changes.
#include <algorithm>
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/pieces.h"

namespace hypervisor::assist {
namespace {

struct Operands {
  OperandBytes first;
  OperandBytes second;
};

bool FindBoth(GuestCpu& cpu, const Insn& insn, Access first_access, Operands& operands) {
  const uint32_t length = insn.l1 + 1u;
  return cpu.Find(cpu.EffectiveAddress(0, insn.b2, insn.d2), length, Access::kFetch,
                  Space::ByPsw(insn.b2), operands.second) &&
         cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), length, first_access,
                  Space::ByPsw(insn.b1), operands.first);
}

// Replaces each byte of the first operand by op(it, its partner). Returns the or of all results.
template <typename Op>
uint64_t Combine(GuestCpu& cpu, const Insn& insn, Op op) {
  Operands operands;
  if (!FindBoth(cpu, insn, Access::kStore, operands)) return 0;
  uint64_t all = 0;
  ForEachPiece(
      operands.first, operands.second, [&](uint8_t* to, const uint8_t* from, uint32_t length) {
        const size_t distance = reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from);
        uint32_t at = 0;
        if (distance == 0 || distance >= 8) {
          for (; at + 8 <= length; at += 8) {
            uint64_t a, b;
            std::memcpy(&a, to + at, 8);
            std::memcpy(&b, from + at, 8);
            a = op(a, b);
            all |= a;
            std::memcpy(to + at, &a, 8);
          }
        }
        for (; at < length; ++at) {
          to[at] = static_cast<uint8_t>(op(to[at], from[at]));
          all |= to[at];
        }
        return true;
      });
  return all;
}

template <typename Op>
void CombineAndSetCc(GuestCpu& cpu, const Insn& insn, Op op) {
  const uint64_t all = Combine(cpu, insn, op);
  if (!cpu.Stopped()) cpu.set_cc(all != 0);
}

}  // namespace

void MoveCharacters(GuestCpu& cpu, const Insn& insn) {
  Operands operands;
  if (!FindBoth(cpu, insn, Access::kStore, operands)) return;
  ForEachPiece(operands.first, operands.second,
               [](uint8_t* to, const uint8_t* from, uint32_t length) {
                 MoveLeftToRight(to, from, length);
                 return true;
               });
}

// The second-operand address is that of its rightmost byte.
void MoveInverse(GuestCpu& cpu, const Insn& insn) {
  const uint32_t length = insn.l1 + 1u;
  const uint64_t source = cpu.Wrap(cpu.EffectiveAddress(0, insn.b2, insn.d2) - insn.l1);
  Operands operands;
  if (!cpu.Find(source, length, Access::kFetch, Space::ByPsw(insn.b2), operands.second) ||
      !cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), length, Access::kStore,
                Space::ByPsw(insn.b1), operands.first)) {
    return;
  }
  for (uint32_t at = 0; at < length; ++at) operands.first[at] = operands.second[length - 1 - at];
}

void MoveNumerics(GuestCpu& cpu, const Insn& insn) {
  Combine(cpu, insn, [](uint64_t a, uint64_t b) {
    return (a & 0xf0f0f0f0f0f0f0f0) | (b & 0x0f0f0f0f0f0f0f0f);
  });
}

void MoveZones(GuestCpu& cpu, const Insn& insn) {
  Combine(cpu, insn, [](uint64_t a, uint64_t b) {
    return (a & 0x0f0f0f0f0f0f0f0f) | (b & 0xf0f0f0f0f0f0f0f0);
  });
}

void AndCharacters(GuestCpu& cpu, const Insn& insn) {
  CombineAndSetCc(cpu, insn, [](uint64_t a, uint64_t b) { return a & b; });
}

void OrCharacters(GuestCpu& cpu, const Insn& insn) {
  CombineAndSetCc(cpu, insn, [](uint64_t a, uint64_t b) { return a | b; });
}

void ExclusiveOrCharacters(GuestCpu& cpu, const Insn& insn) {
  // The usual way to clear storage.
  if (insn.b1 == insn.b2 && insn.d1 == insn.d2) {
    OperandBytes operand;
    if (!cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), insn.l1 + 1u, Access::kStore,
                  Space::ByPsw(insn.b1), operand)) {
      return;
    }
    std::memset(operand.first, 0, operand.first_length);
    if (operand.second) std::memset(operand.second, 0, operand.length - operand.first_length);
    cpu.set_cc(0);
    return;
  }
  CombineAndSetCc(cpu, insn, [](uint64_t a, uint64_t b) { return a ^ b; });
}

void CompareLogicalCharacters(GuestCpu& cpu, const Insn& insn) {
  Operands operands;
  if (!FindBoth(cpu, insn, Access::kFetch, operands)) return;
  int order = 0;
  ForEachPiece(operands.first, operands.second,
               [&order](const uint8_t* a, const uint8_t* b, uint32_t length) {
                 order = std::memcmp(a, b, length);
                 return order == 0;
               });
  cpu.set_cc(order == 0 ? 0 : order < 0 ? 1 : 2);
}

}  // namespace hypervisor::assist
