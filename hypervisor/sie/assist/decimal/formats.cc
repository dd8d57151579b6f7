// PACK, UNPACK, their forms for ASCII and Unicode, MOVE WITH OFFSET: between formats of decimal
// numbers, none of which is tested. Overlapping operands of PACK, UNPACK and MOVE WITH OFFSET are
// handled byte by byte from the right.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/decimal/packed.h"

namespace hypervisor::assist {
namespace {

struct Operands {
  OperandBytes first;
  OperandBytes second;
};

bool FindBoth(GuestCpu& cpu, const Insn& insn, uint32_t first_length, uint32_t second_length,
              Operands& operands) {
  return cpu.Find(cpu.EffectiveAddress(0, insn.b2, insn.d2), second_length, Access::kFetch,
                  Space::ByPsw(insn.b2), operands.second) &&
         cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), first_length, Access::kStore,
                  Space::ByPsw(insn.b1), operands.first);
}

constexpr uint8_t SwapDigits(uint8_t byte) {
  return static_cast<uint8_t>(byte << 4 | byte >> 4);
}

// `size` bytes a character: the rightmost four bits of each are a digit; a plus sign is added.
void PackCharacters(GuestCpu& cpu, const Insn& insn, uint32_t size) {
  const uint32_t length = insn.l2 + 1u;
  if (length > 32 * size || length % size != 0) return cpu.Interrupt(PgmCode::kSpecification);
  Operands operands;
  if (!FindBoth(cpu, insn, kLongestPacked, length, operands)) return;
  uint8_t digits[32] = {};
  for (uint32_t i = 0; i < length / size; ++i) {
    digits[31 - i] = operands.second[length - 1 - i * size] & 0xf;
  }
  // The leftmost of 32 digits is lost to the sign.
  uint8_t result[kLongestPacked] = {};
  for (uint32_t i = 0; i < kLongestPacked; ++i) {
    result[i] = static_cast<uint8_t>(digits[2 * i + 1] << 4 | (i < 15 ? digits[2 * i + 2] : 0xc));
  }
  operands.first.Write(result);
}

// CC: 0 plus, 1 minus, 3 the sign is no sign.
void UnpackCharacters(GuestCpu& cpu, const Insn& insn, uint32_t size) {
  const uint32_t length = insn.l1 + 1u;
  if (length > 32 * size || length % size != 0) return cpu.Interrupt(PgmCode::kSpecification);
  Operands operands;
  if (!FindBoth(cpu, insn, length, kLongestPacked, operands)) return;
  uint8_t packed[kLongestPacked] = {};
  operands.second.Read(packed);
  const auto digit = [&packed](uint32_t from_right) {  // 0 is the one beside the sign
    if (from_right >= 31) return uint8_t{0};
    const uint8_t byte = packed[15 - (from_right + 1) / 2];
    return static_cast<uint8_t>(from_right % 2 == 0 ? byte >> 4 : byte & 0xf);
  };
  uint8_t result[64] = {};
  for (uint32_t i = 0; i < length / size; ++i) {
    result[length - 1 - i * size] = static_cast<uint8_t>(0x30 | digit(i));
  }
  operands.first.Write(result);
  const uint8_t sign = packed[15] & 0xf;
  cpu.set_cc(!IsSignCode(sign) ? 3 : IsNegativeSign(sign) ? 1 : 0);
}

}  // namespace

void Pack(GuestCpu& cpu, const Insn& insn) {
  Operands operands;
  if (!FindBoth(cpu, insn, insn.l1 + 1u, insn.l2 + 1u, operands)) return;
  const auto& [to, from] = operands;
  uint32_t left = from.length;
  const auto next = [&from = from, &left] {
    return left != 0 ? static_cast<uint8_t>(from[--left] & 0xf) : uint8_t{0};
  };
  to[to.length - 1] = SwapDigits(from[--left]);
  for (uint32_t at = to.length - 1; at-- > 0;) {
    const uint8_t low = next();
    to[at] = static_cast<uint8_t>(next() << 4 | low);
  }
}

void Unpack(GuestCpu& cpu, const Insn& insn) {
  Operands operands;
  if (!FindBoth(cpu, insn, insn.l1 + 1u, insn.l2 + 1u, operands)) return;
  const auto& [to, from] = operands;
  uint32_t left = from.length;
  to[to.length - 1] = SwapDigits(from[--left]);
  for (uint32_t at = to.length - 1; at > 0;) {
    const uint8_t byte = left != 0 ? from[--left] : 0;
    to[--at] = static_cast<uint8_t>(0xf0 | (byte & 0xf));
    if (at > 0) to[--at] = static_cast<uint8_t>(0xf0 | byte >> 4);
  }
}

void PackAscii(GuestCpu& cpu, const Insn& insn) {
  PackCharacters(cpu, insn, 1);
}
void PackUnicode(GuestCpu& cpu, const Insn& insn) {
  PackCharacters(cpu, insn, 2);
}
void UnpackAscii(GuestCpu& cpu, const Insn& insn) {
  UnpackCharacters(cpu, insn, 1);
}
void UnpackUnicode(GuestCpu& cpu, const Insn& insn) {
  UnpackCharacters(cpu, insn, 2);
}

// The second operand goes to the left of the first operand's rightmost four bits.
void MoveWithOffset(GuestCpu& cpu, const Insn& insn) {
  Operands operands;
  if (!FindBoth(cpu, insn, insn.l1 + 1u, insn.l2 + 1u, operands)) return;
  const auto& [to, from] = operands;
  uint32_t left = from.length;
  uint8_t kept = to[to.length - 1] & 0xf;
  for (uint32_t at = to.length; at-- > 0;) {
    const uint8_t byte = left != 0 ? from[--left] : 0;
    to[at] = static_cast<uint8_t>(byte << 4 | kept);
    kept = byte >> 4;
  }
}

}  // namespace hypervisor::assist
