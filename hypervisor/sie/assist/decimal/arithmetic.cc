// ADD, SUBTRACT, ZERO AND ADD, COMPARE, MULTIPLY, DIVIDE and SHIFT AND ROUND DECIMAL, TEST DECIMAL.
// Both operands are fetched whole before anything is stored, so they may overlap; an exception
// leaves storage as it is.
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/decimal/packed.h"

namespace hypervisor::assist {
namespace {

// The first operand of an instruction in format SS, to be replaced.
struct Result {
  OperandBytes bytes;
  Packed old;  // if it was asked for

  uint32_t length() const { return bytes.length; }
  void Store(const Packed& number) const {
    uint8_t text[kLongestPacked] = {};
    number.Write(text, length());
    bytes.Write(text);
  }
};

Packed ReadPacked(const OperandBytes& bytes) {
  uint8_t text[kLongestPacked] = {};
  bytes.Read(text);
  return Packed::Read(text, bytes.length);
}

bool FindFirst(GuestCpu& cpu, const Insn& insn, Access access, OperandBytes& bytes) {
  return cpu.Find(cpu.EffectiveAddress(0, insn.b1, insn.d1), insn.l1 + 1u, access,
                  Space::ByPsw(insn.b1), bytes);
}

bool LoadSecond(GuestCpu& cpu, const Insn& insn, Packed& number) {
  OperandBytes bytes;
  if (!cpu.Find(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.l2 + 1u, Access::kFetch,
                Space::ByPsw(insn.b2), bytes)) {
    return false;
  }
  number = ReadPacked(bytes);
  return true;
}

// False, with a data exception, if one of the numbers isn't valid.
template <typename... Numbers>
bool AllValid(GuestCpu& cpu, const Numbers&... numbers) {
  if ((numbers.valid && ...)) return true;
  cpu.InterruptData(kDxcDecimalOperand);
  return false;
}

// Stores what fits and sets the condition code: 0 zero, 1 less than zero, 2 greater than zero, 3
// overflow. A zero is positive, unless digits were lost.
void StoreAndSetCc(GuestCpu& cpu, const Result& result, Packed number, bool overflow) {
  if (number.magnitude == 0 && !overflow) number.negative = false;
  result.Store(number);
  if (overflow) {
    cpu.set_cc(3);
    if (cpu.psw_mask() & Psw::kDecimalOverflow)
      cpu.InterruptAfterCompletion(PgmCode::kDecimalOverflow);
  } else {
    cpu.set_cc(number.magnitude == 0 ? 0 : number.negative ? 1 : 2);
  }
}

bool Overflows(const Packed& number, uint32_t length) {
  return number.magnitude >= kPowersOfTen[DigitsIn(length)];
}

void AddOrSubtract(GuestCpu& cpu, const Insn& insn, bool subtract) {
  Packed second;
  Result first;
  if (!LoadSecond(cpu, insn, second) || !FindFirst(cpu, insn, Access::kStore, first.bytes)) return;
  first.old = ReadPacked(first.bytes);
  if (!AllValid(cpu, first.old, second)) return;
  if (subtract) second.negative = !second.negative;
  const Packed sum = Sum(first.old, second);
  StoreAndSetCc(cpu, first, sum, Overflows(sum, first.length()));
}

// Multiplication and division need a second operand shorter than the first, and of 8 bytes at most.
bool SecondIsShorter(GuestCpu& cpu, const Insn& insn) {
  if (insn.l2 <= 7 && insn.l2 < insn.l1) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

}  // namespace

void AddDecimal(GuestCpu& cpu, const Insn& insn) {
  AddOrSubtract(cpu, insn, false);
}

void SubtractDecimal(GuestCpu& cpu, const Insn& insn) {
  AddOrSubtract(cpu, insn, true);
}

void ZeroAndAdd(GuestCpu& cpu, const Insn& insn) {
  Packed second;
  Result first;
  if (!LoadSecond(cpu, insn, second) || !FindFirst(cpu, insn, Access::kStore, first.bytes)) return;
  if (!AllValid(cpu, second)) return;
  StoreAndSetCc(cpu, first, second, Overflows(second, first.length()));
}

void CompareDecimal(GuestCpu& cpu, const Insn& insn) {
  Packed second;
  OperandBytes bytes;
  if (!FindFirst(cpu, insn, Access::kFetch, bytes) || !LoadSecond(cpu, insn, second)) return;
  const Packed first = ReadPacked(bytes);
  if (AllValid(cpu, first, second)) cpu.set_cc(first.Compare(second));
}

// The multiplicand must begin with as many bytes of zeros as the multiplier has bytes: so the
// product always fits. Signs follow algebra even for zeros.
void MultiplyDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!SecondIsShorter(cpu, insn)) return;
  Packed second;
  Result first;
  if (!LoadSecond(cpu, insn, second) || !FindFirst(cpu, insn, Access::kStore, first.bytes)) return;
  first.old = ReadPacked(first.bytes);
  if (!AllValid(cpu, first.old, second)) return;
  if (Overflows(first.old, first.length() - (insn.l2 + 1u)))
    return cpu.InterruptData(kDxcDecimalOperand);
  first.Store({first.old.magnitude * second.magnitude, first.old.negative != second.negative});
}

// Quotient and remainder share the first operand; the remainder has the divisor's length.
void DivideDecimal(GuestCpu& cpu, const Insn& insn) {
  if (!SecondIsShorter(cpu, insn)) return;
  Packed divisor;
  Result first;
  if (!LoadSecond(cpu, insn, divisor) || !FindFirst(cpu, insn, Access::kStore, first.bytes)) return;
  const Packed dividend = ReadPacked(first.bytes);
  if (!AllValid(cpu, dividend, divisor)) return;
  const uint32_t remainder_length = insn.l2 + 1u;
  const uint32_t quotient_length = first.length() - remainder_length;
  if (divisor.magnitude == 0) return cpu.Interrupt(PgmCode::kDecimalDivide);
  const Packed quotient{dividend.magnitude / divisor.magnitude,
                        dividend.negative != divisor.negative};
  const Packed remainder{dividend.magnitude % divisor.magnitude, dividend.negative};
  if (Overflows(quotient, quotient_length)) return cpu.Interrupt(PgmCode::kDecimalDivide);
  uint8_t text[kLongestPacked] = {};
  quotient.Write(text, quotient_length);
  remainder.Write(text + quotient_length, remainder_length);
  first.bytes.Write(text);
}

// Bits 58-63 of the second-operand address: so many digits to the left, if negative to the right.
void ShiftAndRoundDecimal(GuestCpu& cpu, const Insn& insn) {
  Result first;
  if (!FindFirst(cpu, insn, Access::kStore, first.bytes)) return;
  first.old = ReadPacked(first.bytes);
  if (!AllValid(cpu, first.old)) return;
  if (insn.i3 > 9) return cpu.InterruptData(kDxcDecimalOperand);
  const uint32_t amount = cpu.EffectiveAddress(0, insn.b2, insn.d2) & 63;
  const Magnitude old = first.old.magnitude;
  if (amount >= 32) {
    const uint32_t right = 64 - amount;
    const Magnitude rounded = (old / kPowersOfTen[right - 1] + insn.i3) / 10;
    return StoreAndSetCc(cpu, first, {rounded, first.old.negative}, false);
  }
  const uint32_t digits = DigitsIn(first.length());
  if (amount >= digits) return StoreAndSetCc(cpu, first, {0, first.old.negative}, old != 0);
  const Magnitude limit = kPowersOfTen[digits - amount];
  StoreAndSetCc(cpu, first, {old % limit * kPowersOfTen[amount], first.old.negative}, old >= limit);
}

// CC: 1 the sign, 2 a digit, 3 both are invalid.
void TestDecimal(GuestCpu& cpu, const Insn& insn) {
  OperandBytes bytes;
  if (!FindFirst(cpu, insn, Access::kFetch, bytes)) return;
  uint8_t cc = 0;
  for (uint32_t i = 0; i < bytes.length; ++i) {
    const uint8_t low = bytes[i] & 0xf;
    if (bytes[i] >> 4 > 9 || (i + 1 != bytes.length && low > 9)) cc |= 2;
    if (i + 1 == bytes.length && !IsSignCode(low)) cc |= 1;
  }
  cpu.set_cc(cc);
}

}  // namespace hypervisor::assist
