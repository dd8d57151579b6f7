// VECTOR LOAD and STORE BYTE REVERSED ELEMENTS and ELEMENTS REVERSED, in all their forms.
#include <algorithm>

#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

uint64_t AddressOf(const GuestCpu& cpu, const Insn& insn) {
  return cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2);
}

template <typename T>
T Reversed(T value) {
  T reversed = 0;
  for (size_t i = 0; i < sizeof(T); ++i, value = static_cast<T>(value >> 4 >> 4))
    reversed = static_cast<T>(reversed << 4 << 4 | (value & 0xff));
  return reversed;
}

template <typename T>
bool HasElement(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return false;
  if (insn.m3 < Elements<T>().size()) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

template <typename T>
void LoadElement(GuestCpu& cpu, const Insn& insn) {
  if (!HasElement<T>(cpu, insn)) return;
  const T value = cpu.Load<T>(AddressOf(cpu, insn), insn.b2);
  if (cpu.Stopped()) return;
  auto elements = ReadVector<T>(cpu, insn.r1);
  elements[insn.m3] = Reversed(value);
  WriteVector<T>(cpu, insn.r1, elements);
}

template <typename T>
void StoreElement(GuestCpu& cpu, const Insn& insn) {
  if (!HasElement<T>(cpu, insn)) return;
  cpu.Store<T>(AddressOf(cpu, insn), insn.b2, Reversed(ReadVector<T>(cpu, insn.r1)[insn.m3]));
}

// All elements of V1, as `reverse` makes them of those in storage or the other way round.
template <typename T, typename F>
void LoadAll(GuestCpu& cpu, const Insn& insn, F reverse) {
  Elements<uint8_t> bytes{};
  if (!cpu.LoadBytes(AddressOf(cpu, insn), bytes.data(), bytes.size(), Space::ByPsw(insn.b2)))
    return;
  WriteVector<uint8_t>(cpu, insn.r1, bytes);
  auto elements = ReadVector<T>(cpu, insn.r1);
  reverse(elements);
  WriteVector<T>(cpu, insn.r1, elements);
}
template <typename T, typename F>
void StoreAll(GuestCpu& cpu, const Insn& insn, F reverse) {
  auto elements = ReadVector<T>(cpu, insn.r1);
  reverse(elements);
  std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t right = sizeof(T) - 1 - i % sizeof(T);
    bytes[i] = static_cast<uint8_t>(elements[i / sizeof(T)] >> 8 * right);
  }
  cpu.StoreBytes(AddressOf(cpu, insn), bytes.data(), bytes.size(), Space::ByPsw(insn.b2));
}

constexpr auto kBytesOfEach = [](auto& elements) {
  for (auto& e : elements) e = Reversed(e);
};
constexpr auto kOrder = [](auto& elements) { std::reverse(elements.begin(), elements.end()); };

}  // namespace

void VectorLoadByteReversedElement16(GuestCpu& cpu, const Insn& insn) {
  LoadElement<uint16_t>(cpu, insn);
}
void VectorLoadByteReversedElement32(GuestCpu& cpu, const Insn& insn) {
  LoadElement<uint32_t>(cpu, insn);
}
void VectorLoadByteReversedElement64(GuestCpu& cpu, const Insn& insn) {
  LoadElement<uint64_t>(cpu, insn);
}
void VectorStoreByteReversedElement16(GuestCpu& cpu, const Insn& insn) {
  StoreElement<uint16_t>(cpu, insn);
}
void VectorStoreByteReversedElement32(GuestCpu& cpu, const Insn& insn) {
  StoreElement<uint32_t>(cpu, insn);
}
void VectorStoreByteReversedElement64(GuestCpu& cpu, const Insn& insn) {
  StoreElement<uint64_t>(cpu, insn);
}

// The element goes to the right end of the left doubleword, or as a word to its left end.
void VectorLoadByteReversedElementAndZero(GuestCpu& cpu, const Insn& insn) {
  constexpr int kWordOnTheLeft = 6;
  const bool left = insn.m3 == kWordOnTheLeft;
  WithSize<1, 3>(cpu, left ? 2 : insn.m3, [&](auto element) {
    using T = decltype(element);
    const T value = Reversed(cpu.Load<T>(AddressOf(cpu, insn), insn.b2));
    if (cpu.Stopped()) return;
    cpu.state().vr[insn.r1] = {left ? uint64_t{value} << 32 : value, 0};
  });
}

void VectorLoadByteReversedElementAndReplicate(GuestCpu& cpu, const Insn& insn) {
  WithSize<1, 3>(cpu, insn.m3, [&](auto element) {
    using T = decltype(element);
    Elements<T> elements;
    elements.fill(Reversed(cpu.Load<T>(AddressOf(cpu, insn), insn.b2)));
    if (!cpu.Stopped()) WriteVector<T>(cpu, insn.r1, elements);
  });
}

void VectorLoadByteReversedElements(GuestCpu& cpu, const Insn& insn) {
  WithSize<1, 4>(cpu, insn.m3,
                 [&](auto element) { LoadAll<decltype(element)>(cpu, insn, kBytesOfEach); });
}
void VectorStoreByteReversedElements(GuestCpu& cpu, const Insn& insn) {
  WithSize<1, 4>(cpu, insn.m3,
                 [&](auto element) { StoreAll<decltype(element)>(cpu, insn, kBytesOfEach); });
}
void VectorLoadElementsReversed(GuestCpu& cpu, const Insn& insn) {
  WithSize<1, 3>(cpu, insn.m3,
                 [&](auto element) { LoadAll<decltype(element)>(cpu, insn, kOrder); });
}
void VectorStoreElementsReversed(GuestCpu& cpu, const Insn& insn) {
  WithSize<1, 3>(cpu, insn.m3,
                 [&](auto element) { StoreAll<decltype(element)>(cpu, insn, kOrder); });
}

}  // namespace hypervisor::assist
