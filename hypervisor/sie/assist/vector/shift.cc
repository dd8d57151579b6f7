// VECTOR ELEMENT SHIFT and ROTATE, VECTOR SHIFT of the whole register.
#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

// Amounts are below the width.
constexpr auto kLeft = [](auto a, int by) { return static_cast<decltype(a)>(a << by); };
constexpr auto kRightLogical = [](auto a, int by) { return static_cast<decltype(a)>(a >> by); };
constexpr auto kRightArithmetic = [](auto a, int by) {
  return static_cast<decltype(a)>(static_cast<Signed<decltype(a)>>(a) >> by);
};
constexpr auto kRotate = [](auto a, int by) {
  using T = decltype(a);
  return by == 0 ? a : static_cast<T>(a << by | a >> (kBits<T> - by));
};

// V1 becomes V3 shifted by the second-operand address.
template <typename F>
void ShiftElements(GuestCpu& cpu, const Insn& insn, F shift) {
  WithSize<0, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    const int by = static_cast<int>(cpu.EffectiveAddress(0, insn.b2, insn.d2) % kBits<T>);
    auto a = ReadVector<T>(cpu, insn.r3);
    for (T& e : a) e = shift(e, by);
    WriteVector<T>(cpu, insn.r1, a);
  });
}
// V1 becomes V2 shifted by the elements of V3.
template <typename F>
void ShiftElementsVariably(GuestCpu& cpu, const Insn& insn, F shift) {
  EachPair<0, 3>(cpu, insn, [shift](auto a, auto b) {
    return shift(a, static_cast<int>(b % kBits<decltype(a)>));
  });
}

// Bits 5-7 of each byte of V3 are how far that byte of V2 is shifted; what comes in is its
// neighbour's. Before vector enhancements 2 all amounts must be the same.
void ShiftByBits(GuestCpu& cpu, const Insn& insn, bool left, bool arithmetic) {
  if (!AllowVector(cpu)) return;
  const auto a = ReadVector<uint8_t>(cpu, insn.r2);
  auto shifted = ReadVector<uint8_t>(cpu, insn.r3);
  const int sign = arithmetic && (a[0] & 0x80) ? 0xff : 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const int by = shifted[i] & 7;
    const int right_neighbour = i + 1 < a.size() ? a[i + 1] : 0;
    const int left_neighbour = i > 0 ? a[i - 1] : sign;
    shifted[i] = static_cast<uint8_t>(left ? (a[i] << 8 | right_neighbour) << by >> 8
                                           : (left_neighbour << 8 | a[i]) >> by);
  }
  WriteVector<uint8_t>(cpu, insn.r1, shifted);
}

// Bits 1-4 of byte 7 of V3 are a number of bytes.
template <typename F>
void ShiftByBytes(GuestCpu& cpu, const Insn& insn, F shift) {
  if (!AllowVector(cpu)) return;
  const int bytes = ReadVector<uint8_t>(cpu, insn.r3)[7] >> 3 & 15;
  WriteVector<U128>(cpu, insn.r1, {shift(ReadVector<U128>(cpu, insn.r2)[0], 8 * bytes)});
}

}  // namespace

#define SHIFT(name, function, ...)             \
  void name(GuestCpu& cpu, const Insn& insn) { \
    function(cpu, insn, __VA_ARGS__);          \
  }
SHIFT(VectorElementShiftLeft, ShiftElements, kLeft)
SHIFT(VectorElementShiftRightLogical, ShiftElements, kRightLogical)
SHIFT(VectorElementShiftRightArithmetic, ShiftElements, kRightArithmetic)
SHIFT(VectorElementRotateLeftLogical, ShiftElements, kRotate)
SHIFT(VectorElementShiftLeftVariable, ShiftElementsVariably, kLeft)
SHIFT(VectorElementShiftRightLogicalVariable, ShiftElementsVariably, kRightLogical)
SHIFT(VectorElementShiftRightArithmeticVariable, ShiftElementsVariably, kRightArithmetic)
SHIFT(VectorElementRotateLeftLogicalVariable, ShiftElementsVariably, kRotate)
SHIFT(VectorShiftLeft, ShiftByBits, true, false)
SHIFT(VectorShiftRightLogical, ShiftByBits, false, false)
SHIFT(VectorShiftRightArithmetic, ShiftByBits, false, true)
SHIFT(VectorShiftLeftByByte, ShiftByBytes, kLeft)
SHIFT(VectorShiftRightLogicalByByte, ShiftByBytes, kRightLogical)
SHIFT(VectorShiftRightArithmeticByByte, ShiftByBytes, kRightArithmetic)
#undef SHIFT

void VectorElementRotateAndInsertUnderMask(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m5, [&](auto element) {
    using T = decltype(element);
    auto inserted = ReadVector<T>(cpu, insn.r1);
    const auto rotated = ReadVector<T>(cpu, insn.r2);
    const auto mask = ReadVector<T>(cpu, insn.r3);
    for (size_t i = 0; i < inserted.size(); ++i) {
      inserted[i] = static_cast<T>((inserted[i] & ~mask[i]) |
                                   (kRotate(rotated[i], insn.i4 % kBits<T>) & mask[i]));
    }
    WriteVector<T>(cpu, insn.r1, inserted);
  });
}

// 16 bytes of V2 and V3, side by side, from the byte on that I4 names.
void VectorShiftLeftDoubleByByte(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  if (insn.i4 > 15) return cpu.Interrupt(PgmCode::kSpecification);
  const auto a = ReadVector<uint8_t>(cpu, insn.r2);
  const auto b = ReadVector<uint8_t>(cpu, insn.r3);
  Elements<uint8_t> shifted;
  for (size_t i = 0; i < shifted.size(); ++i) {
    const size_t from = i + insn.i4;
    shifted[i] = from < a.size() ? a[from] : b[from - a.size()];
  }
  WriteVector<uint8_t>(cpu, insn.r1, shifted);
}

// 128 bits of V2 and V3, side by side, moved by up to seven bits.
void VectorShiftLeftDoubleByBit(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  if (insn.i4 > 7) return cpu.Interrupt(PgmCode::kSpecification);
  const U128 a = ReadVector<U128>(cpu, insn.r2)[0];
  const U128 b = ReadVector<U128>(cpu, insn.r3)[0];
  WriteVector<U128>(cpu, insn.r1, {a << insn.i4 | (b >> 1 >> (127 - insn.i4))});
}
void VectorShiftRightDoubleByBit(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  if (insn.i4 > 7) return cpu.Interrupt(PgmCode::kSpecification);
  const U128 a = ReadVector<U128>(cpu, insn.r2)[0];
  const U128 b = ReadVector<U128>(cpu, insn.r3)[0];
  WriteVector<U128>(cpu, insn.r1, {b >> insn.i4 | (a << 1 << (127 - insn.i4))});
}

}  // namespace hypervisor::assist
