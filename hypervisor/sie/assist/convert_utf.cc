// CONVERT UTF-8 TO UTF-16 and the five others between the three forms.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/register_pair.h"
#include "hypervisor/sie/assist/unicode_forms.h"

namespace hypervisor::assist {
namespace {

constexpr uint32_t kWindow = 256;

// Converts one unit: characters that lie within a page of the source, or one that crosses its end.
// False when the instruction is over; its condition code is set unless it was stopped.
template <typename From, typename To>
bool ConvertUnit(GuestCpu& cpu, RegisterPair& to, RegisterPair& from, bool strict) {
  uint8_t source[kWindow];
  uint8_t result[kWindow * 4];
  uint64_t window = std::min({from.length(), uint64_t{kWindow}, ToPageEnd(from.address())});
  if (window != 0 &&
      !cpu.LoadBytes(from.address(), source, static_cast<uint32_t>(window), from.space())) {
    return false;
  }
  Decoded next = From::Decode(source, window, strict);
  if (next.kind == Decoded::Kind::kIncomplete && next.length <= from.length()) {
    window = next.length;
    if (!cpu.LoadBytes(from.address(), source, next.length, from.space())) return false;
    next = From::Decode(source, window, strict);
  }
  uint32_t read = 0;
  uint32_t written = 0;
  int cc = -1;
  while (cc < 0) {
    if (next.kind == Decoded::Kind::kInvalid) {
      cc = 2;
    } else if (next.kind == Decoded::Kind::kIncomplete) {
      if (from.length() - read < next.length) cc = 0;
      break;  // or the next window has it all
    } else {
      const uint32_t length = To::Encode(next.character, result + written);
      if (to.length() - written < length) {
        cc = 1;
      } else {
        written += length;
        read += next.length;
        next = From::Decode(source + read, window - read, strict);
      }
    }
  }
  if (written != 0 && !cpu.StoreBytes(to.address(), result, written, to.space())) return false;
  to.Advance(written);
  from.Advance(read);
  to.Commit();
  from.Commit();
  if (cc >= 0) cpu.set_cc(static_cast<uint8_t>(cc));
  return cc < 0;
}

// M3 bit 3 asks for well-formedness (ETF3-enhancement facility).
template <typename From, typename To>
void Convert(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r2)) return;
  RegisterPair to(cpu, insn.r1);
  RegisterPair from(cpu, insn.r2);
  const bool strict = cpu.facilities().Has(Facility::kEtf3Enhancement) && (insn.m3 & 1);
  for (int unit = 0; unit < kUnitsPerExecution; ++unit) {
    if (!ConvertUnit<From, To>(cpu, to, from, strict)) return;
  }
  cpu.set_cc(3);
}

}  // namespace

void ConvertUtf8ToUtf16(GuestCpu& cpu, const Insn& insn) {
  Convert<Utf8, Utf16>(cpu, insn);
}
void ConvertUtf8ToUtf32(GuestCpu& cpu, const Insn& insn) {
  Convert<Utf8, Utf32>(cpu, insn);
}
void ConvertUtf16ToUtf8(GuestCpu& cpu, const Insn& insn) {
  Convert<Utf16, Utf8>(cpu, insn);
}
void ConvertUtf16ToUtf32(GuestCpu& cpu, const Insn& insn) {
  Convert<Utf16, Utf32>(cpu, insn);
}
void ConvertUtf32ToUtf8(GuestCpu& cpu, const Insn& insn) {
  Convert<Utf32, Utf8>(cpu, insn);
}
void ConvertUtf32ToUtf16(GuestCpu& cpu, const Insn& insn) {
  Convert<Utf32, Utf16>(cpu, insn);
}

}  // namespace hypervisor::assist
