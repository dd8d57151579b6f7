// TRANSLATE EXTENDED, TRANSLATE {ONE,TWO} TO {ONE,TWO}, TRANSLATE AND TEST EXTENDED and its
// reverse.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

constexpr uint32_t kUnitCharacters = 256;

uint32_t CharacterAt(const uint8_t* bytes, uint32_t size) {
  return size == 1 ? bytes[0] : LoadStorage<uint16_t>(bytes);
}

// An operand of whole characters, or a specification exception.
bool WholeCharacters(GuestCpu& cpu, const RegisterPair& operand, uint32_t size) {
  return AllEven(cpu, size == 2 ? static_cast<unsigned>(operand.length()) : 0);
}

// So many bytes of the operand form the next unit: not more than the page holds, but at least one
// character.
uint32_t UnitLength(uint64_t address, uint64_t length, uint32_t size, bool reverse) {
  const uint64_t to_end = reverse ? (address & kPageMask) + size : ToPageEnd(address);
  const auto unit =
      static_cast<uint32_t>(std::min({length, to_end, uint64_t{kUnitCharacters} * size}));
  return std::max(unit & ~(size - 1), size);
}

struct Widths {
  uint32_t from;
  uint32_t to;
};

// The table in storage at GR1's address. M3 bit 3 of one omits the comparison with the test
// character.
void TranslateCharacters(GuestCpu& cpu, const Insn& insn, Widths size) {
  if (!AllEven(cpu, insn.r1)) return;
  RegisterPair lengths(cpu, insn.r1);  // its length is that of the source
  if (!WholeCharacters(cpu, lengths, size.from)) return;
  const bool compare = !(cpu.facilities().Has(Facility::kEtf2Enhancement) && (insn.m3 & 1));
  const uint32_t test = cpu.gpr_low(0) & (size.to == 1 ? 0xff : 0xffff);
  const uint64_t boundary =
      size.from == 2 && !cpu.facilities().Has(Facility::kEtf2Enhancement) ? kPageSize : 8;
  const uint64_t table = cpu.Wrap(cpu.gpr(1)) & ~(boundary - 1);
  uint64_t to = lengths.address();
  uint64_t from = cpu.Wrap(cpu.gpr(insn.r2));
  uint64_t left = lengths.length();

  const auto commit = [&] {
    lengths.Advance(lengths.length() - left);
    lengths.Commit();
    SetAddress(cpu, insn.r1, to);
    SetAddress(cpu, insn.r2, from);
  };
  for (int unit = 0; left != 0; ++unit) {
    if (unit == kUnitsPerExecution) return cpu.set_cc(3);
    const uint32_t length = UnitLength(from, left, size.from, false);
    uint8_t source[kUnitCharacters * 2];
    uint8_t result[kUnitCharacters * 2];
    if (!cpu.LoadBytes(from, source, length, Space::ByPsw(insn.r2))) return;
    uint32_t characters = 0;
    bool found = false;
    for (; characters < length / size.from && !found; ++characters) {
      const uint32_t argument = CharacterAt(source + characters * size.from, size.from);
      const uint64_t entry = cpu.Wrap(table + uint64_t{argument} * size.to);
      uint8_t function[2];
      if (!cpu.LoadBytes(entry, function, size.to, Space::ByPsw(1))) return;
      found = compare && CharacterAt(function, size.to) == test;
      if (found) break;
      std::memcpy(result + characters * size.to, function, size.to);
    }
    if (characters != 0 &&
        !cpu.StoreBytes(to, result, characters * size.to, Space::ByPsw(insn.r1))) {
      return;
    }
    to = cpu.Wrap(to + uint64_t{characters} * size.to);
    from = cpu.Wrap(from + uint64_t{characters} * size.from);
    left -= uint64_t{characters} * size.from;
    commit();
    if (found) return cpu.set_cc(1);
  }
  commit();
  cpu.set_cc(0);
}

// M3: bit 0 two-byte arguments, bit 1 two-byte function codes, bit 2 arguments above 255 have the
// function code zero.
void TestCharacters(GuestCpu& cpu, const Insn& insn, bool reverse) {
  const uint32_t size = insn.m3 & 8 ? 2 : 1;
  const uint32_t code_size = insn.m3 & 4 ? 2 : 1;
  const bool limited = (insn.m3 & 2) != 0;
  if (!AllEven(cpu, insn.r1)) return;
  RegisterPair operand(cpu, insn.r1);
  if (!WholeCharacters(cpu, operand, size)) return;
  const uint64_t table = cpu.Wrap(cpu.gpr(1));
  uint32_t code = 0;
  for (int unit = 0; operand.length() != 0 && code == 0; ++unit) {
    if (unit == kUnitsPerExecution) return cpu.set_cc(3);
    const uint32_t length = UnitLength(operand.address(), operand.length(), size, reverse);
    uint8_t bytes[kUnitCharacters * 2];
    const uint64_t lowest =
        reverse ? cpu.Wrap(operand.address() - (length - size)) : operand.address();
    if (!cpu.LoadBytes(lowest, bytes, length, operand.space())) return;
    uint32_t at = 0;
    for (; at < length; at += size) {
      const uint32_t argument = CharacterAt(bytes + (reverse ? length - size - at : at), size);
      if (limited && argument > 255) continue;
      uint8_t function[2];
      if (!cpu.LoadBytes(cpu.Wrap(table + uint64_t{argument} * code_size), function, code_size,
                         Space::ByPsw(1))) {
        return;
      }
      code = CharacterAt(function, code_size);
      if (code != 0) break;
    }
    if (reverse) {
      operand.Recede(at);
    } else {
      operand.Advance(at);
    }
    operand.Commit();
  }
  operand.Commit();
  if (In64BitMode(cpu)) {
    cpu.set_gpr(insn.r2, code);
  } else {
    cpu.set_gpr_low(insn.r2, code);
  }
  cpu.set_cc(code != 0);
}

}  // namespace

// The table's address is R2's, the test byte is compared with the argument.
void TranslateExtended(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1)) return;
  RegisterPair operand(cpu, insn.r1);
  const auto test = static_cast<uint8_t>(cpu.gpr(0));
  uint8_t table[256];
  if (operand.length() != 0 &&
      !cpu.LoadBytes(cpu.Wrap(cpu.gpr(insn.r2)), table, sizeof table, Space::ByPsw(insn.r2))) {
    return;
  }
  for (int unit = 0; operand.length() != 0; ++unit) {
    if (unit == kUnitsPerExecution) return cpu.set_cc(3);
    uint32_t length =
        static_cast<uint32_t>(std::min(operand.length(), ToPageEnd(operand.address())));
    OperandBytes bytes;
    if (!cpu.Find(operand.address(), length, Access::kFetch, operand.space(), bytes)) return;
    const void* found = std::memchr(bytes.first, test, length);
    if (found) length = static_cast<uint32_t>(static_cast<const uint8_t*>(found) - bytes.first);
    if (length != 0) {
      if (!cpu.Find(operand.address(), length, Access::kStore, operand.space(), bytes)) return;
      for (uint32_t at = 0; at < length; ++at) bytes.first[at] = table[bytes.first[at]];
    }
    operand.Advance(length);
    operand.Commit();
    if (found) return cpu.set_cc(1);
  }
  operand.Commit();
  cpu.set_cc(0);
}

void TranslateOneToOne(GuestCpu& cpu, const Insn& insn) {
  TranslateCharacters(cpu, insn, {1, 1});
}
void TranslateOneToTwo(GuestCpu& cpu, const Insn& insn) {
  TranslateCharacters(cpu, insn, {1, 2});
}
void TranslateTwoToOne(GuestCpu& cpu, const Insn& insn) {
  TranslateCharacters(cpu, insn, {2, 1});
}
void TranslateTwoToTwo(GuestCpu& cpu, const Insn& insn) {
  TranslateCharacters(cpu, insn, {2, 2});
}

void TranslateAndTestExtended(GuestCpu& cpu, const Insn& insn) {
  TestCharacters(cpu, insn, false);
}
void TranslateAndTestReverseExtended(GuestCpu& cpu, const Insn& insn) {
  TestCharacters(cpu, insn, true);
}

}  // namespace hypervisor::assist
