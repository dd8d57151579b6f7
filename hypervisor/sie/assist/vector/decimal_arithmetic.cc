// VECTOR ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, SHIFT AND ROUND, COMPARE DECIMAL.
#include <algorithm>

#include "hypervisor/sie/assist/vector/decimal.h"

namespace hypervisor::assist {
namespace {

// M5 of the arithmetic instructions: whose sign codes count as plus, and whether there is a
// condition code.
constexpr int kForceSecond = 8;
constexpr int kForceThird = 4;
constexpr int kForceResult = 2;
constexpr int kSetCc = 1;

// A result before it is bounded: its digits left of the rightmost 31 are lost already.
struct Result {
  Packed number;
  bool overflow = false;
};

// Puts the rightmost digits of a result in V1. What is zero then is positive. CC: 0 zero, 1 less
// than zero, 2 greater than zero, 3 overflow.
void Finish(GuestCpu& cpu, const Insn& insn, Result result, const ResultControl& control,
            int digits) {
  Packed& number = result.number;
  if (number.magnitude >= kPowersOfTen[digits]) {
    result.overflow = true;
    number.magnitude %= kPowersOfTen[digits];
  }
  const bool forced = (insn.m5 & kForceResult) != 0;
  const bool negative = number.negative && number.magnitude != 0 && !forced;
  WritePackedVector(cpu, insn.r1, number.magnitude,
                    forced     ? kForcedPlus
                    : negative ? kMinus
                               : kPlus);
  if (insn.m5 & kSetCc) {
    cpu.set_cc(result.overflow ? 3 : number.magnitude == 0 ? 0 : negative ? 1 : 2);
  }
  DecimalOverflow(cpu, result.overflow, control);
}

// V1 = operation(V2, V3), as many digits as I4 says.
template <typename Operation>
void Calculate(GuestCpu& cpu, const Insn& insn, Operation operation) {
  if (!AllowVector(cpu)) return;
  const ResultControl control(insn.i4);
  if (!control.IsPermitted(cpu, /*needs_digits=*/true)) return;
  const Packed a = ReadPackedVector(cpu, insn.r2, (insn.m5 & kForceSecond) != 0);
  const Packed b = ReadPackedVector(cpu, insn.r3, (insn.m5 & kForceThird) != 0);
  if (!AllPackedValid(cpu, a, b)) return;
  Result result;
  if (operation(a, b, result)) {
    Finish(cpu, insn, result, control, control.digits());
  } else {
    cpu.Interrupt(PgmCode::kDecimalDivide);
  }
}

// V1 = operation(V2, V3, digits to shift), all its digits.
template <typename Operation>
void CalculateShifted(GuestCpu& cpu, const Insn& insn, Operation operation) {
  if (!AllowVector(cpu)) return;
  const ResultControl control(insn.i4);
  if (!control.IsPermitted(cpu, /*needs_digits=*/false)) return;
  const Packed a = ReadPackedVector(cpu, insn.r2, (insn.m5 & kForceSecond) != 0);
  const Packed b = ReadPackedVector(cpu, insn.r3, (insn.m5 & kForceThird) != 0);
  if (!AllPackedValid(cpu, a, b)) return;
  Result result;
  if (operation(a, b, control.digits(), result)) {
    Finish(cpu, insn, result, control, kVectorDigits);
  } else {
    cpu.Interrupt(PgmCode::kDecimalDivide);
  }
}

// The product of two numbers of 31 digits: what is left of its rightmost 32 digits, and those.
struct Product {
  Magnitude left;
  Magnitude right;
};
Product Multiply(Magnitude a, Magnitude b) {
  constexpr Magnitude kHalf = kPowersOfTen[16];
  const Magnitude cross = (a / kHalf) * (b % kHalf) + (a % kHalf) * (b / kHalf);
  const Magnitude right = (a % kHalf) * (b % kHalf) + cross % kHalf * kHalf;
  return {(a / kHalf) * (b / kHalf) + cross / kHalf + right / kPowersOfTen[32],
          right % kPowersOfTen[32]};
}

// The sum, less its leftmost digit if that is the 32nd.
Result SumOf(const Packed& a, const Packed& b) {
  return {Sum(a, b), false};
}

}  // namespace

void VectorAddDecimal(GuestCpu& cpu, const Insn& insn) {
  Calculate(cpu, insn, [](const Packed& a, const Packed& b, Result& result) {
    result = SumOf(a, b);
    return true;
  });
}

void VectorSubtractDecimal(GuestCpu& cpu, const Insn& insn) {
  Calculate(cpu, insn, [](const Packed& a, Packed b, Result& result) {
    b.negative = !b.negative;
    result = SumOf(a, b);
    return true;
  });
}

void VectorMultiplyDecimal(GuestCpu& cpu, const Insn& insn) {
  Calculate(cpu, insn, [](const Packed& a, const Packed& b, Result& result) {
    const Product product = Multiply(a.magnitude, b.magnitude);
    result = {{product.right, a.negative != b.negative}, product.left != 0};
    return true;
  });
}

// The product loses digits on the right.
void VectorMultiplyAndShiftDecimal(GuestCpu& cpu, const Insn& insn) {
  CalculateShifted(cpu, insn, [](const Packed& a, const Packed& b, int right, Result& result) {
    const Product product = Multiply(a.magnitude, b.magnitude);
    result.number.negative = a.negative != b.negative;
    result.number.magnitude = product.right / kPowersOfTen[right];
    result.overflow = product.left >= kPowersOfTen[std::max(right - 1, 0)];
    if (right == 0) {
      result.overflow = product.left != 0;
    } else {
      result.number.magnitude += product.left % kPowersOfTen[right - 1] * kPowersOfTen[32 - right];
    }
    return true;
  });
}

void VectorDivideDecimal(GuestCpu& cpu, const Insn& insn) {
  Calculate(cpu, insn, [](const Packed& a, const Packed& b, Result& result) {
    if (b.magnitude == 0) return false;
    result.number = {a.magnitude / b.magnitude, a.negative != b.negative};
    return true;
  });
}

void VectorRemainderDecimal(GuestCpu& cpu, const Insn& insn) {
  Calculate(cpu, insn, [](const Packed& a, const Packed& b, Result& result) {
    if (b.magnitude == 0) return false;
    result.number = {a.magnitude % b.magnitude, a.negative};
    return true;
  });
}

// The dividend gets zeros on the right: one digit of the quotient each.
void VectorShiftAndDivideDecimal(GuestCpu& cpu, const Insn& insn) {
  CalculateShifted(cpu, insn, [](const Packed& a, const Packed& b, int left, Result& result) {
    if (b.magnitude == 0) return false;
    Magnitude quotient = a.magnitude / b.magnitude;
    Magnitude remainder = a.magnitude % b.magnitude;
    for (; left > 0; --left) {
      remainder *= 10;
      result.overflow |= quotient >= kPowersOfTen[kVectorDigits - 1];
      quotient = quotient % kPowersOfTen[kVectorDigits - 1] * 10 + remainder / b.magnitude;
      remainder %= b.magnitude;
    }
    result.number = {quotient, a.negative != b.negative};
    return true;
  });
}

// Bits 1-7 of I4: so many digits to the left, if negative to the right; then bit 0 asks for
// rounding.
void VectorShiftAndRoundDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const ResultControl control(insn.i3);
  if (!control.IsPermitted(cpu, /*needs_digits=*/true)) return;
  Packed number = ReadPackedVector(cpu, insn.r2, (insn.m5 & kForceSecond) != 0);
  if (!AllPackedValid(cpu, number)) return;
  const int left = (insn.i4 & 0x7f) - ((insn.i4 & 0x40) << 1);
  const bool rounds = (insn.i4 & 0x80) != 0;
  Result result{number};
  Magnitude& magnitude = result.number.magnitude;
  if (left < 0) {
    const int right = std::min(-left, kVectorDigits + 1);
    magnitude = (magnitude / kPowersOfTen[right - 1] + (rounds ? 5 : 0)) / 10;
  } else {
    const int kept = std::max(kVectorDigits - left, 0);
    result.overflow = magnitude >= kPowersOfTen[kept];
    magnitude = kept == 0 ? 0 : magnitude % kPowersOfTen[kept] * kPowersOfTen[left];
  }
  Finish(cpu, insn, result, control, control.digits());
}

// M3 says whose sign code counts as plus.
void VectorCompareDecimal(GuestCpu& cpu, const Insn& insn) {
  constexpr int kFirst = 8;
  constexpr int kSecond = 4;
  if (!AllowVector(cpu)) return;
  const Packed a = ReadPackedVector(cpu, insn.r1, (insn.m3 & kFirst) != 0);
  const Packed b = ReadPackedVector(cpu, insn.r2, (insn.m3 & kSecond) != 0);
  if (AllPackedValid(cpu, a, b)) cpu.set_cc(a.Compare(b));
}

}  // namespace hypervisor::assist
