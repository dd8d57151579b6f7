// EDIT and EDIT AND MARK.
#include <optional>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/decimal/packed.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

constexpr uint8_t kDigitSelector = 0x20;
constexpr uint8_t kSignificanceStarter = 0x21;
constexpr uint8_t kFieldSeparator = 0x22;

struct Digit {
  uint8_t value = 0;
  bool before_plus = false;  // the rest of its byte is a plus sign
};

// The second operand, digit after digit. Sign codes are no digits: they are looked at with the
// digit to their left and then skipped.
class Source {
 public:
  Source(GuestCpu& cpu, const Insn& insn)
      : cpu_(cpu), ar_(insn.b2), address_(cpu.EffectiveAddress(0, insn.b2, insn.d2)) {}

  // False, and stopped, at an access or data exception.
  bool Next(Digit& digit) {
    if (right_pending_) {
      right_pending_ = false;
      digit = {right_, false};
      return true;
    }
    const auto byte = cpu_.Load<uint8_t>(address_, ar_);
    if (cpu_.Stopped()) return false;
    address_ = cpu_.Wrap(address_ + 1);
    const uint8_t low = byte & 0xf;
    if (byte >> 4 > 9) {
      cpu_.InterruptData(kDxcDecimalOperand);
      return false;
    }
    right_pending_ = !IsSignCode(low);
    right_ = low;
    digit = {static_cast<uint8_t>(byte >> 4), IsSignCode(low) && !IsNegativeSign(low)};
    return true;
  }

 private:
  GuestCpu& cpu_;
  int ar_;
  uint64_t address_;
  bool right_pending_ = false;
  uint8_t right_ = 0;
};

void EditPattern(GuestCpu& cpu, const Insn& insn, bool mark) {
  const uint64_t address = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  OperandBytes operand;
  if (!cpu.Find(address, insn.l1 + 1u, Access::kStore, Space::ByPsw(insn.b1), operand)) return;
  uint8_t pattern[256];
  operand.Read(pattern);
  const uint8_t fill = pattern[0];
  Source source(cpu, insn);
  bool significant = false;
  bool nonzero = false;  // in the last field
  std::optional<uint32_t> marked;
  for (uint32_t at = 0; at < operand.length; ++at) {
    const uint8_t byte = pattern[at];
    if (byte == kDigitSelector || byte == kSignificanceStarter) {
      Digit digit;
      if (!source.Next(digit)) return;
      if (digit.value != 0 && !significant) marked = at;
      if (digit.value != 0) nonzero = true;
      if (digit.value != 0 || significant) {
        significant = true;
        pattern[at] = static_cast<uint8_t>(0xf0 | digit.value);
      } else {
        significant = byte == kSignificanceStarter;
        pattern[at] = fill;
      }
      if (digit.before_plus) significant = false;
    } else if (byte == kFieldSeparator) {
      significant = false;
      nonzero = false;
      pattern[at] = fill;
    } else if (!significant) {
      pattern[at] = fill;
    }
  }
  operand.Write(pattern);
  cpu.set_cc(!nonzero ? 0 : significant ? 1 : 2);
  if (!mark || !marked) return;
  const uint64_t place = cpu.Wrap(address + *marked);
  if (In64BitMode(cpu)) {
    cpu.set_gpr(1, place);
  } else if (cpu.psw_mask() & Psw::kBasicAddressing) {
    cpu.set_gpr_low(1, static_cast<uint32_t>(place));
  } else {
    cpu.set_gpr_low(1, (cpu.gpr_low(1) & 0xff000000) | static_cast<uint32_t>(place));
  }
}

}  // namespace

void Edit(GuestCpu& cpu, const Insn& insn) {
  EditPattern(cpu, insn, false);
}

void EditAndMark(GuestCpu& cpu, const Insn& insn) {
  EditPattern(cpu, insn, true);
}

}  // namespace hypervisor::assist
