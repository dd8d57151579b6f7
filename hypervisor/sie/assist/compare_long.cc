// COMPARE LOGICAL LONG, COMPARE LOGICAL LONG EXTENDED and COMPARE LOGICAL LONG UNICODE.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/pieces.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

enum class Order { kEqual, kLow, kHigh, kStopped };

// Compares the rest of `operand` with the padding, as one unit.
size_t EqualToPad(const uint8_t* bytes, size_t length, uint16_t pad) {
  size_t at = 0;
  while (at < length && bytes[at] == static_cast<uint8_t>(at & 1 ? pad : pad >> 8)) ++at;
  return at;
}

// One unit of characters of `size` bytes. Registers are left at the first unequal character.
Order CompareUnit(GuestCpu& cpu, RegisterPair& a, RegisterPair& b, uint16_t pad, uint32_t size) {
  const bool a_left = a.length() != 0;
  const bool b_left = b.length() != 0;
  uint64_t length = kUnitBytes;
  // Not beyond a page before its bytes are asked for: the comparison may end before.
  if (a_left) length = std::min({length, a.length(), ToPageEnd(a.address())});
  if (b_left) length = std::min({length, b.length(), ToPageEnd(b.address())});
  length = std::max<uint64_t>(length & ~uint64_t{size - 1}, size);  // or one across the page's end
  uint8_t first[kUnitBytes];
  uint8_t second[kUnitBytes];
  const auto count = static_cast<uint32_t>(length);
  if (a_left && !cpu.LoadBytes(a.address(), first, count, a.space())) return Order::kStopped;
  if (b_left && !cpu.LoadBytes(b.address(), second, count, b.space())) return Order::kStopped;
  size_t equal;
  if (a_left && b_left) {
    equal = EqualBytes(first, second, count);
  } else {
    equal = EqualToPad(a_left ? first : second, count, pad);
  }
  const size_t advance = equal & ~size_t{size - 1};
  if (a_left) a.Advance(advance);
  if (b_left) b.Advance(advance);
  a.Commit();
  b.Commit();
  if (equal == count) return Order::kEqual;
  const auto pad_byte = static_cast<uint8_t>(equal & 1 ? pad : pad >> 8);
  const uint8_t x = a_left ? first[equal] : pad_byte;
  const uint8_t y = b_left ? second[equal] : pad_byte;
  return x < y ? Order::kLow : Order::kHigh;
}

// False if there is more to do.
bool CompareUnits(GuestCpu& cpu, RegisterPair& a, RegisterPair& b, uint16_t pad, uint32_t size) {
  for (int unit = 0; a.length() != 0 || b.length() != 0; ++unit) {
    if (unit == kUnitsPerExecution) return false;
    switch (CompareUnit(cpu, a, b, pad, size)) {
      case Order::kEqual:
        break;
      case Order::kLow:
        cpu.set_cc(1);
        return true;
      case Order::kHigh:
        cpu.set_cc(2);
        return true;
      case Order::kStopped:
        return true;
    }
  }
  a.Commit();
  b.Commit();
  cpu.set_cc(0);
  return true;
}

}  // namespace

void CompareLogicalLong(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r2)) return;
  RegisterPair a(cpu, insn.r1, LengthWidth::k24);
  RegisterPair b(cpu, insn.r2, LengthWidth::k24);
  const auto pad = static_cast<uint16_t>((cpu.gpr_low(insn.r2 + 1) >> 24) * 0x101);
  if (!CompareUnits(cpu, a, b, pad, 1)) cpu.Resume();
}

void CompareLogicalLongExtended(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r3)) return;
  RegisterPair a(cpu, insn.r1);
  RegisterPair b(cpu, insn.r3);
  const auto pad =
      static_cast<uint16_t>((cpu.EffectiveAddress(0, insn.b2, insn.d2) & 0xff) * 0x101);
  if (!CompareUnits(cpu, a, b, pad, 1)) cpu.set_cc(3);
}

void CompareLogicalLongUnicode(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r3, static_cast<unsigned>(cpu.gpr(insn.r1 | 1)),
               static_cast<unsigned>(cpu.gpr(insn.r3 | 1)))) {
    return;
  }
  RegisterPair a(cpu, insn.r1);
  RegisterPair b(cpu, insn.r3);
  const auto pad = static_cast<uint16_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2));
  if (!CompareUnits(cpu, a, b, pad, 2)) cpu.set_cc(3);
}

}  // namespace hypervisor::assist
