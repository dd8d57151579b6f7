#include "hypervisor/isa/decode.h"

#include <array>
#include <cstddef>

#include "hypervisor/isa/table.h"

namespace hypervisor {
namespace {

// For each first byte: where the rest of the opcode stands, and the row for each value of that
// rest.
class DecodeTree {
 public:
  DecodeTree() {
    for (First& first : first_) first.rows.fill(kInvalidRow);
    const auto table = Table();
    for (RowIndex row = 0; row < table.size(); ++row) Insert(table[row], row);
  }

  RowIndex Find(uint64_t text) const {
    const First& first = first_[text >> 56];
    return first.rows[Rest(first.layout, text)];
  }

 private:
  struct First {
    OpcodeLayout layout = OpcodeLayout::kByte;
    std::array<RowIndex, 256> rows;
  };

  static size_t Rest(OpcodeLayout layout, uint64_t text) {
    switch (layout) {
      case OpcodeLayout::kByte:
        return 0;
      case OpcodeLayout::kTwoBytes:
        return text >> 48 & 0xff;
      case OpcodeLayout::kNibble:
        return text >> 48 & 0xf;
      case OpcodeLayout::kLastByte:
        return text >> 16 & 0xff;
    }
    return 0;
  }

  void Insert(const TableRow& row, RowIndex index) {
    const OpcodeLayout layout = ShapeOf(row.format).layout;
    int shift = 8;
    if (layout == OpcodeLayout::kByte) shift = 0;
    if (layout == OpcodeLayout::kNibble) shift = 4;
    First& first = first_[row.opcode >> shift & 0xff];
    first.layout = layout;
    first.rows[row.opcode & ((1u << shift) - 1)] = index;
  }

  std::array<First, 256> first_;
};

}  // namespace

void Decode(uint64_t text, Insn& insn) {
  static const DecodeTree tree;
  insn = Insn{};
  insn.text = text;
  insn.length = InsnLength(static_cast<uint8_t>(text >> 56));
  insn.row = tree.Find(text);
  if (insn.row != kInvalidRow) ExtractFields(Table()[insn.row].format, insn);
}

}  // namespace hypervisor
