// The Cpu that builds IR: the second meaning of the instruction table's semantics.
//
// Every operation that isa/semantics/row.h names appends to a block what it would have computed.
// What is known when code is translated (the mode, the instruction's fields and its address) is
// plain.
#ifndef HYPERVISOR_SIE_TRANSLATOR_RECORDING_CPU_H_
#define HYPERVISOR_SIE_TRANSLATOR_RECORDING_CPU_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <tuple>
#include <utility>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/arch/psw.h"
#include "hypervisor/isa/semantics/row.h"
#include "hypervisor/sie/translator/ir.h"

namespace hypervisor {

template <typename T>
constexpr ir::Type TypeOf() {
  using ir::Type;
  if constexpr (std::is_same_v<T, bool>)
    return Type::kBool;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return Type::kU8;
  else if constexpr (std::is_same_v<T, uint16_t>)
    return Type::kU16;
  else if constexpr (std::is_same_v<T, uint32_t>)
    return Type::kU32;
  else if constexpr (std::is_same_v<T, uint64_t>)
    return Type::kU64;
  else if constexpr (std::is_same_v<T, int8_t>)
    return Type::kS8;
  else if constexpr (std::is_same_v<T, int16_t>)
    return Type::kS16;
  else if constexpr (std::is_same_v<T, int32_t>)
    return Type::kS32;
  else if constexpr (std::is_same_v<T, VectorRegister>)
    return Type::kVector;
  else
    return Type::kS64;
}

class RecordingCpu;

// A value that will be there when the block runs.
template <typename T>
struct Recorded {
  using Type = T;
  RecordingCpu* cpu = nullptr;
  ir::ValueId id = 0;

  Recorded operator~() const;
};

class RecordingCpu {
 public:
  template <typename T>
  using Value = Recorded<T>;
  using Address64 = Value<uint64_t>;

  // What is known of the instructions to come: the PSW they run under and what the machine offers.
  RecordingCpu(ir::Block& block, const Psw& psw, const FacilityList& facilities)
      : block_(block), psw_(psw), facilities_(facilities) {}

  // Before a row is executed: where its instruction stands, and how long it is.
  void Begin(uint64_t address, int length) {
    instruction_ = address;
    length_ = length;
  }

  // ---- Values ----
  template <typename T>
  Value<T> Constant(T value) {
    return Append<T>(ir::Opcode::kConstant, {}, {static_cast<int64_t>(value)});
  }
  template <typename To, typename From>
  Value<To> Convert(Value<From> v) {
    if constexpr (std::is_same_v<To, From>) {
      return v;
    } else {
      const Value<To> result = Append<To>(ir::Opcode::kConvert, {v.id});
      block_.operations.back().from = TypeOf<From>();
      return result;
    }
  }
  template <typename T>
  Value<T> Select(Value<bool> condition, Value<T> a, Value<T> b) {
    return Append<T>(ir::Opcode::kSelect, {condition.id, a.id, b.id});
  }
  Value<uint8_t> Select(Value<bool> condition, int a, Value<uint8_t> b) {
    return Select(condition, Constant(static_cast<uint8_t>(a)), b);
  }
  Value<uint8_t> Select(Value<bool> condition, int a, int b) {
    return Select(condition, a, Constant(static_cast<uint8_t>(b)));
  }
  template <typename T>
  std::pair<Value<T>, Value<bool>> AddSigned(Value<T> a, Value<T> b) {
    return WithOverflow(ir::Opcode::kAdd, ir::Opcode::kAddOverflow, a, b);
  }
  template <typename T>
  std::pair<Value<T>, Value<bool>> SubtractSigned(Value<T> a, Value<T> b) {
    return WithOverflow(ir::Opcode::kSubtract, ir::Opcode::kSubtractOverflow, a, b);
  }
  template <typename T>
  std::pair<Value<T>, Value<bool>> MultiplySigned(Value<T> a, Value<T> b) {
    return WithOverflow(ir::Opcode::kMultiply, ir::Opcode::kMultiplyOverflow, a, b);
  }
  Address64 MultiplyHigh(Address64 a, Address64 b) {
    return Append<uint64_t>(ir::Opcode::kMultiplyHigh, {a.id, b.id});
  }
  // The quotient, the remainder and whether there is one stand in three successive values.
  template <typename T>
  std::tuple<Value<T>, Value<T>, Value<bool>> Divide(Value<T> a, Value<T> b) {
    return Three(Append<T>(ir::Opcode::kDivide, {a.id, b.id}));
  }
  std::tuple<Address64, Address64, Value<bool>> DivideQuadword(Address64 high, Address64 low,
                                                               Address64 b) {
    return Three(Append<uint64_t>(ir::Opcode::kDivideQuadword, {high.id, low.id, b.id}));
  }
  template <typename T>
  Value<T> CountLeadingZeros(Value<T> v) {
    return Append<T>(ir::Opcode::kCountLeadingZeros, {v.id});
  }
  template <typename T>
  Value<T> RotateLeft(Value<T> v, Value<uint32_t> by) {
    return Append<T>(ir::Opcode::kRotateLeft, {v.id, by.id});
  }
  template <typename T>
  Value<T> ByteSwap(Value<T> v) {
    return Append<T>(ir::Opcode::kByteSwap, {v.id});
  }
  template <typename T>
  Value<uint8_t> CompareWithZero(Value<T> v) {
    return Compared<T>(ir::Opcode::kCompareWithZero, {v.id});
  }
  template <typename T>
  Value<uint8_t> Compare(Value<T> a, Value<T> b) {
    return Compared<T>(ir::Opcode::kCompare, {a.id, b.id});
  }
  // One of two operands of one type; the operators of Recorded call it.
  template <typename Result, typename T>
  Value<Result> Binary(ir::Opcode opcode, ir::ValueId a, ir::ValueId b) {
    const Value<Result> result = Append<Result>(opcode, {a, b});
    if constexpr (!std::is_same_v<Result, T>) block_.operations.back().from = TypeOf<T>();
    return result;
  }
  template <typename T>
  Value<T> Not(Value<T> v) {
    return Append<T>(ir::Opcode::kNot, {v.id});
  }

  // ---- Registers ----
  template <typename T>
  Value<T> Gpr(int r) {
    return Append<T>(ir::Opcode::kGpr, {}, {r});
  }
  template <typename T>
  void SetGpr(int r, Value<T> v) {
    Effect<T>(ir::Opcode::kSetGpr, {v.id}, {r});
  }
  void SetGprHigh(int r, Value<uint32_t> v) {
    Effect<uint32_t>(ir::Opcode::kSetGprHigh, {v.id}, {r});
  }
  Value<uint32_t> Ar(int r) { return Append<uint32_t>(ir::Opcode::kAr, {}, {r}); }
  void SetAr(int r, Value<uint32_t> v) { Effect<uint32_t>(ir::Opcode::kSetAr, {v.id}, {r}); }
  Address64 Fpr(int r) { return Append<uint64_t>(ir::Opcode::kFpr, {}, {r}); }
  void SetFpr(int r, Address64 v) { Effect<uint64_t>(ir::Opcode::kSetFpr, {v.id}, {r}); }
  Value<uint32_t> FprHigh(int r) { return Append<uint32_t>(ir::Opcode::kFprHigh, {}, {r}); }
  void SetFprHigh(int r, Value<uint32_t> v) {
    Effect<uint32_t>(ir::Opcode::kSetFprHigh, {v.id}, {r});
  }
  // A block is translated for the AFP-register control it was met with.
  bool AfpOn() const { return afp_on_; }
  void set_afp_on(bool on) { afp_on_ = on; }
  // Likewise for whether vector instructions may be used.
  bool VectorOn() const { return vector_on_; }
  void set_vector_on(bool on) { vector_on_ = on; }
  Value<uint8_t> Cc() { return Append<uint8_t>(ir::Opcode::kCc, {}); }
  void SetCc(Value<uint8_t> v) { Effect<uint8_t>(ir::Opcode::kSetCc, {v.id}); }
  void SetCc(int cc) { SetCc(Constant(static_cast<uint8_t>(cc))); }
  Value<bool> CcIn(int mask) { return Append<bool>(ir::Opcode::kCcIn, {}, {mask}); }
  Value<uint8_t> ProgramMask() { return Append<uint8_t>(ir::Opcode::kProgramMask, {}); }
  void SetProgramMask(Value<uint8_t> v) { Effect<uint8_t>(ir::Opcode::kSetProgramMask, {v.id}); }
  void StoreThenUpdateSystemMask(Update update, Address64 address, int ar, uint8_t mask) {
    Effect<uint8_t>(ir::Opcode::kStoreThenUpdateSystemMask, {address.id},
                    {static_cast<int64_t>(update), mask, ar});
  }

  // ---- Binary floating point ----
#define RECORDED_BFP(name)                                         \
  template <typename T, typename... Operands>                      \
  Value<T> name(Value<T> a, Operands... operands) {                \
    return Append<T>(ir::Opcode::k##name, {a.id, operands.id...}); \
  }
  RECORDED_BFP(AddBfp)
  RECORDED_BFP(SubtractBfp)
  RECORDED_BFP(MultiplyBfp)
  RECORDED_BFP(DivideBfp)
  RECORDED_BFP(SquareRootBfp)
  RECORDED_BFP(MultiplyAndAddBfp)
  RECORDED_BFP(MultiplyAndSubtractBfp)
  RECORDED_BFP(QuietBfp)
#undef RECORDED_BFP
  Address64 LengthenBfp(Value<uint32_t> v) {
    return Append<uint64_t>(ir::Opcode::kLengthenBfp, {v.id});
  }
  template <typename T>
  Value<uint8_t> CompareBfp(Value<T> a, Value<T> b, bool signal) {
    const Value<uint8_t> result = Append<uint8_t>(ir::Opcode::kCompareBfp, {a.id, b.id}, {signal});
    block_.operations.back().from = TypeOf<T>();
    return result;
  }
  template <typename T>
  Value<uint8_t> SignBfp(Value<T> v) {
    return Compared<T>(ir::Opcode::kSignBfp, {v.id});
  }
  template <typename T>
  Value<T> IntegralBfp(Value<T> v, int m3, int m4) {
    return Append<T>(ir::Opcode::kIntegralBfp, {v.id}, {m3, SuppressesInexact(m4)});
  }
  template <typename T, typename Integer>
  Value<T> BfpFromInteger(Value<Integer> v, int m3, int m4) {
    const Value<T> result =
        Append<T>(ir::Opcode::kBfpFromInteger, {v.id}, {m3, SuppressesInexact(m4)});
    block_.operations.back().from = TypeOf<Integer>();
    return result;
  }
  // What has no such integer is the handler's.
  template <typename Integer, typename T>
  std::pair<Value<Integer>, Value<bool>> BfpToInteger(Value<T> v, int m3, int m4) {
    const Value<Integer> result =
        Append<Integer>(ir::Opcode::kBfpToInteger, {v.id}, {m3, SuppressesInexact(m4)});
    block_.operations.back().from = TypeOf<T>();
    return {result, Constant(false)};
  }
  void SetRoundedBfp(int r, Address64 v, int m3, int m4) {
    Effect<uint32_t>(ir::Opcode::kSetRoundedBfp, {v.id}, {r, m3, SuppressesInexact(m4)});
  }

  // ---- Addresses and branches ----
  Address64 Address(int x, int b, int64_t d) {
    return Append<uint64_t>(ir::Opcode::kAddress, {}, {x, b, d});
  }
  Address64 Relative(int64_t halfwords) {
    return Constant((instruction_ + static_cast<uint64_t>(halfwords) * 2) & psw_.address_mask());
  }
  Address64 Wrap(Address64 v) {
    return Mode64() ? v : Append<uint64_t>(ir::Opcode::kWrap, {v.id});
  }
  Address64 InstructionAddress() {
    return Constant(instruction_);
  }
  Address64 NextAddress() {
    return Constant((instruction_ + static_cast<uint64_t>(length_)) & psw_.address_mask());
  }
  bool Mode64() const {
    return (psw_.mask & Psw::kExtendedAddressing) != 0;
  }
  bool Mode31() const {
    return !Mode64() && (psw_.mask & Psw::kBasicAddressing);
  }
  AddressSpaceControl AddressSpace() const {
    return psw_.address_space_control();
  }
  int InstructionLength() const {
    return length_;
  }
  const FacilityList& facilities() const {
    return facilities_;
  }
  void SetAddressingMode(AddressingMode mode) {
    Effect<bool>(ir::Opcode::kSetAddressingMode, {}, {static_cast<int64_t>(mode)});
  }
  void BranchAndSetMode(Address64 target) {
    Effect<uint64_t>(ir::Opcode::kBranchAndSetMode, {target.id});
  }
  void BranchIf(Value<bool> condition, Address64 address) {
    Effect<uint64_t>(ir::Opcode::kBranchIf, {condition.id, address.id});
  }

  // ---- Storage ----
  template <typename T>
  Value<T> Load(Address64 address, int ar) {
    return Append<T>(ir::Opcode::kLoad, {address.id}, {ar});
  }
  template <typename T>
  void Store(Address64 address, int ar, Value<T> v) {
    Effect<T>(ir::Opcode::kStore, {address.id, v.id}, {ar});
  }
  template <typename T>
  Value<T> LoadIf(Value<bool> condition, Address64 address, int ar, Value<T> otherwise) {
    return Append<T>(ir::Opcode::kLoadIf, {condition.id, address.id, otherwise.id}, {ar});
  }
  template <typename T>
  void StoreIf(Value<bool> condition, Address64 address, int ar, Value<T> v) {
    Effect<T>(ir::Opcode::kStoreIf, {condition.id, address.id, v.id}, {ar});
  }
  template <typename T>
  std::array<Value<T>, 16> LoadSuccessive(Address64 address, int ar, int count) {
    std::array<Value<T>, 16> values;
    values[0] = Append<T>(ir::Opcode::kLoadSuccessive, {address.id}, {ar, count});
    for (int i = 1; i < count; ++i) values[i] = {this, ++block_.values};
    return values;
  }
  template <typename T, typename F>
  void StoreSuccessive(Address64 address, int ar, int count, F value) {
    ir::ShortList<ir::ValueId, 17> arguments = {address.id};
    for (int i = 0; i < count; ++i) arguments.push_back(Value<T>(value(i)).id);
    block_.operations.push_back(
        {ir::Opcode::kStoreSuccessive, TypeOf<T>(), ir::Type::kNone, 0, arguments, {ar, count}});
  }
  template <typename T>
  Value<T> LoadRelative(Address64 address) {
    return Append<T>(ir::Opcode::kLoadRelative, {address.id});
  }
  template <typename T>
  void StoreRelative(Address64 address, Value<T> v) {
    Effect<T>(ir::Opcode::kStoreRelative, {address.id, v.id});
  }
  template <typename T>
  void RequireBoundary(Address64 address) {
    Effect<T>(ir::Opcode::kRequireBoundary, {address.id});
  }
  template <typename T>
  Value<T> UpdateStorage(Update update, Address64 address, int ar, Value<T> operand) {
    return Append<T>(ir::Opcode::kUpdateStorage, {address.id, operand.id},
                     {static_cast<int64_t>(update), ar});
  }
  template <typename T>
  Value<T> CompareAndSwapStorage(Address64 address, int ar, Value<T> expected, Value<T> v) {
    return Append<T>(ir::Opcode::kCompareAndSwapStorage, {address.id, expected.id, v.id}, {ar});
  }
  std::pair<Address64, Address64> LoadQuadword(Address64 address, int ar) {
    return Two(Append<uint64_t>(ir::Opcode::kLoadQuadword, {address.id}, {ar}));
  }
  void StoreQuadword(Address64 address, int ar, Address64 high, Address64 low) {
    Effect<uint64_t>(ir::Opcode::kStoreQuadword, {address.id, high.id, low.id}, {ar});
  }
  std::pair<Address64, Address64> CompareAndSwapQuadword(Address64 address, int ar,
                                                         Address64 expected_high,
                                                         Address64 expected_low, Address64 high,
                                                         Address64 low) {
    return Two(Append<uint64_t>(ir::Opcode::kCompareAndSwapQuadword,
                                {address.id, expected_high.id, expected_low.id, high.id, low.id},
                                {ar}));
  }
  Value<uint32_t> OperandLength(int code) {
    if (length_register_ == 0) return Constant(static_cast<uint32_t>(code) + 1);
    ir::ValueId less_one = Convert<uint32_t>(Gpr<uint8_t>(length_register_)).id;
    if (code != 0) {
      less_one = Binary<uint32_t, uint32_t>(ir::Opcode::kOr, less_one,
                                            Constant(static_cast<uint32_t>(code)).id)
                     .id;
    }
    return Binary<uint32_t, uint32_t>(ir::Opcode::kAdd, less_one, Constant(uint32_t{1}).id);
  }
  // The register that EXECUTE modifies the next length by; 0: none.
  void set_length_register(int r) {
    length_register_ = r;
  }
  // What is done by the interpreter's handler instead when the condition holds.
  void HandlerIf(Value<bool> condition) {
    Effect<bool>(ir::Opcode::kHandlerIf, {condition.id});
  }
  void MoveStorage(Address64 to, int to_ar, Address64 from, int from_ar, Value<uint32_t> length) {
    Effect<uint64_t>(ir::Opcode::kMoveStorage, {to.id, from.id, length.id}, {to_ar, from_ar});
  }
  Address64 CombineStorage(Update update, Address64 to, int to_ar, Address64 from, int from_ar,
                           Value<uint32_t> length) {
    return Append<uint64_t>(ir::Opcode::kCombineStorage, {to.id, from.id, length.id},
                            {to_ar, from_ar, static_cast<int64_t>(update)});
  }
  std::pair<Address64, Address64> CompareStorage(Address64 a, int a_ar, Address64 b, int b_ar,
                                                 Value<uint32_t> length) {
    return Two(
        Append<uint64_t>(ir::Opcode::kCompareStorage, {a.id, b.id, length.id}, {a_ar, b_ar}));
  }
  void Serialize() {
    Effect<bool>(ir::Opcode::kSerialize, {});
  }

  // ---- Exceptions: each leaves the block when its condition holds ----
  void SpecificationIf(Value<bool> condition) {
    InterruptIf(condition, PgmCode::kSpecification);
  }
  void InterruptIf(Value<bool> condition, PgmCode code) {
    Effect<bool>(ir::Opcode::kInterruptIf, {condition.id}, {static_cast<int64_t>(code)});
  }
  void DataExceptionIf(Value<bool> condition, uint8_t dxc) {
    Effect<bool>(ir::Opcode::kDataExceptionIf, {condition.id}, {dxc});
  }
  void FixedPointOverflowIf(Value<bool> overflow) {
    Effect<bool>(ir::Opcode::kFixedPointOverflowIf, {overflow.id});
  }
  // What stops an instruction leaves the block there: what is recorded behind it runs otherwise.
  bool Stopped() const {
    return false;
  }

  // ---- Operations ----
  template <typename T>
  Value<T> Append(ir::Opcode opcode, std::initializer_list<ir::ValueId> arguments,
                  std::initializer_list<int64_t> immediates = {}) {
    block_.operations.push_back(
        {opcode, TypeOf<T>(), ir::Type::kNone, ++block_.values, arguments, immediates});
    return {this, block_.values};
  }
  template <typename T>
  void Effect(ir::Opcode opcode, std::initializer_list<ir::ValueId> arguments,
              std::initializer_list<int64_t> immediates = {}) {
    block_.operations.push_back({opcode, TypeOf<T>(), ir::Type::kNone, 0, arguments, immediates});
  }

 private:
  int64_t SuppressesInexact(int m4) const {
    return facilities_.Has(Facility::kFloatingPointExtension) && (m4 & 4) ? 1 : 0;
  }
  template <typename T>
  Value<uint8_t> Compared(ir::Opcode opcode, std::initializer_list<ir::ValueId> arguments) {
    const Value<uint8_t> result = Append<uint8_t>(opcode, arguments);
    block_.operations.back().from = TypeOf<T>();
    return result;
  }
  template <typename T>
  std::pair<Value<T>, Value<bool>> WithOverflow(ir::Opcode opcode, ir::Opcode overflow, Value<T> a,
                                                Value<T> b) {
    const Value<T> result = Append<T>(opcode, {a.id, b.id});
    return {result, Binary<bool, T>(overflow, a.id, b.id)};
  }
  std::pair<Address64, Address64> Two(Address64 first) {
    return {first, {this, ++block_.values}};
  }
  template <typename T>
  std::tuple<Value<T>, Value<T>, Value<bool>> Three(Value<T> first) {
    const ir::ValueId second = ++block_.values;
    return {first, {this, second}, {this, ++block_.values}};
  }

  ir::Block& block_;
  const Psw psw_;
  const FacilityList& facilities_;
  uint64_t instruction_ = 0;
  int length_ = 0;
  bool afp_on_ = true;
  bool vector_on_ = true;
  int length_register_ = 0;
};

}  // namespace hypervisor

#include "hypervisor/sie/translator/recorded_operators.h"

#endif  // HYPERVISOR_SIE_TRANSLATOR_RECORDING_CPU_H_
