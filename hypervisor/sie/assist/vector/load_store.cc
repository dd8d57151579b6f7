// VECTOR LOAD and VECTOR STORE in all their forms, LOAD COUNT TO BLOCK BOUNDARY.
#include <algorithm>

#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

constexpr uint32_t kVectorSize = 16;

uint64_t AddressOf(const GuestCpu& cpu, const Insn& insn) {
  return cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2);
}

// Bytes that an operand at `address` has up to a boundary of 64 bytes << `modifier`.
uint32_t BytesToBoundary(uint64_t address, int modifier) {
  const uint64_t block = uint64_t{64} << modifier;
  return static_cast<uint32_t>(std::min<uint64_t>(kVectorSize, block - address % block));
}
constexpr int kLastBoundary = 6;

void LoadLeft(GuestCpu& cpu, const Insn& insn, uint64_t address, uint32_t length) {
  Elements<uint8_t> bytes{};
  if (cpu.LoadBytes(address, bytes.data(), length, Space::ByPsw(insn.b2)))
    WriteVector<uint8_t>(cpu, insn.r1, bytes);
}

// The highest byte's index is in R3.
uint32_t LengthOf(const GuestCpu& cpu, const Insn& insn) {
  return std::min(cpu.gpr_low(insn.r3), kVectorSize - 1) + 1;
}

// Up to 16 registers, the first not behind the last; 0 otherwise.
uint32_t RegistersOf(const Insn& insn) {
  const int count = insn.r3 - insn.r1 + 1;
  return count < 1 || count > 16 ? 0 : static_cast<uint32_t>(count);
}

// The element of V1 that M3 names.
template <typename T>
bool HasElement(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return false;
  if (insn.m3 < Elements<T>().size()) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

template <typename T>
void LoadElement(GuestCpu& cpu, const Insn& insn, uint64_t address) {
  const T value = cpu.Load<T>(address, insn.b2);
  if (cpu.Stopped()) return;
  auto elements = ReadVector<T>(cpu, insn.r1);
  elements[insn.m3] = value;
  WriteVector<T>(cpu, insn.r1, elements);
}
template <typename T>
void StoreElement(GuestCpu& cpu, const Insn& insn, uint64_t address) {
  cpu.Store<T>(address, insn.b2, ReadVector<T>(cpu, insn.r1)[insn.m3]);
}

// Gather and scatter: an element of V2 takes the place of an index register.
template <typename T>
uint64_t IndexedAddress(const GuestCpu& cpu, const Insn& insn) {
  const uint64_t base = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  return cpu.Wrap(base + ReadVector<T>(cpu, insn.r2)[insn.m3]);
}

}  // namespace

void LoadCountToBlockBoundary(GuestCpu& cpu, const Insn& insn) {
  if (insn.m3 > kLastBoundary) return cpu.Interrupt(PgmCode::kSpecification);
  const uint32_t count = BytesToBoundary(AddressOf(cpu, insn), insn.m3);
  cpu.set_gpr_low(insn.r1, count);
  cpu.set_cc(count == kVectorSize ? 0 : 3);
}

void VectorLoad(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu)) LoadLeft(cpu, insn, AddressOf(cpu, insn), kVectorSize);
}

void VectorStore(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const auto bytes = ReadVector<uint8_t>(cpu, insn.r1);
  cpu.StoreBytes(AddressOf(cpu, insn), bytes.data(), kVectorSize, Space::ByPsw(insn.b2));
}

void VectorLoadRegister(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu)) cpu.state().vr[insn.r1] = cpu.state().vr[insn.r2];
}

void VectorLoadMultiple(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const uint32_t count = RegistersOf(insn);
  if (count == 0) return cpu.Interrupt(PgmCode::kSpecification);
  std::array<Elements<uint8_t>, 16> registers;
  if (!cpu.LoadBytes(AddressOf(cpu, insn), registers.data(), count * kVectorSize,
                     Space::ByPsw(insn.b2))) {
    return;
  }
  for (uint32_t i = 0; i < count; ++i)
    WriteVector<uint8_t>(cpu, insn.r1 + static_cast<int>(i), registers[i]);
}

void VectorStoreMultiple(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const uint32_t count = RegistersOf(insn);
  if (count == 0) return cpu.Interrupt(PgmCode::kSpecification);
  std::array<Elements<uint8_t>, 16> registers;
  for (uint32_t i = 0; i < count; ++i)
    registers[i] = ReadVector<uint8_t>(cpu, insn.r1 + static_cast<int>(i));
  cpu.StoreBytes(AddressOf(cpu, insn), registers.data(), count * kVectorSize,
                 Space::ByPsw(insn.b2));
}

void VectorLoadWithLength(GuestCpu& cpu, const Insn& insn) {
  if (AllowVector(cpu)) LoadLeft(cpu, insn, AddressOf(cpu, insn), LengthOf(cpu, insn));
}

void VectorStoreWithLength(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  const auto bytes = ReadVector<uint8_t>(cpu, insn.r1);
  cpu.StoreBytes(AddressOf(cpu, insn), bytes.data(), LengthOf(cpu, insn), Space::ByPsw(insn.b2));
}

void VectorLoadToBlockBoundary(GuestCpu& cpu, const Insn& insn) {
  if (!AllowVector(cpu)) return;
  if (insn.m3 > kLastBoundary) return cpu.Interrupt(PgmCode::kSpecification);
  const uint64_t address = AddressOf(cpu, insn);
  LoadLeft(cpu, insn, address, BytesToBoundary(address, insn.m3));
}

// The element goes to the right end of the left doubleword; with vector enhancements 1, a word also
// to its left end.
void VectorLoadLogicalElementAndZero(GuestCpu& cpu, const Insn& insn) {
  constexpr int kWordOnTheLeft = 6;
  const bool left =
      insn.m3 == kWordOnTheLeft && cpu.facilities().Has(Facility::kVectorEnhancements1);
  WithSize<0, 3>(cpu, left ? 2 : insn.m3, [&](auto element) {
    using T = decltype(element);
    const T value = cpu.Load<T>(AddressOf(cpu, insn), insn.b2);
    if (cpu.Stopped()) return;
    cpu.state().vr[insn.r1] = {left ? uint64_t{value} << 32 : value, 0};
  });
}

void VectorLoadAndReplicate(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 3>(cpu, insn.m3, [&](auto element) {
    using T = decltype(element);
    Elements<T> elements;
    elements.fill(cpu.Load<T>(AddressOf(cpu, insn), insn.b2));
    if (!cpu.Stopped()) WriteVector<T>(cpu, insn.r1, elements);
  });
}

#define OF_ONE_ELEMENT(name, T, function, address)                 \
  void name(GuestCpu& cpu, const Insn& insn) {                     \
    if (HasElement<T>(cpu, insn)) function<T>(cpu, insn, address); \
  }
OF_ONE_ELEMENT(VectorLoadElement8, uint8_t, LoadElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorLoadElement16, uint16_t, LoadElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorLoadElement32, uint32_t, LoadElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorLoadElement64, uint64_t, LoadElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorStoreElement8, uint8_t, StoreElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorStoreElement16, uint16_t, StoreElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorStoreElement32, uint32_t, StoreElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorStoreElement64, uint64_t, StoreElement, AddressOf(cpu, insn))
OF_ONE_ELEMENT(VectorGatherElement32, uint32_t, LoadElement, IndexedAddress<uint32_t>(cpu, insn))
OF_ONE_ELEMENT(VectorGatherElement64, uint64_t, LoadElement, IndexedAddress<uint64_t>(cpu, insn))
OF_ONE_ELEMENT(VectorScatterElement32, uint32_t, StoreElement, IndexedAddress<uint32_t>(cpu, insn))
OF_ONE_ELEMENT(VectorScatterElement64, uint64_t, StoreElement, IndexedAddress<uint64_t>(cpu, insn))
#undef OF_ONE_ELEMENT

}  // namespace hypervisor::assist
