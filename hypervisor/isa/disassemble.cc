#include "hypervisor/isa/disassemble.h"

#include <cstdio>
#include <string_view>
#include <vector>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"

namespace hypervisor {
namespace {

struct Syntax {
  std::string_view operands;
  std::string_view mnemonics;
};

constexpr Syntax kSyntax[] = {
#define FORMAT_SYNTAX(format, operands)
#define SYNTAX(operands, mnemonics) {operands, mnemonics},
#include "hypervisor/isa/syntax.inc"
#undef SYNTAX
};

constexpr std::string_view OperandsOf(Format format) {
  switch (format) {
#define SYNTAX(operands, mnemonics)
#undef FORMAT_SYNTAX
#define FORMAT_SYNTAX(name, operands) \
  case Format::k##name:               \
    return operands;
#include "hypervisor/isa/syntax.inc"
#undef FORMAT_SYNTAX
#undef SYNTAX
  }
  return "";
}

// The operands of each row.
std::vector<std::string_view> SyntaxOfRows() {
  std::vector<std::string_view> rows;
  for (const TableRow& row : Table()) {
    const std::string wanted = " " + std::string(row.mnemonic) + " ";
    std::string_view operands = OperandsOf(row.format);
    for (const Syntax& syntax : kSyntax) {
      if (syntax.mnemonics.find(wanted) != std::string_view::npos) operands = syntax.operands;
    }
    rows.push_back(operands);
  }
  return rows;
}

// Bits of the immediate that a format has.
int ImmediateBits(Format format) {
  switch (format) {
    case Format::kRIL_a:
      return 32;
    case Format::kRI_a:
    case Format::kRIE_a:
    case Format::kRIE_g:
    case Format::kVRI_a:
    case Format::kVRI_c:
    case Format::kVRI_h:
    case Format::kSIL:
      return 16;
    default:
      return 8;
  }
}

class Writer {
 public:
  Writer(const Insn& insn, uint64_t address) : insn_(insn), address_(address) {}

  std::string Write(std::string_view operands) {
    while (!operands.empty()) {
      // A comma within parentheses separates no operands.
      size_t end = 0;
      for (int depth = 0; end < operands.size() && (depth > 0 || operands[end] != ','); ++end) {
        depth += operands[end] == '(' ? 1 : operands[end] == ')' ? -1 : 0;
      }
      Operand(operands.substr(0, end));
      operands.remove_prefix(end < operands.size() ? end + 1 : end);
    }
    return text_;
  }

 private:
  void Operand(std::string_view operand) {
    const bool optional = operand.ends_with('?');
    if (optional) operand.remove_suffix(1);
    const int number = operand.size() > 1 ? operand[1] - '0' : 0;
    std::string written;
    if (operand.starts_with("RI")) {
      written = Relative(operand == "RI2" ? insn_.i2 : insn_.ri4);
    } else if (operand.starts_with("D")) {
      written = Storage(operand, number);
    } else if (operand.starts_with("M") || operand.starts_with("I") || operand.starts_with("U")) {
      const int64_t value = Number(operand);
      if (optional && value == 0 && OptionalRestIsZero(operand)) return;
      written = std::to_string(value);
    } else if (optional && Register(number) == 0 && insn_.m4 == 0) {
      return;
    } else {
      written = RegisterName(operand[0], Register(number));
    }
    if (!text_.empty()) text_ += ',';
    text_ += written;
  }

  // M4 is the only operand that may follow an optional one, which is M3 or a register then.
  bool OptionalRestIsZero(std::string_view operand) const {
    return operand != "M3" || insn_.m4 == 0;
  }

  int Register(int number) const {
    return number == 1 ? insn_.r1 : number == 2 ? insn_.r2 : number == 3 ? insn_.r3 : insn_.r4;
  }
  static std::string RegisterName(char kind, int r) {
    return std::string("%") + static_cast<char>(kind == 'R' ? 'r' : kind - 'A' + 'a') +
           std::to_string(r);
  }

  int64_t Number(std::string_view operand) const {
    if (operand == "M1") return insn_.r1;
    if (operand == "M3") return insn_.m3;
    if (operand == "M4") return insn_.m4;
    if (operand == "M5") return insn_.m5;
    if (operand == "M6") return insn_.m6;
    if (operand == "I3") return insn_.i3;
    if (operand == "I4") return insn_.i4;
    if (operand == "I5") return insn_.i5;
    if (operand == "I2") return insn_.i2;
    const int bits = ImmediateBits(Table()[insn_.row].format);
    return static_cast<uint32_t>(insn_.i2) & (~uint64_t{0} >> (64 - bits));
  }

  std::string Relative(int64_t halfwords) const {
    char written[24];
    std::snprintf(written, sizeof(written), "0x%llx",
                  static_cast<unsigned long long>(address_ + static_cast<uint64_t>(halfwords * 2)));
    return written;
  }

  // D1(B1), D2(X2,B2), D1(L1,B1), D1(R1,B1), D2(V2,B2).
  std::string Storage(std::string_view operand, int number) const {
    const int base = number == 1 ? insn_.b1 : insn_.b2;
    std::string inside;
    const char kind = operand[3];
    if (kind == 'L') inside = std::to_string((number == 1 ? insn_.l1 : insn_.l2) + 1);
    if (kind == 'R') inside = RegisterName('R', insn_.r1);
    if (kind == 'V') inside = RegisterName('V', insn_.r2);
    if (kind == 'X' && insn_.x2 != 0) inside = RegisterName('R', insn_.x2);
    if (base != 0 || !inside.empty()) {
      if (!inside.empty()) inside += ',';
      inside += RegisterName('R', base);
    }
    const std::string displacement = std::to_string(number == 1 ? insn_.d1 : insn_.d2);
    return inside.empty() ? displacement : displacement + "(" + inside + ")";
  }

  const Insn& insn_;
  const uint64_t address_;
  std::string text_;
};

std::string Data(const Insn& insn) {
  char written[32];
  if (insn.length == 2) {
    std::snprintf(written, sizeof(written), ".short 0x%04x",
                  static_cast<unsigned>(insn.text >> 48));
  } else {
    std::snprintf(written, sizeof(written), ".long 0x%0*llx", insn.length * 2,
                  static_cast<unsigned long long>(insn.text >> (64 - 8 * insn.length)));
  }
  return written;
}

}  // namespace

std::string Disassemble(uint64_t text, uint64_t address) {
  static const std::vector<std::string_view> syntax = SyntaxOfRows();
  Insn insn;
  Decode(text, insn);
  if (insn.row == kInvalidRow) return Data(insn);
  std::string written;
  for (const char* c = Table()[insn.row].mnemonic; *c; ++c) {
    written += static_cast<char>(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
  }
  const std::string operands = Writer(insn, address).Write(syntax[insn.row]);
  return operands.empty() ? written : written + " " + operands;
}

}  // namespace hypervisor
