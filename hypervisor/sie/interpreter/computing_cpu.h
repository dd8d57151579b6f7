// The Cpu that computes: the first meaning of the instruction table's semantics.
//
// A view of a GuestCpu that adds values and operations; no state of its own. What each operation
// means is said in isa/semantics/row.h.
#ifndef HYPERVISOR_SIE_INTERPRETER_COMPUTING_CPU_H_
#define HYPERVISOR_SIE_INTERPRETER_COMPUTING_CPU_H_

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "hypervisor/isa/semantics/computed.h"
#include "hypervisor/isa/semantics/row.h"
#include "hypervisor/sie/assist/bfp/operations.h"
#include "hypervisor/sie/assist/storage_to_storage.h"
#include "hypervisor/sie/assist/system_mask.h"
#include "hypervisor/sie/guest_cpu.h"
#include "hypervisor/storage/quadword.h"

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
  template <typename T>
  static constexpr std::pair<Value<T>, Value<bool>> MultiplySigned(Value<T> a, Value<T> b) {
    T result;
    const bool overflow = __builtin_mul_overflow(a.value, b.value, &result);
    return {{result}, {overflow}};
  }
  // The high half of a double-length product.
  static constexpr Value<uint64_t> MultiplyHigh(Value<uint64_t> a, Value<uint64_t> b) {
    return {static_cast<uint64_t>(static_cast<unsigned __int128>(a.value) * b.value >> 64)};
  }
  // {quotient, remainder, invalid}.
  template <typename T>
  static constexpr std::tuple<Value<T>, Value<T>, Value<bool>> Divide(Value<T> a, Value<T> b) {
    bool invalid = b.value == 0;
    if constexpr (std::numeric_limits<T>::is_signed) {
      invalid = invalid || (a.value == std::numeric_limits<T>::min() && b.value == -1);
    }
    if (invalid) return {{0}, {0}, {true}};
    return {{a.value / b.value}, {a.value % b.value}, {false}};
  }
  static constexpr std::tuple<Value<uint64_t>, Value<uint64_t>, Value<bool>> DivideQuadword(
      Value<uint64_t> high, Value<uint64_t> low, Value<uint64_t> b) {
    if (high.value >= b.value) return {{0}, {0}, {true}};
    const unsigned __int128 a = Quadword{high.value, low.value}.joined();
    return {{static_cast<uint64_t>(a / b.value)}, {static_cast<uint64_t>(a % b.value)}, {false}};
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
  Value<uint32_t> FprHigh(int r) const { return {static_cast<uint32_t>(fpr(r) >> 32)}; }
  void SetFprHigh(int r, Value<uint32_t> v) {
    set_fpr(r, (fpr(r) & 0xffffffff) | uint64_t{v.value} << 32);
  }
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
  void StoreThenUpdateSystemMask(Update update, Value<uint64_t> address, int ar, uint8_t mask) {
    assist::StoreThenUpdateSystemMask(*this, update, address.value, ar, mask);
  }

  // ---- Binary floating point ----
#define COMPUTED_BFP(name)                                    \
  template <typename T, typename... Operands>                 \
  Value<T> name(Value<T> a, Operands... operands) {           \
    return {assist::name(*this, a.value, operands.value...)}; \
  }
  COMPUTED_BFP(AddBfp)
  COMPUTED_BFP(SubtractBfp)
  COMPUTED_BFP(MultiplyBfp)
  COMPUTED_BFP(DivideBfp)
  COMPUTED_BFP(SquareRootBfp)
  COMPUTED_BFP(MultiplyAndAddBfp)
  COMPUTED_BFP(MultiplyAndSubtractBfp)
  COMPUTED_BFP(QuietBfp)
#undef COMPUTED_BFP
  Value<uint64_t> LengthenBfp(Value<uint32_t> v) {
    return {assist::LengthenBfp<uint64_t>(*this, v.value)};
  }
  template <typename T>
  Value<uint8_t> CompareBfp(Value<T> a, Value<T> b, bool signal) {
    return {assist::CompareBfp(*this, a.value, b.value, signal)};
  }
  template <typename T>
  static constexpr Value<uint8_t> SignBfp(Value<T> v) {
    return {bfp::ClassCc<assist::FormatOf<T>>(v.value)};
  }
  template <typename T>
  Value<T> IntegralBfp(Value<T> v, int m3, int m4) {
    return {assist::IntegralBfp(*this, v.value, m3, m4)};
  }
  template <typename T, typename Integer>
  Value<T> BfpFromInteger(Value<Integer> v, int m3, int m4) {
    return {assist::BfpFromInteger<T>(*this, v.value, m3, m4)};
  }
  // {result, invalid}.
  template <typename Integer, typename T>
  std::pair<Value<Integer>, Value<bool>> BfpToInteger(Value<T> v, int m3, int m4) {
    const auto result = assist::BfpToInteger<Integer>(*this, v.value, m3, m4);
    return {{result.value}, {result.cc == 3}};
  }
  void SetRoundedBfp(int r, Value<uint64_t> v, int m3, int m4) {
    const auto result = assist::RoundedBfp<uint32_t>(*this, v.value, m3, m4);
    if (Stopped()) return;
    result.is_scaled ? SetFpr(r, {result.scaled}) : SetFprHigh(r, {result.bits});
  }

  // ---- Addresses and branches ----
  Value<uint64_t> Address(int x, int b, int64_t d) const {
    return {EffectiveAddress(x, b, d)};
  }
  Value<uint64_t> Relative(int64_t halfwords) const {
    return {GuestCpu::Wrap(relative_base() + static_cast<uint64_t>(halfwords) * 2)};
  }
  Value<uint64_t> Wrap(Value<uint64_t> address) const {
    return {GuestCpu::Wrap(address.value)};
  }
  Value<uint64_t> InstructionAddress() const {
    return {ia_};
  }
  Value<uint64_t> NextAddress() const {
    return {next_ia_};
  }
  // Which of the addressing modes is on: known to the translator when it builds a block.
  bool Mode64() const {
    return (psw_mask_ & Psw::kExtendedAddressing) != 0;
  }
  bool Mode31() const {
    return (psw_mask_ & (Psw::kExtendedAddressing | Psw::kBasicAddressing)) ==
           Psw::kBasicAddressing;
  }
  AddressSpaceControl AddressSpace() const {
    return Psw{psw_mask_, 0}.address_space_control();
  }
  int InstructionLength() const {
    return instruction_length();
  }
  void SetAddressingMode(AddressingMode mode) {
    uint64_t mask = psw_mask_ & ~(Psw::kExtendedAddressing | Psw::kBasicAddressing);
    if (mode != AddressingMode::k24) mask |= Psw::kBasicAddressing;
    if (mode == AddressingMode::k64) mask |= Psw::kExtendedAddressing;
    if (mask == psw_mask_) return;
    SetPswMask(mask);
    next_ia_ = GuestCpu::Wrap(next_ia_);
  }
  // Bit 63 of `target` means 64 bits; else bit 32 means 31 bits.
  void BranchAndSetMode(Value<uint64_t> target) {
    const uint64_t address = target.value;
    SetAddressingMode(address & 1            ? AddressingMode::k64
                      : address & 0x80000000 ? AddressingMode::k31
                                             : AddressingMode::k24);
    BranchTo(GuestCpu::Wrap(address & 1 ? address - 1 : address));
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
  template <typename T>
  Value<T> LoadIf(Value<bool> condition, Value<uint64_t> address, int ar, Value<T> otherwise) {
    return condition.value ? Load<T>(address, ar) : otherwise;
  }
  template <typename T>
  void StoreIf(Value<bool> condition, Value<uint64_t> address, int ar, Value<T> v) {
    if (condition.value) Store<T>(address, ar, v);
  }
  template <typename T>
  std::array<Value<T>, 16> LoadSuccessive(Value<uint64_t> address, int ar, int count) {
    std::array<Value<T>, 16> values;
    const uint32_t length = static_cast<uint32_t>(count) * sizeof(T);
    const uint8_t* at = KnownBytes(address.value, length, false);
    uint8_t bytes[16 * sizeof(T)] = {};
    if (!at) {
      LoadBytes(address.value, bytes, length, Space::ByPsw(ar));
      at = bytes;
    }
    for (int i = 0; i < count; ++i) values[i] = {LoadStorage<T>(at + i * sizeof(T))};
    return values;
  }
  template <typename T, typename F>
  void StoreSuccessive(Value<uint64_t> address, int ar, int count, F value) {
    const uint32_t length = static_cast<uint32_t>(count) * sizeof(T);
    if (uint8_t* at = KnownBytes(address.value, length, true)) {
      for (int i = 0; i < count; ++i) StoreStorage<T>(at + i * sizeof(T), value(i).value);
      return;
    }
    uint8_t bytes[16 * sizeof(T)];
    for (int i = 0; i < count; ++i) StoreStorage<T>(bytes + i * sizeof(T), value(i).value);
    StoreBytes(address.value, bytes, length, Space::ByPsw(ar));
  }
  template <typename T>
  void RequireBoundary(Value<uint64_t> address) {
    SpecificationIf({(address.value & (sizeof(T) - 1)) != 0});
  }
  template <typename T>
  Value<T> LoadRelative(Value<uint64_t> address) {
    RequireBoundary<T>(address);
    if (Stopped()) return {};
    if (data_context_ == fetch_context_) [[likely]]
      return {GuestCpu::Load<T>(address.value, 0)};
    uint8_t bytes[sizeof(T)] = {};
    LoadBytes(address.value, bytes, sizeof(T), Space{Space::kPrimary});
    return {LoadStorage<T>(bytes)};
  }
  template <typename T>
  void StoreRelative(Value<uint64_t> address, Value<T> v) {
    RequireBoundary<T>(address);
    if (Stopped()) return;
    if (data_context_ == fetch_context_) [[likely]]
      return GuestCpu::Store<T>(address.value, 0, v.value);
    uint8_t bytes[sizeof(T)];
    StoreStorage<T>(bytes, v.value);
    StoreBytes(address.value, bytes, sizeof(T), Space{Space::kPrimary});
  }
  template <typename T>
  Value<T> CompareAndSwapStorage(Value<uint64_t> address, int ar, Value<T> expected, Value<T> v) {
    RequireBoundary<T>(address);
    if (Stopped()) return {};
    T* at = Interlocked<T>(address.value, ar);
    if (!at) return {};
    T old = StorageOrder(expected.value);
    __atomic_compare_exchange_n(at, &old, StorageOrder(v.value), false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return {StorageOrder(old)};
  }
  template <typename T>
  Value<T> UpdateStorage(Update update, Value<uint64_t> address, int ar, Value<T> operand) {
    if ((address.value & (sizeof(T) - 1)) != 0) {
      OperandBytes bytes;
      if (!Find(address.value, sizeof(T), Access::kStore, Space::ByPsw(ar), bytes)) return {};
      uint8_t text[sizeof(T)];
      bytes.Read(text);
      const Value<T> old{LoadStorage<T>(text)};
      StoreStorage<T>(text, Updated(update, old, operand).value);
      bytes.Write(text);
      return old;
    }
    T* at = Interlocked<T>(address.value, ar);
    if (!at) return {};
    T old = __atomic_load_n(at, __ATOMIC_RELAXED);
    for (;;) {
      const Value<T> updated = Updated(update, {StorageOrder(old)}, operand);
      if (__atomic_compare_exchange_n(at, &old, StorageOrder(updated.value), false,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        return {StorageOrder(old)};
      }
    }
  }
  std::pair<Value<uint64_t>, Value<uint64_t>> LoadQuadword(Value<uint64_t> address, int ar) {
    RequireBoundary<unsigned __int128>(address);
    OperandBytes bytes;
    if (!Find(address.value, 16, Access::kFetch, Space::ByPsw(ar), bytes)) return {};
    const Quadword v = hypervisor::LoadQuadword(bytes.first);
    return {{v.high}, {v.low}};
  }
  void StoreQuadword(Value<uint64_t> address, int ar, Value<uint64_t> high, Value<uint64_t> low) {
    RequireBoundary<unsigned __int128>(address);
    OperandBytes bytes;
    if (!Find(address.value, 16, Access::kStore, Space::ByPsw(ar), bytes)) return;
    hypervisor::StoreQuadword(bytes.first, Quadword{high.value, low.value});
  }
  std::pair<Value<uint64_t>, Value<uint64_t>> CompareAndSwapQuadword(
      Value<uint64_t> address, int ar, Value<uint64_t> expected_high, Value<uint64_t> expected_low,
      Value<uint64_t> high, Value<uint64_t> low) {
    RequireBoundary<unsigned __int128>(address);
    OperandBytes bytes;
    if (!Find(address.value, 16, Access::kStore, Space::ByPsw(ar), bytes)) return {};
    const Quadword old = hypervisor::CompareAndSwapQuadword(
        bytes.first, Quadword{expected_high.value, expected_low.value},
        Quadword{high.value, low.value});
    return {{old.high}, {old.low}};
  }
  static constexpr Value<uint32_t> OperandLength(int code) {
    return {static_cast<uint32_t>(code) + 1};
  }
  void MoveStorage(Value<uint64_t> to, int to_ar, Value<uint64_t> from, int from_ar,
                   Value<uint32_t> length) {
    assist::MoveStorage(*this, {to.value, to_ar, from.value, from_ar, length.value});
  }
  Value<uint64_t> CombineStorage(Update update, Value<uint64_t> to, int to_ar, Value<uint64_t> from,
                                 int from_ar, Value<uint32_t> length) {
    return {assist::CombineStorage(*this, update,
                                   {to.value, to_ar, from.value, from_ar, length.value})};
  }
  std::pair<Value<uint64_t>, Value<uint64_t>> CompareStorage(Value<uint64_t> a, int a_ar,
                                                             Value<uint64_t> b, int b_ar,
                                                             Value<uint32_t> length) {
    const int order = assist::CompareStorage(*this, {a.value, a_ar, b.value, b_ar, length.value});
    return {{order > 0}, {order < 0}};
  }
  void Serialize() {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
  }

  // ---- Exceptions ----
  void SpecificationIf(Value<bool> condition) {
    InterruptIf(condition, PgmCode::kSpecification);
  }
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

  using GuestCpu::facilities;
  using GuestCpu::GuestCpu;
  using GuestCpu::Wrap;

 private:
  template <typename T>
  static constexpr Value<T> Updated(Update update, Value<T> old, Value<T> operand) {
    switch (update) {
      case Update::kAdd:
        return old + operand;
      case Update::kAnd:
        return old & operand;
      case Update::kOr:
        return old | operand;
      case Update::kExclusiveOr:
        return old ^ operand;
    }
    return old;
  }
  // Our memory behind an operand within one page that the TLB knows, or null.
  uint8_t* KnownBytes(uint64_t address, uint32_t length, bool store) {
    const Tlb::Entry& entry = tlb_.At(address, data_context_);
    const uint64_t tag = store ? entry.write_tag : entry.read_tag;
    if (tag != Tlb::Tag(address, data_context_)) return nullptr;
    if ((address & kPageMask) + length > kPageSize) return nullptr;
    return reinterpret_cast<uint8_t*>(address + entry.addend);
  }
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_INTERPRETER_COMPUTING_CPU_H_
