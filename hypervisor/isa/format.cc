#include "hypervisor/isa/format.h"

namespace hypervisor {
namespace {

constexpr uint64_t Unsigned(uint64_t text, int first, int width) {
  return text << first >> (64 - width);
}

constexpr int64_t Signed(uint64_t text, int first, int width) {
  return static_cast<int64_t>(text << first) >> (64 - width);
}

}  // namespace

void ExtractFields(Format format, Insn& insn) {
  const uint64_t text = insn.text;
#define U(field, first, width) \
  insn.field = static_cast<decltype(insn.field)>(Unsigned(text, first, width));
#define S(field, first, width) \
  insn.field = static_cast<decltype(insn.field)>(Signed(text, first, width));
#define V(field, first, extension) \
  insn.field = static_cast<uint8_t>(Unsigned(text, first, 4) | Unsigned(text, extension, 1) << 4);
#define D20(field, first)                                                \
  insn.field = static_cast<int32_t>(Signed(text, first + 12, 8) * 4096 + \
                                    static_cast<int64_t>(Unsigned(text, first, 12)));
  switch (format) {
#define FORMAT(name, length, layout, fields) \
  case Format::k##name:                      \
    fields break;
#include "hypervisor/isa/formats.inc"
#undef FORMAT
  }
#undef U
#undef S
#undef V
#undef D20
}

}  // namespace hypervisor
