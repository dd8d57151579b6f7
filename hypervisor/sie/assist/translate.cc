// TRANSLATE, TRANSLATE AND TEST and TRANSLATE AND TEST REVERSE.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

// The 256 function bytes at the second-operand address. Only those that are needed are accessed: a
// table that crosses a page is found when one of its bytes is first asked for.
class FunctionBytes {
 public:
  FunctionBytes(GuestCpu& cpu, const Insn& insn)
      : cpu_(cpu),
        space_(Space::ByPsw(insn.b2)),
        address_(cpu.EffectiveAddress(0, insn.b2, insn.d2)),
        first_length_(static_cast<uint32_t>(std::min<uint64_t>(256, ToPageEnd(address_)))) {}

  // The function byte of `argument`; 0 and stopped if there is none.
  uint8_t Of(uint8_t argument) {
    const uint8_t*& part = argument < first_length_ ? first_ : second_;
    const uint32_t offset = argument < first_length_ ? argument : argument - first_length_;
    if (!part) {
      OperandBytes bytes;
      const bool first = argument < first_length_;
      if (!cpu_.Find(first ? address_ : cpu_.Wrap(address_ + first_length_),
                     first ? first_length_ : 256 - first_length_, Access::kFetch, space_, bytes)) {
        return 0;
      }
      part = bytes.first;
    }
    return part[offset];
  }

 private:
  GuestCpu& cpu_;
  Space space_;
  uint64_t address_;
  uint32_t first_length_;
  const uint8_t* first_ = nullptr;
  const uint8_t* second_ = nullptr;
};

// GR1 names the argument byte, GR2 its function byte.
void Found(GuestCpu& cpu, uint64_t address, uint8_t function, bool last) {
  if (In64BitMode(cpu)) {
    cpu.set_gpr(1, address);
  } else if (cpu.psw_mask() & Psw::kBasicAddressing) {
    cpu.set_gpr_low(1, static_cast<uint32_t>(address));
  } else {
    cpu.set_gpr_low(1, (cpu.gpr_low(1) & 0xff000000) | static_cast<uint32_t>(address));
  }
  cpu.set_gpr_low(2, (cpu.gpr_low(2) & 0xffffff00) | function);
  cpu.set_cc(last ? 2 : 1);
}

// The operand's bytes in the order they are tested; what lies on a second page is accessed only if
// the first has no byte that ends the instruction.
void TestBytes(GuestCpu& cpu, const Insn& insn, bool reverse) {
  const uint64_t start = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  const Space space = Space::ByPsw(insn.b1);
  FunctionBytes table(cpu, insn);
  uint32_t left = insn.l1 + 1u;
  for (uint64_t address = start; left != 0;) {
    const uint64_t to_end = reverse ? (address & kPageMask) + 1 : ToPageEnd(address);
    const uint32_t length = std::min<uint32_t>(left, static_cast<uint32_t>(to_end));
    OperandBytes bytes;
    if (!cpu.Find(reverse ? cpu.Wrap(address - (length - 1)) : address, length, Access::kFetch,
                  space, bytes)) {
      return;
    }
    for (uint32_t at = 0; at < length; ++at) {
      const uint8_t function = table.Of(bytes[reverse ? length - 1 - at : at]);
      if (cpu.Stopped()) return;
      if (!function) continue;
      return Found(cpu, cpu.Wrap(reverse ? address - at : address + at), function, at + 1 == left);
    }
    address = cpu.Wrap(reverse ? address - length : address + length);
    left -= length;
  }
  cpu.set_cc(0);
}

}  // namespace

void Translate(GuestCpu& cpu, const Insn& insn) {
  FunctionBytes table(cpu, insn);
  OperandBytes operand;
  if (!cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), insn.l1 + 1u, Access::kStore,
                Space::ByPsw(insn.b1), operand)) {
    return;
  }
  // Every part of the table that is needed is found before a byte changes.
  for (uint32_t at = 0; at < operand.length; ++at) table.Of(operand[at]);
  if (cpu.Stopped()) return;
  for (uint32_t at = 0; at < operand.length; ++at) {
    const uint8_t function = table.Of(operand[at]);
    if (cpu.Stopped()) return;
    operand[at] = function;
  }
}

void TranslateAndTest(GuestCpu& cpu, const Insn& insn) {
  TestBytes(cpu, insn, false);
}

// From the first-operand address, that of its rightmost byte, to the left.
void TranslateAndTestReverse(GuestCpu& cpu, const Insn& insn) {
  TestBytes(cpu, insn, true);
}

}  // namespace hypervisor::assist
