// PERFORM LOCKED OPERATION.
//
// Six operations, each in four sizes, on up to four operands in storage and as many in registers or
// in a parameter list.
#include <array>
#include <atomic>
#include <cstddef>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/storage/quadword.h"

namespace hypervisor::assist {
namespace {

enum class Operation {
  kCompareAndLoad,
  kCompareAndSwap,
  kDoubleCompareAndSwap,
  kCompareAndSwapAndStore,
  kCompareAndSwapAndDoubleStore,
  kCompareAndSwapAndTripleStore,
};

// Words in registers, doublewords in the parameter list, doublewords in registers, quadwords in the
// list: the two rightmost bits of the function code.
enum class Size { kWord, kDoublewordList, kDoubleword, kQuadwordList };

using Value = unsigned __int128;

// The lock that guards a lock token. Tokens may share one.
std::atomic_flag& LockOf(uint64_t token) {
  static constinit std::array<std::atomic_flag, 64> locks{};
  return locks[(token ^ token >> 6 ^ token >> 12) % locks.size()];
}

class LockedOperation {
 public:
  LockedOperation(GuestCpu& cpu, const Insn& insn, int function)
      : cpu_(cpu),
        insn_(insn),
        operation_(static_cast<Operation>(function / 4)),
        size_(static_cast<Size>(function % 4)),
        length_(size_ == Size::kWord           ? 4
                : size_ == Size::kQuadwordList ? 16
                                               : 8),
        second_address_(cpu.EffectiveAddress(0, insn.b1, insn.d1)),
        list_address_(cpu.EffectiveAddress(0, insn.b2, insn.d2)) {}

  // All that can end the instruction, before anything is changed.
  bool Prepare() {
    const bool in_list = size_ == Size::kDoublewordList || size_ == Size::kQuadwordList;
    uses_list_ = in_list || operation_ >= Operation::kCompareAndSwapAndDoubleStore;
    first_in_list_ = in_list;
    const bool swaps = operation_ != Operation::kCompareAndLoad;
    if ((!in_list && swaps && (insn_.r1 & 1)) ||
        (!in_list && operation_ == Operation::kDoubleCompareAndSwap && (insn_.r3 & 1)) ||
        !OnBoundary(second_address_, length_) ||
        (uses_list_ && !OnBoundary(list_address_, length_ == 16 ? 16 : 8))) {
      return Specification();
    }
    const Space second_space = Space::ByPsw(insn_.b1);
    const Access second_access = swaps ? Access::kStore : Access::kFetch;
    if (!cpu_.Find(second_address_, length_, second_access, second_space, second_)) return false;
    if (uses_list_) {
      const Access access = in_list ? Access::kStore : Access::kFetch;
      const uint32_t length = OtherOperands() == 0 ? 32 : 48 + 32 * OtherOperands();
      if (!cpu_.Find(list_address_, length, access, Space::ByPsw(insn_.b2), list_)) return false;
    }
    if (operation_ == Operation::kCompareAndSwap) return true;
    if (!uses_list_) {
      if (!OnBoundary(list_address_, length_)) return Specification();
      const bool stores = operation_ != Operation::kCompareAndLoad;
      return cpu_.Find(list_address_, length_, stores ? Access::kStore : Access::kFetch,
                       Space::ByPsw(insn_.b2), others_[0]);
    }
    for (uint32_t i = 0; i < OtherOperands(); ++i) {
      if (!FindOther(i)) return false;
    }
    return true;
  }

  // CC 0 done; 1 first comparison unequal; 2 second comparison unequal.
  int Perform() {
    const Value second = Load(second_);
    if (First(kComparison) != second) {
      SetFirst(second);
      return 1;
    }
    if (operation_ == Operation::kCompareAndLoad) {
      SetThird(Load(others_[0]));
      return 0;
    }
    if (operation_ == Operation::kDoubleCompareAndSwap) {
      const Value fourth = Load(others_[0]);
      if (Third(kComparison) != fourth) {
        SetThird(fourth);
        return 2;
      }
    }
    const Value replacement = First(kReplacement);
    std::array<Value, 3> values{};
    for (uint32_t i = 0; i < OtherOperands(); ++i) values[i] = StoreValue(i);
    for (uint32_t i = 0; i < OtherOperands(); ++i) {
      Store(others_[i], values[i]);
    }
    Store(second_, replacement);
    return 0;
  }

 private:
  enum Which { kComparison, kReplacement };
  static bool OnBoundary(uint64_t address, uint32_t length) {
    return (address & (length - 1)) == 0;
  }
  bool Specification() {
    cpu_.Interrupt(PgmCode::kSpecification);
    return false;
  }

  // Operands 4, 6 and 8.
  uint32_t OtherOperands() const {
    switch (operation_) {
      case Operation::kCompareAndSwap:
        return 0;
      case Operation::kCompareAndSwapAndDoubleStore:
        return 2;
      case Operation::kCompareAndSwapAndTripleStore:
        return 3;
      default:
        return 1;
    }
  }

  // The list has, every 32 bytes from 68 on, an ALET and an address. In access-register mode access
  // register R3 gets the ALET.
  bool FindOther(uint32_t i) {
    const uint32_t at = 72 + 32 * i;
    const uint64_t address = cpu_.Wrap(FromList<uint64_t>(at));
    if (!OnBoundary(address, length_)) return Specification();
    if (InAccessRegisterMode()) {
      if (insn_.r3 == 0) return Specification();
      cpu_.state().ar[insn_.r3] = FromList<uint32_t>(at - 4);
    }
    const Access access =
        operation_ == Operation::kCompareAndLoad ? Access::kFetch : Access::kStore;
    return cpu_.Find(address, length_, access, Space::ByPsw(insn_.r3), others_[i]);
  }
  bool InAccessRegisterMode() const {
    const Psw psw{cpu_.psw_mask(), 0};
    return psw.dat() && psw.address_space_control() == AddressSpaceControl::kAccessRegister;
  }

  template <typename T>
  T FromList(uint32_t offset) const {
    uint8_t bytes[sizeof(T)];
    for (uint32_t i = 0; i < sizeof(T); ++i) bytes[i] = list_[offset + i];
    return LoadStorage<T>(bytes);
  }
  // A value of the list ends where a quadword of its own would.
  Value FromListEntry(uint32_t entry) const {
    const uint32_t offset = 16 * entry + 16 - length_;
    if (length_ == 4) return FromList<uint32_t>(offset);
    if (length_ == 8) return FromList<uint64_t>(offset);
    return FromList<Value>(offset);
  }
  void ToListEntry(uint32_t entry, Value value) {
    uint8_t bytes[16];
    StoreStorage<Value>(bytes, value);
    const uint32_t offset = 16 * entry + 16 - length_;
    for (uint32_t i = 0; i < length_; ++i) list_[offset + i] = bytes[16 - length_ + i];
  }

  Value FromRegister(int r) const { return length_ == 4 ? cpu_.gpr_low(r) : cpu_.gpr(r); }
  void ToRegister(int r, Value value) {
    if (length_ == 4) {
      cpu_.set_gpr_low(r, static_cast<uint32_t>(value));
    } else {
      cpu_.set_gpr(r, static_cast<uint64_t>(value));
    }
  }

  Value First(Which which) const {
    if (first_in_list_) return FromListEntry(which == kComparison ? 0 : 1);
    return FromRegister(insn_.r1 + which);
  }
  void SetFirst(Value value) {
    first_in_list_ ? ToListEntry(0, value) : ToRegister(insn_.r1, value);
  }
  Value Third(Which which) const {
    if (first_in_list_) return FromListEntry(which == kComparison ? 2 : 3);
    return FromRegister(insn_.r3 + which);
  }
  void SetThird(Value value) {
    first_in_list_ ? ToListEntry(2, value) : ToRegister(insn_.r3, value);
  }
  // Operands 3, 5 and 7, or the replacement of a double compare and swap.
  Value StoreValue(uint32_t i) const {
    if (uses_list_) return FromListEntry(3 + 2 * i);
    return operation_ == Operation::kDoubleCompareAndSwap ? Third(kReplacement)
                                                          : FromRegister(insn_.r3);
  }

  Value Load(const OperandBytes& at) const {
    if (length_ == 4) return LoadStorage<uint32_t>(at.first);
    if (length_ == 8) return LoadStorage<uint64_t>(at.first);
    return LoadQuadword(at.first).joined();
  }
  void Store(const OperandBytes& at, Value value) {
    if (length_ == 4) return StoreStorage<uint32_t>(at.first, static_cast<uint32_t>(value));
    if (length_ == 8) return StoreStorage<uint64_t>(at.first, static_cast<uint64_t>(value));
    StoreQuadword(at.first, Quadword::Of(value));
  }

  GuestCpu& cpu_;
  const Insn& insn_;
  const Operation operation_;
  const Size size_;
  const uint32_t length_;  // of each operand
  const uint64_t second_address_;
  const uint64_t list_address_;  // of the parameter list, or of the fourth operand
  bool uses_list_ = false;
  bool first_in_list_ = false;
  OperandBytes second_;
  OperandBytes list_;
  std::array<OperandBytes, 3> others_;  // operands 4, 6 and 8
};

}  // namespace

// GR0 has the function code, and a bit that asks only whether it is known; GR1 the lock token.
void PerformLockedOperation(GuestCpu& cpu, const Insn& insn) {
  constexpr int kFunctions = 24;
  const uint32_t control = cpu.gpr_low(0);
  const int function = control & 0x7f;
  if (control & 0xffffff00) return cpu.Interrupt(PgmCode::kSpecification);
  if (control & 0x80) return cpu.set_cc(function < kFunctions ? 0 : 3);
  if (function >= kFunctions) return cpu.Interrupt(PgmCode::kSpecification);
  LockedOperation operation(cpu, insn, function);
  if (!operation.Prepare()) return;
  cpu.Acquire(LockOf(cpu.Wrap(cpu.gpr(1))));
  const int cc = operation.Perform();
  cpu.Release();
  cpu.set_cc(static_cast<uint8_t>(cc));
}

}  // namespace hypervisor::assist
