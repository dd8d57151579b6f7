#include "tests/hypervisor/sie/assist/dfp/random_states.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "hypervisor/isa/format.h"
#include "hypervisor/sie/assist/dfp/digits.h"

namespace hypervisor {

int RandomStates::Instruction(const TableRow& row, uint8_t (&code)[6]) {
  uint64_t text = Next();
  const uint64_t opcode = row.opcode;
  // Half of the time registers 0, 1, 4 and 5 only: pairs.
  const uint64_t pairs = 0xdddd'dddd'dddd'dddd;
  int length = 4;
  switch (row.format) {
    case Format::kE:
      length = 2;
      text = opcode << 48;
      break;
    case Format::kRXE:
    case Format::kRXF: {
      length = 6;
      // Register 12 is the base; the displacement is a shift, or a mask.
      const uint64_t registers = OneIn(8) ? Next() : Next() & pairs;
      text = (opcode >> 8) << 56 | (registers >> 52 & 0xf) << 52 | (Next() & 0xfff) << 32 |
             (registers >> 28 & 0xf) << 28 | (opcode & 0xff) << 16;
      break;
    }
    case Format::kRSL_b:
      length = 6;
      text = (opcode >> 8) << 56 | Below(OneIn(8) ? 256 : 36) << 48 | uint64_t{12} << 44 |
             (OneIn(8) ? Below(16) : Below(16) & 13) << 28 | Below(16) << 24 |
             (opcode & 0xff) << 16;
      break;
    default:
      text = opcode << 48 | (text & 0x0000'ffff'0000'0000);
      if (!OneIn(8)) {
        const bool three = row.format == Format::kRRF_a || row.format == Format::kRRF_b;
        text &= three ? 0xffff'dfdd'ffff'ffff : 0xffff'ffdd'ffff'ffff;
      }
      break;
  }
  for (int i = 0; i < 6; ++i) code[i] = static_cast<uint8_t>(text >> (56 - 8 * i));
  return length;
}

template <typename F>
typename F::Bits RandomStates::DecimalNumber() {
  using Bits = typename F::Bits;
  Bits raw = static_cast<Bits>(Next());
  if constexpr (sizeof(Bits) == 16) raw = raw << 64 | Next();
  if (OneIn(8)) return raw;  // with declets that are not canonical
  dfp::Number number;
  number.negative = OneIn(2);
  constexpr dfp::Shape kShape = F::kShape;
  const int digits = static_cast<int>(OneIn(3) ? kShape.precision : Below(kShape.precision + 1));
  number.coefficient = dfp::NumberOfDeclets(raw, F::kDeclets) % dfp::Power(kShape.precision);
  number.coefficient = number.coefficient * 10 + Next() % 10;
  number.coefficient %= dfp::Power(digits);
  switch (Below(8)) {
    case 0:  // zeros on the right
      number.coefficient -= number.coefficient % dfp::Power(static_cast<int>(Below(digits + 1)));
      break;
    case 1:  // nines, or halves
      if (digits > 0) number.coefficient = dfp::Power(digits) - 1;
      break;
    case 2:
      if (digits > 0) number.coefficient = 5 * dfp::Power(digits - 1);
      break;
    case 3:
      number.coefficient = Below(20);
      break;
    default:
      break;
  }
  if (OneIn(12)) {
    number.kind = static_cast<dfp::Kind>(1 + Below(3));
    if (OneIn(2)) number.coefficient = 0;
    return dfp::Pack<F>(number);
  }
  const int range = kShape.highest() - kShape.lowest() + 1;
  switch (Below(8)) {
    case 0:
      number.exponent = kShape.lowest() + static_cast<int>(Below(40));
      break;
    case 1:
      number.exponent = kShape.highest() - static_cast<int>(Below(40));
      break;
    case 2:
      number.exponent = kShape.lowest() + static_cast<int>(Below(range));
      break;
    case 3:
      number.exponent = -static_cast<int>(Below(40));
      break;
    case 4:  // where the formats that are shorter end
      number.exponent =
          (OneIn(2) ? 1 : -1) * ((OneIn(2) ? 384 : 96) - 20 + static_cast<int>(Below(40)));
      break;
    case 5:  // halves of the range: products and quotients end at its ends
      number.exponent =
          (OneIn(2) ? 1 : -1) * (kShape.max_exponent / 2 - 20 + static_cast<int>(Below(60)));
      break;
    default:
      number.exponent = exponent_ + static_cast<int>(Below(90)) - 45;
      break;
  }
  number.exponent = std::clamp(number.exponent, kShape.lowest(), kShape.highest());
  exponent_ = number.exponent;
  return dfp::Pack<F>(number);
}

uint64_t RandomStates::Function() {
  // Mostly two formats of different radix.
  constexpr uint64_t kFormats[] = {0, 1, 2, 5, 6, 7, 8, 9, 10};
  const uint64_t source = Below(9);
  const uint64_t target = OneIn(12) ? Below(9) : (source / 3 * 3 + 3 + Below(6)) % 9;
  uint64_t formats = kFormats[target] << 16 | kFormats[source] << 8;
  if (OneIn(20)) formats ^= (1 + Below(255)) << (OneIn(2) ? 8 : 16);
  constexpr uint64_t kMethods[] = {0, 1, 8, 9, 10, 11, 12, 13, 14, 15};
  const uint64_t method = OneIn(20) ? Below(16) : kMethods[Below(10)];
  const uint64_t controls = OneIn(2) ? 0 : Below(16);
  return (Next() & 0xffffffff00000000) | uint64_t{OneIn(10)} << 31 |
         (OneIn(20) ? Below(128) : 1) << 24 | formats | controls << 4 | method;
}

uint64_t RandomStates::GeneralRegister(const TableRow& row) {
  const std::string_view name = row.mnemonic;
  if (name == "IEDTR" || name == "IEXTR") {
    if (OneIn(3)) return static_cast<uint64_t>(static_cast<int64_t>(Below(8)) - 5);
    if (OneIn(8)) return Next();
    return Below(name == "IEDTR" ? 800 : 13000);
  }
  if (name == "RRDTR" || name == "RRXTR")
    return (Next() & ~uint64_t{0x3f}) | Below(OneIn(8) ? 64 : 36);
  if (name == "CDSTR" || name == "CXSTR" || name == "CDUTR" || name == "CXUTR") {
    uint64_t digits = 0;
    for (int i = 0; i < 16; ++i) digits = digits << 4 | Below(10);
    digits >>= 4 * Below(16);
    if (name[2] == 'S' || OneIn(8)) digits = (digits & ~uint64_t{15}) | (10 + Below(6));
    if (OneIn(20)) digits |= uint64_t{15} << 4 * Below(16);
    return digits;
  }
  switch (Below(6)) {
    case 0:
      return Below(100);
    case 1:
      return ~Below(100);
    case 2:
      return uint64_t{1} << Below(64);
    case 3:
      return (uint64_t{1} << Below(64)) - 1;
    case 4:
      return Next() >> Below(64);
    default:
      return Next();
  }
}

void RandomStates::Registers(const TableRow& row, CpuState& cpu) {
  for (auto& gpr : cpu.gpr) gpr = GeneralRegister(row);
  const bool is_pfpo = std::string_view(row.mnemonic) == "PFPO";
  if (is_pfpo) cpu.gpr[0] = Function();
  for (size_t r = 0; r < 16; ++r) cpu.vr[r] = {Next(), 0};
  // What the row's operands are, if it tells: X extended, E short, otherwise long.
  const std::string_view name = row.mnemonic;
  const bool is_extended = name.find('X') != std::string_view::npos;
  const bool both = name == "LXDTR" || name == "LDETR" || is_pfpo;
  const bool is_short = name == "LDETR" || name == "TDCET" || name == "TDGET";
  for (size_t r = 0; r < 16; ++r) {
    if ((is_short && !OneIn(8)) || (both && OneIn(3))) {
      cpu.vr[r].high = uint64_t{DecimalNumber<dfp::Short>()} << 32 | (Next() & 0xffffffff);
    } else if (is_extended && name != "LXDTR" && (r & 2) == 0) {
      const auto bits = DecimalNumber<dfp::Extended>();
      cpu.vr[r].high = static_cast<uint64_t>(bits >> 64);
      cpu.vr[r + 2].high = static_cast<uint64_t>(bits);
    } else if (!is_extended || name == "LXDTR") {
      cpu.vr[r].high = DecimalNumber<dfp::Long>();
    }
  }
  if (is_pfpo && OneIn(2)) {
    // Anything, some near zero and some with many ones in the exponent.
    const uint64_t left = Next();
    cpu.vr[4].high = OneIn(3)   ? left
                     : OneIn(2) ? left >> (1 + Below(12))
                                : left | 0x3f00000000000000;
    cpu.vr[6].high = OneIn(2) ? Next() : 0;
  } else if (is_pfpo && OneIn(2)) {
    const auto bits = DecimalNumber<dfp::Extended>();
    cpu.vr[4].high = static_cast<uint64_t>(bits >> 64);
    cpu.vr[6].high = static_cast<uint64_t>(bits);
  }
  constexpr uint32_t kModes = 0x73;
  cpu.fpc = static_cast<uint32_t>(Next()) & kModes;
  if (OneIn(2)) cpu.fpc |= static_cast<uint32_t>(Next()) & 0xfc000000;
  if (OneIn(4)) cpu.fpc |= static_cast<uint32_t>(Next()) & 0x00fcff00;
}

uint8_t RandomStates::OperandByte() {
  if (OneIn(60)) return static_cast<uint8_t>(Next());
  const uint64_t digit = Below(10);
  const uint64_t zone = OneIn(2) ? Below(10) : OneIn(30) ? Below(16) : 10 + Below(6);
  return static_cast<uint8_t>(zone << 4 | digit);
}

}  // namespace hypervisor
