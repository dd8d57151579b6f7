// CONVERT FROM and TO SIGNED BCD, UNSIGNED BCD and ZONED: between a coefficient and decimal digits
// in general registers or storage. No IEEE exceptions; an infinity or a NaN counts as the digits in
// its trailing significand.
#include "hypervisor/sie/assist/decimal/packed.h"
#include "hypervisor/sie/assist/dfp/instruction.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

using dfp::Extended;
using dfp::Long;
using dfp::Number;
using dfp::U128;

constexpr uint8_t kDecimalOperand = 0;  // the data-exception code

// One general register, or an even-odd pair for an extended number.
template <typename F>
bool AreGeneralRegisters(GuestCpu& cpu, int r) {
  return sizeof(typename F::Bits) == 8 || AllEven(cpu, r);
}

template <typename F, bool kSigned>
void FromBcd(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r1) || !AreGeneralRegisters<F>(cpu, insn.r2)) return;
  U128 digits = cpu.gpr(insn.r2);
  int count = 16;
  if constexpr (sizeof(typename F::Bits) == 16) {
    digits = digits << 64 | cpu.gpr(insn.r2 + 1);
    count = 32;
  }
  Number number;
  if constexpr (kSigned) {
    const auto sign = static_cast<uint8_t>(digits & 0xf);
    if (!IsSignCode(sign)) return cpu.InterruptData(kDecimalOperand);
    number.negative = IsNegativeSign(sign);
    digits >>= 4;
    --count;
  }
  for (int i = count; i-- > 0;) {
    const auto digit = static_cast<unsigned>(digits >> (4 * i)) & 0xf;
    if (digit > 9) return cpu.InterruptData(kDecimalOperand);
    number.coefficient = number.coefficient * 10 + digit;
  }
  WriteDfp<F>(cpu, insn.r1, number);
}

// Digits that there is no room for are lost. The rightmost bit of M4 selects the sign code of a
// number that is not negative.
template <typename F, bool kSigned>
void ToBcd(GuestCpu& cpu, const Insn& insn) {
  if (!DfpPermitted<F>(cpu, insn.r2) || !AreGeneralRegisters<F>(cpu, insn.r1)) return;
  const Number number = ReadDfp<F>(cpu, insn.r2);
  U128 digits = 0;
  U128 rest = number.coefficient;
  int place = 0;
  if constexpr (kSigned) {
    digits = number.negative ? 0xd : insn.m4 & 1 ? 0xf : 0xc;
    place = 4;
  }
  for (; place < 128 && rest != 0; place += 4) {
    digits |= rest % 10 << place;
    rest /= 10;
  }
  if constexpr (sizeof(typename F::Bits) == 16) {
    cpu.set_gpr(insn.r1, static_cast<uint64_t>(digits >> 64));
    cpu.set_gpr(insn.r1 + 1, static_cast<uint64_t>(digits));
  } else {
    cpu.set_gpr(insn.r1, static_cast<uint64_t>(digits));
  }
}

// The bits of M3 with zoned numbers.
constexpr uint8_t kSigned = 8;        // the rightmost zone is a sign
constexpr uint8_t kAsciiZone = 4;     // 3, otherwise F
constexpr uint8_t kPlusIsF = 2;       // otherwise C
constexpr uint8_t kPositiveZero = 1;  // whatever the number's sign

constexpr uint32_t kLongestZoned = 34;

// A digit for each digit of the format; false with a specification exception if there are more.
template <typename F>
bool FindLength(GuestCpu& cpu, const Insn& insn, uint32_t& length) {
  static_assert(F::kShape.precision <= kLongestZoned);
  length = insn.l2 + 1u;
  if (length <= F::kShape.precision) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

template <typename F>
void FromZoned(GuestCpu& cpu, const Insn& insn) {
  uint32_t length;
  if (!DfpPermitted<F>(cpu, insn.r1) || !FindLength<F>(cpu, insn, length)) return;
  uint8_t bytes[kLongestZoned];
  if (!cpu.LoadBytes(cpu.EffectiveAddress(0, insn.b2, insn.d2), bytes, length,
                     Space::ByPsw(insn.b2))) {
    return;
  }
  Number number;
  if (insn.m3 & kSigned) {
    const uint8_t sign = bytes[length - 1] >> 4;
    if (!IsSignCode(sign)) return cpu.InterruptData(kDecimalOperand);
    number.negative = IsNegativeSign(sign);
  }
  for (uint32_t i = 0; i < length; ++i) {
    const uint8_t digit = bytes[i] & 0xf;
    if (digit > 9) return cpu.InterruptData(kDecimalOperand);
    number.coefficient = number.coefficient * 10 + digit;
  }
  WriteDfp<F>(cpu, insn.r1, number);
}

// CC: that of the number; 3 if it is none, or if digits are lost.
template <typename F>
void ToZoned(GuestCpu& cpu, const Insn& insn) {
  uint32_t length;
  if (!DfpPermitted<F>(cpu, insn.r1) || !FindLength<F>(cpu, insn, length)) return;
  const Number number = ReadDfp<F>(cpu, insn.r1);
  const uint8_t zone = insn.m3 & kAsciiZone ? 0x30 : 0xf0;
  uint8_t bytes[kLongestZoned];
  U128 rest = number.coefficient;
  for (uint32_t i = length; i-- > 0;) {
    bytes[i] = static_cast<uint8_t>(zone | static_cast<uint8_t>(rest % 10));
    rest /= 10;
  }
  if (insn.m3 & kSigned) {
    const bool negative = number.negative && !(insn.m3 & kPositiveZero && number.IsZero());
    const uint8_t sign = negative ? 0xd0 : insn.m3 & kPlusIsF ? 0xf0 : 0xc0;
    bytes[length - 1] = static_cast<uint8_t>(sign | (bytes[length - 1] & 0xf));
  }
  if (!cpu.StoreBytes(cpu.EffectiveAddress(0, insn.b2, insn.d2), bytes, length,
                      Space::ByPsw(insn.b2))) {
    return;
  }
  cpu.set_cc(!number.IsFinite() || rest != 0 ? 3 : dfp::ClassCc(number));
}

}  // namespace

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }

INSTRUCTION(SignedBcdToDfpLong, FromBcd<Long, true>)
INSTRUCTION(SignedBcdToDfpExtended, FromBcd<Extended, true>)
INSTRUCTION(UnsignedBcdToDfpLong, FromBcd<Long, false>)
INSTRUCTION(UnsignedBcdToDfpExtended, FromBcd<Extended, false>)
INSTRUCTION(DfpLongToSignedBcd, ToBcd<Long, true>)
INSTRUCTION(DfpExtendedToSignedBcd, ToBcd<Extended, true>)
INSTRUCTION(DfpLongToUnsignedBcd, ToBcd<Long, false>)
INSTRUCTION(DfpExtendedToUnsignedBcd, ToBcd<Extended, false>)
INSTRUCTION(ZonedToDfpLong, FromZoned<Long>)
INSTRUCTION(ZonedToDfpExtended, FromZoned<Extended>)
INSTRUCTION(DfpLongToZoned, ToZoned<Long>)
INSTRUCTION(DfpExtendedToZoned, ToZoned<Extended>)

}  // namespace hypervisor::assist
