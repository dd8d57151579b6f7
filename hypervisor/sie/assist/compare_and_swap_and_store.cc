// COMPARE AND SWAP AND STORE.
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/storage/quadword.h"

namespace hypervisor::assist {
namespace {

// What one execution works with, all of it translated and permitted.
struct Operands {
  OperandBytes swapped;    // the first operand
  OperandBytes stored;     // the second
  uint8_t parameters[32];  // replacement value, store value
};

// Swaps a T; true if storage had what R3 has, which gets what storage had.
template <typename T>
bool Swap(GuestCpu& cpu, const Operands& operands, int r3) {
  const T expected = static_cast<T>(cpu.gpr(r3));
  T old = StorageOrder(expected);
  T replacement;
  std::memcpy(&replacement, operands.parameters, sizeof(T));
  const bool equal =
      __atomic_compare_exchange_n(reinterpret_cast<T*>(operands.swapped.first), &old, replacement,
                                  false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  if (equal) return true;
  old = StorageOrder(old);
  if constexpr (sizeof(T) == 4) {
    cpu.set_gpr_low(r3, old);
  } else {
    cpu.set_gpr(r3, old);
  }
  return false;
}

bool SwapQuadword(GuestCpu& cpu, const Operands& operands, int r3) {
  const Quadword expected{cpu.gpr(r3), cpu.gpr(r3 + 1)};
  const Quadword replacement{LoadStorage<uint64_t>(operands.parameters),
                             LoadStorage<uint64_t>(operands.parameters + 8)};
  const Quadword old = CompareAndSwapQuadword(operands.swapped.first, expected, replacement);
  if (old.joined() == expected.joined()) return true;
  cpu.set_gpr(r3, old.high);
  cpu.set_gpr(r3 + 1, old.low);
  return false;
}

// The store value, at once.
void StoreAtOnce(const Operands& operands, int characteristic) {
  uint8_t* at = operands.stored.first;
  const uint8_t* value = operands.parameters + 16;
  switch (characteristic) {
    case 0:
      return StoreStorage<uint8_t>(at, *value);
    case 1:
      return StoreStorage<uint16_t>(at, LoadStorage<uint16_t>(value));
    case 2:
      return StoreStorage<uint32_t>(at, LoadStorage<uint32_t>(value));
    case 3:
      return StoreStorage<uint64_t>(at, LoadStorage<uint64_t>(value));
    default:
      return StoreQuadword(at, {LoadStorage<uint64_t>(value), LoadStorage<uint64_t>(value + 8)});
  }
}

}  // namespace

// GR0 says how long both operands are; GR1 where replacement value and store value are. CC 0 equal,
// swapped and stored; 1 unequal, R3 loaded.
void CompareAndSwapAndStore(GuestCpu& cpu, const Insn& insn) {
  const int function = static_cast<int>(cpu.gpr(0) & 0xff);
  const int characteristic = static_cast<int>(cpu.gpr(0) >> 8 & 0xff);
  const bool quadwords = cpu.facilities().Has(Facility::kCompareAndSwapAndStore2);
  const uint64_t swapped = cpu.EffectiveAddress(0, insn.b1, insn.d1);
  const uint64_t stored = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (function > (quadwords ? 2 : 1) || characteristic > (quadwords ? 4 : 3) ||
      (function == 2 && (insn.r3 & 1)) || (swapped & ((4u << function) - 1)) ||
      (stored & ((1u << characteristic) - 1))) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  Operands operands;
  const uint64_t parameters = cpu.Wrap(cpu.gpr(1)) & ~uint64_t{15};
  if (!cpu.LoadBytes(parameters, operands.parameters, 32, Space::ByPsw(1)) ||
      !cpu.Find(swapped, 4u << function, Access::kStore, Space::ByPsw(insn.b1), operands.swapped) ||
      !cpu.Find(stored, 1u << characteristic, Access::kStore, Space::ByPsw(insn.b2),
                operands.stored)) {
    return;
  }
  const bool equal = function == 0   ? Swap<uint32_t>(cpu, operands, insn.r3)
                     : function == 1 ? Swap<uint64_t>(cpu, operands, insn.r3)
                                     : SwapQuadword(cpu, operands, insn.r3);
  if (equal) StoreAtOnce(operands, characteristic);
  cpu.set_cc(equal ? 0 : 1);
}

}  // namespace hypervisor::assist
