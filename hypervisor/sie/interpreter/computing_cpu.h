// The Cpu that computes: the first meaning of the instruction table's semantics.
//
// A view of a GuestCpu that adds values and operations; no state of its own. What each operation
// means is said in isa/semantics/row.h.
#ifndef HYPERVISOR_SIE_INTERPRETER_COMPUTING_CPU_H_
#define HYPERVISOR_SIE_INTERPRETER_COMPUTING_CPU_H_

#include <bit>
#include <cstdint>
#include <utility>

#include "hypervisor/isa/semantics/computed.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {

class ComputingCpu : public GuestCpu {
 public:
  template <typename T>
  using Value = Computed<T>;

  // ---- Values ----
  template <typename T>
  static constexpr Value<T> Constant(T value) {
    return {value};
  }
  template <typename To, typename From>
  static constexpr Value<To> Convert(Value<From> v) {
    return {static_cast<To>(v.value)};
  }
  template <typename T>
  static constexpr Value<T> Select(Value<bool> condition, Value<T> a, Value<T> b) {
    return condition.value ? a : b;
  }
  static constexpr Value<uint8_t> Select(Value<bool> condition, int a, Value<uint8_t> b) {
    return condition.value ? Value<uint8_t>{static_cast<uint8_t>(a)} : b;
  }
  static constexpr Value<uint8_t> Select(Value<bool> condition, int a, int b) {
    return {static_cast<uint8_t>(condition.value ? a : b)};
  }

  // {result, overflow}.
  template <typename T>
  static constexpr std::pair<Value<T>, Value<bool>> AddSigned(Value<T> a, Value<T> b) {
    T result;
    const bool overflow = __builtin_add_overflow(a.value, b.value, &result);
    return {{result}, {overflow}};
  }
  template <typename T>
  static constexpr std::pair<Value<T>, Value<bool>> SubtractSigned(Value<T> a, Value<T> b) {
    T result;
    const bool overflow = __builtin_sub_overflow(a.value, b.value, &result);
    return {{result}, {overflow}};
  }
  // The high half of a double-length product.
  static constexpr Value<uint64_t> MultiplyHigh(Value<uint64_t> a, Value<uint64_t> b) {
    return {static_cast<uint64_t>(static_cast<unsigned __int128>(a.value) * b.value >> 64)};
  }
  template <typename T>
  static constexpr Value<T> CountLeadingZeros(Value<T> v) {
    return {static_cast<T>(std::countl_zero(v.value))};
  }
  template <typename T>
  static constexpr Value<T> RotateLeft(Value<T> v, Value<uint32_t> by) {
    return {std::rotl(v.value, static_cast<int>(by.value % (sizeof(T) * 8)))};
  }
  template <typename T>
  static constexpr Value<T> ByteSwap(Value<T> v) {
    if constexpr (sizeof(T) == 2)
      return {__builtin_bswap16(v.value)};
    else if constexpr (sizeof(T) == 4)
      return {__builtin_bswap32(v.value)};
    else
      return {__builtin_bswap64(v.value)};
  }

  // ---- Registers ----
  template <typename T>
  Value<T> Gpr(int r) const {
    return {static_cast<T>(gpr(r))};
  }
  template <typename T>
  void SetGpr(int r, Value<T> v) {
    if constexpr (sizeof(T) == 8) {
      set_gpr(r, static_cast<uint64_t>(v.value));
    } else {
      constexpr uint64_t kMask = (uint64_t{1} << (8 * sizeof(T))) - 1;
      set_gpr(r, (gpr(r) & ~kMask) | (static_cast<uint64_t>(v.value) & kMask));
    }
  }
  void SetGprHigh(int r, Value<uint32_t> v) {
    set_gpr(r, (gpr(r) & 0xffffffff) | uint64_t{v.value} << 32);
  }
  Value<uint32_t> Ar(int r) const { return {state_->ar[r]}; }
  void SetAr(int r, Value<uint32_t> v) { state_->ar[r] = v.value; }
  Value<uint64_t> Fpr(int r) const { return {fpr(r)}; }
  void SetFpr(int r, Value<uint64_t> v) { set_fpr(r, v.value); }
  // Whether floating-point registers other than 0, 2, 4 and 6 may be used: known to the translator
  // when it builds a block.
  bool AfpOn() const { return (state_->cr[0] & cr0::kAfpRegister) != 0; }
  Value<uint8_t> Cc() const { return {cc_}; }
  void SetCc(Value<uint8_t> v) { cc_ = v.value; }
  void SetCc(int cc) { cc_ = static_cast<uint8_t>(cc); }
  // CC 0 zero, 1 less than zero, 2 greater than zero.
  template <typename T>
  static constexpr Value<uint8_t> CompareWithZero(Value<T> v) {
    return {static_cast<uint8_t>(v.value == 0 ? 0 : v.value < 0 ? 1 : 2)};
  }
  // CC 0 equal, 1 first low, 2 first high.
  template <typename T>
  static constexpr Value<uint8_t> Compare(Value<T> a, Value<T> b) {
    return {static_cast<uint8_t>(a.value == b.value ? 0 : a.value < b.value ? 1 : 2)};
  }
  // Whether the condition code is one that `mask` names, 8 for CC 0 to 1 for CC 3.
  Value<bool> CcIn(int mask) const { return {((mask << cc_) & 8) != 0}; }
  Value<uint8_t> ProgramMask() const { return {static_cast<uint8_t>(Bits<20, 23>(psw_mask_))}; }
  void SetProgramMask(Value<uint8_t> v) {
    psw_mask_ = (psw_mask_ & ~Psw::kProgramMask) | uint64_t{v.value & 0xfu} << 40;
  }

  // ---- Addresses and branches ----
  Value<uint64_t> Address(int x, int b, int64_t d) const { return {EffectiveAddress(x, b, d)}; }
  Value<uint64_t> Relative(int64_t halfwords) const {
    return {GuestCpu::Wrap(relative_base_ + static_cast<uint64_t>(halfwords) * 2)};
  }
  Value<uint64_t> Wrap(Value<uint64_t> address) const { return {GuestCpu::Wrap(address.value)}; }
  Value<uint64_t> NextAddress() const { return {next_ia_}; }
  // Which of the addressing modes is on: known to the translator when it builds a block.
  bool Mode64() const { return (psw_mask_ & Psw::kExtendedAddressing) != 0; }
  bool Mode31() const {
    return (psw_mask_ & (Psw::kExtendedAddressing | Psw::kBasicAddressing)) ==
           Psw::kBasicAddressing;
  }
  void BranchIf(Value<bool> condition, Value<uint64_t> address) {
    if (condition.value) BranchTo(address.value);
  }

  // ---- Storage ----
  template <typename T>
  Value<T> Load(Value<uint64_t> address, int ar) {
    return {GuestCpu::Load<T>(address.value, ar)};
  }
  template <typename T>
  void Store(Value<uint64_t> address, int ar, Value<T> v) {
    GuestCpu::Store<T>(address.value, ar, v.value);
  }
  // Relative-long operands: in the instruction space, on a boundary of their size.
  template <typename T>
  Value<T> LoadAligned(Value<uint64_t> address) {
    SpecificationIf({(address.value & (sizeof(T) - 1)) != 0});
    if (Stopped()) return {};
    return {GuestCpu::Load<T>(address.value, 0)};
  }
  template <typename T>
  void StoreAligned(Value<uint64_t> address, Value<T> v) {
    SpecificationIf({(address.value & (sizeof(T) - 1)) != 0});
    if (!Stopped()) GuestCpu::Store<T>(address.value, 0, v.value);
  }
  // Replaces `expected` by `v` as one interlocked update; yields what was there.
  template <typename T>
  Value<T> CompareAndSwapStorage(Value<uint64_t> address, int ar, Value<T> expected, Value<T> v) {
    SpecificationIf({(address.value & (sizeof(T) - 1)) != 0});
    if (Stopped()) return {};
    T* at = Interlocked<T>(address.value, ar);
    if (!at) return {};
    T old = StorageOrder(expected.value);
    __atomic_compare_exchange_n(at, &old, StorageOrder(v.value), false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return {StorageOrder(old)};
  }
  // Stores f(old), interlocked if the operand is aligned; yields old.
  template <typename T, typename F>
  Value<T> UpdateStorage(Value<uint64_t> address, int ar, F f) {
    if ((address.value & (sizeof(T) - 1)) != 0) {
      OperandBytes bytes;
      if (!Find(address.value, sizeof(T), Access::kStore, Space::ByPsw(ar), bytes)) return {};
      uint8_t text[sizeof(T)];
      bytes.Read(text);
      const Value<T> old{LoadStorage<T>(text)};
      StoreStorage<T>(text, f(old).value);
      bytes.Write(text);
      return old;
    }
    T* at = Interlocked<T>(address.value, ar);
    if (!at) return {};
    T old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(at, &old,
                                        StorageOrder(f(Value<T>{StorageOrder(old)}).value), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    }
    return {StorageOrder(old)};
  }
  void Serialize() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

  // ---- Exceptions ----
  void SpecificationIf(Value<bool> condition) { InterruptIf(condition, PgmCode::kSpecification); }
  void InterruptIf(Value<bool> condition, PgmCode code) {
    if (condition.value) [[unlikely]]
      Interrupt(code);
  }
  void DataExceptionIf(Value<bool> condition, uint8_t dxc) {
    if (condition.value) [[unlikely]]
      InterruptData(dxc);
  }
  void FixedPointOverflowIf(Value<bool> overflow) {
    GuestCpu::FixedPointOverflowIf(overflow.value);
  }

  using GuestCpu::GuestCpu;
  using GuestCpu::Wrap;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_INTERPRETER_COMPUTING_CPU_H_
