// MOVE STRING, COMPARE LOGICAL STRING, SEARCH STRING, SEARCH STRING UNICODE: operands that end with
// a character. No byte behind it is accessed but on the page that holds it. The registers change
// only when the instruction ends: one that a fault cut short starts again.
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/pieces.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

// The ending or sought character of 8 or 16 bits; the bits of GR0 before it must be zeros.
bool CharacterInGr0(GuestCpu& cpu, uint32_t largest, uint32_t& character) {
  character = cpu.gpr_low(0);
  if (character <= largest) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

// How many whole words of both are the same and have no ending character, in bytes.
uint32_t EqualWords(const uint8_t* a, const uint8_t* b, uint32_t length, uint8_t end) {
  constexpr uint64_t kOnes = ~uint64_t{0} / 0xff;
  constexpr uint64_t kHighBits = kOnes << 7;
  uint32_t at = 0;
  for (; at + sizeof(uint64_t) <= length; at += sizeof(uint64_t)) {
    uint64_t x;
    uint64_t y;
    std::memcpy(&x, a + at, sizeof x);
    std::memcpy(&y, b + at, sizeof y);
    const uint64_t zero_at_end = x ^ kOnes * end;
    if (x != y || ((zero_at_end - kOnes) & ~zero_at_end & kHighBits) != 0) break;
  }
  return at;
}

}  // namespace

void MoveString(GuestCpu& cpu, const Insn& insn) {
  uint32_t end;
  if (!CharacterInGr0(cpu, 0xff, end)) return;
  uint64_t to = cpu.Wrap(cpu.gpr(insn.r1));
  uint64_t from = cpu.Wrap(cpu.gpr(insn.r2));
  for (int unit = 0; unit < kUnitsPerExecution; ++unit) {
    uint32_t length = static_cast<uint32_t>(std::min(ToPageEnd(to), ToPageEnd(from)));
    OperandBytes source;
    OperandBytes target;
    if (!cpu.Find(from, length, Access::kFetch, Space::ByPsw(insn.r2), source)) return;
    const void* found = std::memchr(source.first, static_cast<int>(end), length);
    if (found)
      length = static_cast<uint32_t>(static_cast<const uint8_t*>(found) - source.first) + 1;
    if (!cpu.Find(to, length, Access::kStore, Space::ByPsw(insn.r1), target)) return;
    MoveLeftToRight(target.first, source.first, length);
    if (found) {
      SetAddress(cpu, insn.r1, to + length - 1);
      cpu.set_cc(1);
      return;
    }
    to = cpu.Wrap(to + length);
    from = cpu.Wrap(from + length);
  }
  SetAddress(cpu, insn.r1, to);
  SetAddress(cpu, insn.r2, from);
  cpu.set_cc(3);
}

// The ending character is lower than any other.
void CompareLogicalString(GuestCpu& cpu, const Insn& insn) {
  uint32_t end;
  if (!CharacterInGr0(cpu, 0xff, end)) return;
  uint64_t a = cpu.Wrap(cpu.gpr(insn.r1));
  uint64_t b = cpu.Wrap(cpu.gpr(insn.r2));
  for (int unit = 0; unit < kUnitsPerExecution; ++unit) {
    const auto length = static_cast<uint32_t>(std::min(ToPageEnd(a), ToPageEnd(b)));
    OperandBytes first;
    OperandBytes second;
    if (!cpu.Find(a, length, Access::kFetch, Space::ByPsw(insn.r1), first) ||
        !cpu.Find(b, length, Access::kFetch, Space::ByPsw(insn.r2), second)) {
      return;
    }
    for (uint32_t at = EqualWords(first.first, second.first, length, static_cast<uint8_t>(end));
         at < length; ++at) {
      const uint8_t x = first.first[at];
      const uint8_t y = second.first[at];
      if (x == y && x != end) continue;
      if (x == y) return cpu.set_cc(0);
      SetAddress(cpu, insn.r1, a + at);
      SetAddress(cpu, insn.r2, b + at);
      cpu.set_cc(x == end || (y != end && x < y) ? 1 : 2);
      return;
    }
    a = cpu.Wrap(a + length);
    b = cpu.Wrap(b + length);
  }
  SetAddress(cpu, insn.r1, a);
  SetAddress(cpu, insn.r2, b);
  cpu.set_cc(3);
}

// R1: the end of the second operand, and where the character was found.
void SearchString(GuestCpu& cpu, const Insn& insn) {
  uint32_t character;
  if (!CharacterInGr0(cpu, 0xff, character)) return;
  const uint64_t end = cpu.Wrap(cpu.gpr(insn.r1));
  uint64_t at = cpu.Wrap(cpu.gpr(insn.r2));
  for (int unit = 0; unit < kUnitsPerExecution; ++unit) {
    if (at == end) return cpu.set_cc(2);
    const auto length = static_cast<uint32_t>(std::min(ToPageEnd(at), cpu.Wrap(end - at)));
    OperandBytes bytes;
    if (!cpu.Find(at, length, Access::kFetch, Space::ByPsw(insn.r2), bytes)) return;
    const void* found = std::memchr(bytes.first, static_cast<int>(character), length);
    if (found) {
      SetAddress(cpu, insn.r1,
                 at + static_cast<uint64_t>(static_cast<const uint8_t*>(found) - bytes.first));
      return cpu.set_cc(1);
    }
    at = cpu.Wrap(at + length);
  }
  SetAddress(cpu, insn.r2, at);
  cpu.set_cc(3);
}

void SearchStringUnicode(GuestCpu& cpu, const Insn& insn) {
  uint32_t character;
  if (!CharacterInGr0(cpu, 0xffff, character)) return;
  uint64_t at = cpu.Wrap(cpu.gpr(insn.r2));
  // An end in the middle of a character is that character's end.
  const uint64_t end = cpu.Wrap(cpu.gpr(insn.r1));
  const uint64_t even_end = cpu.Wrap(end + ((end ^ at) & 1));
  for (int count = 0; count < 8192; ++count) {
    if (at == even_end) return cpu.set_cc(2);
    const uint16_t here = cpu.Load<uint16_t>(at, insn.r2);
    if (cpu.Stopped()) return;
    if (here == character) {
      SetAddress(cpu, insn.r1, at);
      return cpu.set_cc(1);
    }
    at = cpu.Wrap(at + 2);
  }
  SetAddress(cpu, insn.r2, at);
  cpu.set_cc(3);
}

}  // namespace hypervisor::assist
