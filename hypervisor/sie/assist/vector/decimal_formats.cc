// VECTOR LOAD and STORE RIGHTMOST WITH LENGTH, PACK and UNPACK ZONED, LOAD IMMEDIATE DECIMAL,
// CONVERT TO BINARY and TO DECIMAL, PERFORM SIGN OPERATION DECIMAL, TEST DECIMAL.
#include <algorithm>
#include <type_traits>

#include "hypervisor/sie/assist/vector/decimal.h"

namespace hypervisor::assist {
namespace {

constexpr uint32_t kVectorSize = 16;
constexpr int kSetCc = 1;

// Bytes of a storage operand at the right end of V1.
void LoadRightmost(GuestCpu& cpu, const Insn& insn, uint32_t length) {
  Elements<uint8_t> bytes{};
  if (cpu.LoadBytes(cpu.EffectiveAddress(0, insn.b2, insn.d2), &bytes[kVectorSize - length], length,
                    Space::ByPsw(insn.b2))) {
    WriteVector<uint8_t>(cpu, insn.r1, bytes);
  }
}
void StoreRightmost(GuestCpu& cpu, const Insn& insn, uint32_t length) {
  const auto bytes = ReadVector<uint8_t>(cpu, insn.r1);
  cpu.StoreBytes(cpu.EffectiveAddress(0, insn.b2, insn.d2), &bytes[kVectorSize - length], length,
                 Space::ByPsw(insn.b2));
}

// A length that is one more than I3, if that is at most `last`.
template <typename F>
void WithImmediateLength(GuestCpu& cpu, const Insn& insn, uint32_t last, F f) {
  if (!AllowVector(cpu)) return;
  if (insn.i3 > last) return cpu.Interrupt(PgmCode::kSpecification);
  f(cpu, insn, insn.i3 + 1u);
}

uint32_t RegisterLength(const GuestCpu& cpu, const Insn& insn) {
  return std::min(cpu.gpr_low(insn.r3), kVectorSize - 1) + 1;
}

// Digit 0 is the rightmost one, beside the sign.
uint8_t DigitOf(const Elements<uint8_t>& packed, uint32_t number) {
  const uint8_t byte = packed[15 - (number + 1) / 2];
  return number % 2 == 0 ? byte >> 4 : byte & 0xf;
}
void SetDigit(Elements<uint8_t>& packed, uint32_t number, uint8_t digit) {
  uint8_t& byte = packed[15 - (number + 1) / 2];
  byte = static_cast<uint8_t>(byte | (number % 2 == 0 ? digit << 4 : digit));
}

bool AllDigitsValid(const Elements<uint8_t>& packed) {
  for (uint32_t i = 0; i < kVectorDigits; ++i) {
    if (DigitOf(packed, i) > 9) return false;
  }
  return true;
}

// Modifiers of the conversions. A positive sign code of the second or first operand is forced by
// different bits.
constexpr int kForceSecond = 8;    // CONVERT TO BINARY
constexpr int kLogical = 2;        // CONVERT TO BINARY
constexpr int kLogicalSource = 8;  // CONVERT TO DECIMAL
constexpr int kForceFirst = 2;     // CONVERT TO DECIMAL

// R1 gets the rightmost bits of the number. CC 3 if it has more; a number without sign ignores that
// of the second operand.
template <typename T>
void ConvertToBinary(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  constexpr int kIgnoreOverflow = 8;
  const bool ignores_overflow = (insn.m4 & kIgnoreOverflow) != 0 &&
                                cpu.facilities().Has(Facility::kVectorPackedDecimalEnhancement1);
  const bool logical = (insn.m3 & kLogical) != 0;
  const Packed number = ReadPackedVector(cpu, insn.r2, (insn.m3 & kForceSecond) != 0);
  if (!AllPackedValid(cpu, number)) return;
  const bool negative = number.negative && !logical;
  const Magnitude limit =
      logical ? Magnitude{1} << kBits<T> : (Magnitude{1} << (kBits<T> - 1)) + (negative ? 1 : 0);
  const bool overflow = number.magnitude >= limit;
  const T magnitude = static_cast<T>(number.magnitude);
  const T binary = negative ? T{0} - magnitude : magnitude;
  if constexpr (sizeof(T) == 4) {
    cpu.set_gpr_low(insn.r1, binary);
  } else {
    cpu.set_gpr(insn.r1, binary);
  }
  if (insn.m3 & kSetCc) cpu.set_cc(overflow ? 3 : 0);
  cpu.FixedPointOverflowIf(overflow && !ignores_overflow);
}

// CC 3 if R2 has more digits than V1 is to get.
template <typename T>
void ConvertToDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const ResultControl control(insn.i3);
  if (!control.IsPermitted(cpu, /*needs_digits=*/true)) return;
  const T binary = static_cast<T>(cpu.gpr(insn.r2));
  const bool negative = !(insn.m4 & kLogicalSource) && static_cast<Signed<T>>(binary) < 0;
  const Magnitude magnitude = negative ? T{0} - binary : binary;
  const Magnitude limit = kPowersOfTen[control.digits()];
  WritePackedVector(cpu, insn.r1, magnitude % limit,
                    insn.m4 & kForceFirst ? kForcedPlus
                    : negative            ? kMinus
                                          : kPlus);
  const bool overflow = magnitude >= limit;
  if (insn.m4 & kSetCc) cpu.set_cc(overflow ? 3 : 0);
  DecimalOverflow(cpu, overflow, control);
}

}  // namespace

void VectorLoadRightmostWithLength(GuestCpu& cpu, const Insn& insn) {
  WithImmediateLength(cpu, insn, kVectorSize - 1, LoadRightmost);
}
void VectorStoreRightmostWithLength(GuestCpu& cpu, const Insn& insn) {
  WithImmediateLength(cpu, insn, kVectorSize - 1, StoreRightmost);
}
void VectorLoadRightmostWithLengthRegister(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu)) LoadRightmost(cpu, insn, RegisterLength(cpu, insn));
}
void VectorStoreRightmostWithLengthRegister(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu)) StoreRightmost(cpu, insn, RegisterLength(cpu, insn));
}

// The zone of the last character is the sign; nothing is tested.
void VectorPackZoned(GuestCpu& cpu, const Insn& insn) {
  WithImmediateLength(cpu, insn, kVectorDigits - 1, [](GuestCpu& of, const Insn& by, uint32_t n) {
    std::array<uint8_t, kVectorDigits> zoned{};
    if (!of.LoadBytes(of.EffectiveAddress(0, by.b2, by.d2), zoned.data(), n, Space::ByPsw(by.b2)))
      return;
    Elements<uint8_t> packed{};
    for (uint32_t i = 0; i < n; ++i) SetDigit(packed, i, zoned[n - 1 - i] & 0xf);
    packed[15] = static_cast<uint8_t>(packed[15] | zoned[n - 1] >> 4);
    WriteVector<uint8_t>(of, by.r1, packed);
  });
}
void VectorUnpackZoned(GuestCpu& cpu, const Insn& insn) {
  WithImmediateLength(cpu, insn, kVectorDigits - 1, [](GuestCpu& of, const Insn& by, uint32_t n) {
    const auto packed = ReadVector<uint8_t>(of, by.r1);
    std::array<uint8_t, kVectorDigits> zoned{};
    for (uint32_t i = 0; i < n; ++i)
      zoned[n - 1 - i] = static_cast<uint8_t>(0xf0 | DigitOf(packed, i));
    zoned[n - 1] = static_cast<uint8_t>(packed[15] << 4 | (zoned[n - 1] & 0xf));
    of.StoreBytes(of.EffectiveAddress(0, by.b2, by.d2), zoned.data(), n, Space::ByPsw(by.b2));
  });
}

// Four digits of I2, moved to the left by bits 1-3 of I3; bit 0 is the sign.
void VectorLoadImmediateDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  Elements<uint8_t> packed{};
  for (uint32_t i = 0; i < 4; ++i) {
    const auto digit = static_cast<uint8_t>(insn.i2 >> 4 * i & 0xf);
    if (digit > 9) return cpu.InterruptData(kDxcDecimalOperand);
    SetDigit(packed, i + (insn.i3 & 7), digit);
  }
  packed[15] = static_cast<uint8_t>(packed[15] | (insn.i3 & 8 ? kMinus : kPlus));
  WriteVector<uint8_t>(cpu, insn.r1, packed);
}

void VectorConvertToBinary32(GuestCpu& cpu, const Insn& insn) {
  ConvertToBinary<uint32_t>(cpu, insn);
}
void VectorConvertToBinary64(GuestCpu& cpu, const Insn& insn) {
  ConvertToBinary<uint64_t>(cpu, insn);
}
void VectorConvertToDecimal32(GuestCpu& cpu, const Insn& insn) {
  ConvertToDecimal<uint32_t>(cpu, insn);
}
void VectorConvertToDecimal64(GuestCpu& cpu, const Insn& insn) {
  ConvertToDecimal<uint64_t>(cpu, insn);
}

// I4 says what happens to the sign and what is tested. Bits 0 (no validation) and 1 (a zero may be
// negative) came with vector-packed-decimal enhancement 1.
void VectorPerformSignOperationDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const ResultControl control(insn.i3);
  if (!control.IsPermitted(cpu, /*needs_digits=*/true)) return;
  const bool enhanced = cpu.facilities().Has(Facility::kVectorPackedDecimalEnhancement1);
  const bool validates = !(enhanced && (insn.i4 & 0x80) != 0);
  const bool zero_may_be_negative = enhanced && (insn.i4 & 0x40) != 0;
  enum { kMaintain, kComplement, kForcePositive, kForceNegative };
  const int operation = insn.i4 >> 2 & 3;
  const uint8_t plus = insn.i4 & 2 ? kForcedPlus : kPlus;

  auto packed = ReadVector<uint8_t>(cpu, insn.r2);
  const uint8_t sign = packed[15] & 0xf;
  const bool tests_sign = operation == kMaintain     ? validates
                          : operation == kComplement ? true
                                                     : (insn.i4 & 1) != 0;
  if ((validates && !AllDigitsValid(packed)) || (tests_sign && !IsSignCode(sign)))
    return cpu.InterruptData(kDxcDecimalOperand);

  bool overflow = false;
  bool is_zero = true;
  Elements<uint8_t> result{};
  for (uint32_t i = 0; i < kVectorDigits; ++i) {
    const uint8_t digit = DigitOf(packed, i);
    if (i < static_cast<uint32_t>(control.digits())) {
      SetDigit(result, i, digit);
      is_zero &= digit == 0;
    } else {
      overflow |= digit != 0;
    }
  }
  bool negative = operation == kMaintain     ? IsNegativeSign(sign)
                  : operation == kComplement ? !IsNegativeSign(sign)
                                             : operation == kForceNegative;
  if (is_zero && !zero_may_be_negative) negative = false;
  const bool keeps_code = operation == kMaintain && !IsSignCode(sign);
  result[15] = static_cast<uint8_t>(result[15] | (keeps_code ? sign : negative ? kMinus : plus));
  WriteVector<uint8_t>(cpu, insn.r1, result);
  if (insn.m5 & kSetCc) cpu.set_cc(overflow ? 3 : is_zero ? 0 : negative ? 1 : 2);
  DecimalOverflow(cpu, overflow, control);
}

// CC: 1 the sign, 2 a digit, 3 both are invalid.
void VectorTestDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const auto packed = ReadVector<uint8_t>(cpu, insn.r1);
  cpu.set_cc(static_cast<uint8_t>((AllDigitsValid(packed) ? 0 : 2) |
                                  (IsSignCode(packed[15] & 0xf) ? 0 : 1)));
}

}  // namespace hypervisor::assist
