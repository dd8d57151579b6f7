// Any bytes as an instruction: what the decoder says of them must agree with itself, and the
// disassembler must find words for them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/disassemble.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/isa/opcode_text.h"

namespace {

using namespace hypervisor;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool SameFields(const Insn& a, const Insn& b) {
  return a.r1 == b.r1 && a.r2 == b.r2 && a.r3 == b.r3 && a.r4 == b.r4 && a.x2 == b.x2 &&
         a.b1 == b.b1 && a.b2 == b.b2 && a.m3 == b.m3 && a.m4 == b.m4 && a.m5 == b.m5 &&
         a.m6 == b.m6 && a.l1 == b.l1 && a.l2 == b.l2 && a.i3 == b.i3 && a.i4 == b.i4 &&
         a.i5 == b.i5 && a.d1 == b.d1 && a.d2 == b.d2 && a.i2 == b.i2 && a.ri4 == b.ri4;
}

// Yields the instruction's length.
size_t Check(uint64_t text, uint64_t address) {
  Insn insn;
  Decode(text, insn);
  Require(insn.text == text);
  Require(insn.length == InsnLength(static_cast<uint8_t>(text >> 56)));
  const std::string words = Disassemble(text, address);
  Require(!words.empty() && words.size() < 128);
  Require(words.find('\0') == std::string::npos);

  // Bytes behind the instruction mean nothing.
  const uint64_t own = ~uint64_t{0} << (64 - 8 * insn.length);
  Insn again;
  Decode(text & own, again);
  Require(again.row == insn.row && SameFields(again, insn));
  Require(Disassemble(text & own, address) == words);
  if (insn.row == kInvalidRow) return insn.length;

  Require(insn.row < Table().size());
  const TableRow& row = Table()[insn.row];
  Require(ShapeOf(row.format).length == insn.length);
  Require(WithOpcode(row, text) == text);
  const uint64_t first_byte = text >> 56;
  const int registers = first_byte == 0xe6 || first_byte == 0xe7 ? 32 : 16;  // of vectors, or not
  Require(insn.r1 < registers && insn.r2 < registers && insn.r3 < registers);
  Require(insn.r4 < registers && insn.x2 < 16);
  Require(insn.b1 < 16 && insn.b2 < 16 && insn.m3 < 16 && insn.m4 < 16);
  Require(insn.d1 >= -0x80000 && insn.d1 < 0x80000);
  Require(insn.d2 >= -0x80000 && insn.d2 < 0x80000);
  return insn.length;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (size_t at = 0; at < size;) {
    uint64_t text = 0;
    for (size_t i = 0; i < 8; ++i) text = text << 8 | (at + i < size ? data[at + i] : 0);
    at += Check(text, uint64_t{at} << (size & 63));
  }
  return 0;
}
