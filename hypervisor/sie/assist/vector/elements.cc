// Elements that are generated, replicated, moved between registers, merged, packed, unpacked,
// permuted and selected.
#include <limits>

#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

template <typename T>
void LoadElementImmediate(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  auto elements = ReadVector<T>(cpu, insn.r1);
  if (insn.m3 >= elements.size()) return cpu.Interrupt(PgmCode::kSpecification);
  elements[insn.m3] = static_cast<T>(insn.i2);
  WriteVector<T>(cpu, insn.r1, elements);
}

// The element that a second-operand address names; bits that name none are ignored.
template <typename T>
size_t ElementNumber(const GuestCpu& cpu, const Insn& insn) {
  return cpu.EffectiveAddress(0, insn.b2, insn.d2) % Elements<T>().size();
}

template <typename T>
void Fill(GuestCpu& cpu, int r, T value) {
  Elements<T> elements;
  elements.fill(value);
  WriteVector<T>(cpu, r, elements);
}

// From the left or the right halves of V2 and V3, in turn.
void Merge(GuestCpu& cpu, const Insn& insn, bool right) {
  WithSize<0, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    const auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    Elements<T> merged;
    const size_t half = merged.size() / 2;
    for (size_t i = 0; i < half; ++i) {
      merged[2 * i] = a[i + (right ? half : 0)];
      merged[2 * i + 1] = b[i + (right ? half : 0)];
    }
    WriteVector<T>(cpu, insn.r1, merged);
  });
}

// V2's and V3's elements made shorter by `pack`, which says whether it changed one. How many were
// changed is left in `changed`.
template <typename T, typename F>
void Pack(GuestCpu& cpu, const Insn& insn, F pack, size_t& changed) {
  using N = Narrower<T>;
  const auto a = ReadVector<T>(cpu, insn.r2);
  const auto b = ReadVector<T>(cpu, insn.r3);
  Elements<N> packed;
  for (size_t i = 0; i < a.size(); ++i) {
    changed += pack(a[i], packed[i]);
    changed += pack(b[i], packed[a.size() + i]);
  }
  WriteVector<N>(cpu, insn.r1, packed);
}

template <typename F>
void PackSaturated(GuestCpu& cpu, const Insn& insn, F pack) {
  WithSize<1, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    size_t changed = 0;
    Pack<T>(cpu, insn, pack, changed);
    constexpr size_t kAll = 2 * Elements<T>().size();
    if (insn.m5 & 1) cpu.set_cc(changed == 0 ? 0 : changed == kAll ? 3 : 1);
  });
}

// The left or the right half of V2, its elements made longer.
void Unpack(GuestCpu& cpu, const Insn& insn, bool right, bool with_sign) {
  WithSize<0, 2>(cpu, insn.m3, [&](auto element) {
    using T = decltype(element);
    using W = Wider<T>;
    const auto a = ReadVector<T>(cpu, insn.r2);
    Elements<W> unpacked;
    for (size_t i = 0; i < unpacked.size(); ++i) {
      const T e = a[i + (right ? unpacked.size() : 0)];
      unpacked[i] = with_sign ? static_cast<W>(static_cast<Signed<T>>(e)) : W{e};
    }
    WriteVector<W>(cpu, insn.r1, unpacked);
  });
}

}  // namespace

void VectorLoadElementImmediate8(GuestCpu& cpu, const Insn& insn) {
  LoadElementImmediate<uint8_t>(cpu, insn);
}
void VectorLoadElementImmediate16(GuestCpu& cpu, const Insn& insn) {
  LoadElementImmediate<uint16_t>(cpu, insn);
}
void VectorLoadElementImmediate32(GuestCpu& cpu, const Insn& insn) {
  LoadElementImmediate<uint32_t>(cpu, insn);
}
void VectorLoadElementImmediate64(GuestCpu& cpu, const Insn& insn) {
  LoadElementImmediate<uint64_t>(cpu, insn);
}

void VectorLoadGrFromVrElement(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    cpu.set_gpr(insn.r1, ReadVector<T>(cpu, insn.r3)[ElementNumber<T>(cpu, insn)]);
  });
}

void VectorLoadVrElementFromGr(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    auto elements = ReadVector<T>(cpu, insn.r1);
    elements[ElementNumber<T>(cpu, insn)] = static_cast<T>(cpu.gpr(insn.r3));
    WriteVector<T>(cpu, insn.r1, elements);
  });
}

void VectorLoadVrFromGrsDisjoint(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu)) cpu.state().vr[insn.r1] = {cpu.gpr(insn.r2), cpu.gpr(insn.r3)};
}

void VectorGenerateByteMask(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  Elements<uint8_t> mask;
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = insn.i2 >> (15 - i) & 1 ? 0xff : 0;
  WriteVector<uint8_t>(cpu, insn.r1, mask);
}

// Ones from bit I2 to bit I3 of each element, around its end if need be.
void VectorGenerateMask(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    const int first = insn.i2 % kBits<T>;
    const int last = insn.i3 % kBits<T>;
    const T from = static_cast<T>(kAllOnes<T> >> first);
    const T to = static_cast<T>(kAllOnes<T> << (kBits<T> - 1 - last));
    Fill<T>(cpu, insn.r1, static_cast<T>(first <= last ? from & to : from | to));
  });
}

void VectorReplicate(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    const auto elements = ReadVector<T>(cpu, insn.r3);
    const auto number = static_cast<size_t>(insn.i2);
    if (number >= elements.size()) return cpu.Interrupt(PgmCode::kSpecification);
    Fill<T>(cpu, insn.r1, elements[number]);
  });
}

void VectorReplicateImmediate(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m3, [&](auto element) {
    using T = decltype(element);
    Fill<T>(cpu, insn.r1, static_cast<T>(insn.i2));
  });
}

void VectorMergeHigh(GuestCpu& cpu, const Insn& insn) {
  Merge(cpu, insn, false);
}
void VectorMergeLow(GuestCpu& cpu, const Insn& insn) {
  Merge(cpu, insn, true);
}

void VectorPack(GuestCpu& cpu, const Insn& insn) {
  WithSize<1, 3>(cpu, insn.m4, [&](auto element) {
    size_t changed = 0;
    const auto cut = [](auto e, auto& packed) {
      packed = static_cast<std::decay_t<decltype(packed)>>(e);
      return false;
    };
    Pack<decltype(element)>(cpu, insn, cut, changed);
  });
}

void VectorPackSaturate(GuestCpu& cpu, const Insn& insn) {
  PackSaturated(cpu, insn, [](auto e, auto& packed) {
    using N = std::decay_t<decltype(packed)>;
    using Limits = std::numeric_limits<Signed<N>>;
    const auto value = static_cast<Signed<decltype(e)>>(e);
    const auto nearest = value < Limits::min()   ? Limits::min()
                         : value > Limits::max() ? Limits::max()
                                                 : static_cast<Signed<N>>(value);
    packed = static_cast<N>(nearest);
    return nearest != value;
  });
}

void VectorPackLogicalSaturate(GuestCpu& cpu, const Insn& insn) {
  PackSaturated(cpu, insn, [](auto e, auto& packed) {
    using N = std::decay_t<decltype(packed)>;
    const bool is_longer = e > kAllOnes<N>;
    packed = is_longer ? kAllOnes<N> : static_cast<N>(e);
    return is_longer;
  });
}

void VectorUnpackHigh(GuestCpu& cpu, const Insn& insn) {
  Unpack(cpu, insn, false, true);
}
void VectorUnpackLogicalHigh(GuestCpu& cpu, const Insn& insn) {
  Unpack(cpu, insn, false, false);
}
void VectorUnpackLow(GuestCpu& cpu, const Insn& insn) {
  Unpack(cpu, insn, true, true);
}
void VectorUnpackLogicalLow(GuestCpu& cpu, const Insn& insn) {
  Unpack(cpu, insn, true, false);
}

// Each byte of V4 names one of V2 and V3, side by side.
void VectorPermute(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const auto a = ReadVector<uint8_t>(cpu, insn.r2);
  const auto b = ReadVector<uint8_t>(cpu, insn.r3);
  auto bytes = ReadVector<uint8_t>(cpu, insn.r4);
  for (uint8_t& byte : bytes) byte = byte & 16 ? b[byte & 15] : a[byte & 15];
  WriteVector<uint8_t>(cpu, insn.r1, bytes);
}

// Each byte of V3 names a bit of V2; beyond the last it stands for zero. The 16 bits come to the
// right end of the left doubleword.
void VectorBitPermute(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const U128 bits = ReadVector<U128>(cpu, insn.r2)[0];
  uint64_t result = 0;
  for (const uint8_t number : ReadVector<uint8_t>(cpu, insn.r3))
    result = result << 1 | (number < 128 && (bits >> (127 - number) & 1) != 0 ? 1 : 0);
  cpu.state().vr[insn.r1] = {result, 0};
}

void VectorPermuteDoublewordImmediate(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const VectorRegister a = cpu.state().vr[insn.r2];
  const VectorRegister b = cpu.state().vr[insn.r3];
  cpu.state().vr[insn.r1] = {insn.m4 & 4 ? a.low : a.high, insn.m4 & 1 ? b.low : b.high};
}

void VectorSelect(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const VectorRegister a = cpu.state().vr[insn.r2];
  const VectorRegister b = cpu.state().vr[insn.r3];
  const VectorRegister first = cpu.state().vr[insn.r4];
  cpu.state().vr[insn.r1] = {(a.high & first.high) | (b.high & ~first.high),
                             (a.low & first.low) | (b.low & ~first.low)};
}

// The rightmost element of each doubleword.
void VectorSignExtendToDoubleword(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m3, [&](auto element) {
    using S = Signed<decltype(element)>;
    auto doublewords = ReadVector<uint64_t>(cpu, insn.r2);
    for (uint64_t& e : doublewords) e = static_cast<uint64_t>(int64_t{static_cast<S>(e)});
    WriteVector<uint64_t>(cpu, insn.r1, doublewords);
  });
}

}  // namespace hypervisor::assist
