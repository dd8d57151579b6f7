// Storage accesses that the monitor makes in the name of its guest.
//
// An access either happens as a whole or not at all; then the program interruption that it caused
// is latched, and the handler ends with `return vcpu.storage().Fault();`.
#ifndef UCONTROL_GUEST_STORAGE_H_
#define UCONTROL_GUEST_STORAGE_H_

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/interruption.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/disposition.h"
#include "ucontrol/operands.h"

namespace ucontrol {

class Vcpu;

// Only the vCPU's own thread may use one.
class GuestStorage {
 public:
  enum class Access { kFetch, kStore };

  static constexpr uint64_t kMaximumLength = 64 * 1024;

  explicit GuestStorage(Vcpu& vcpu) : vcpu_(vcpu) {}

  // Logical addresses: DAT with the PSW's address-space control, low-address protection, key
  // protection with the PSW key, prefixing. False: nothing was done, Fault() says why.
  bool Read(const OperandAddress& operand, void* bytes, uint64_t length);
  bool Write(const OperandAddress& operand, const void* bytes, uint64_t length);

  // As these, for one integer; its bytes are the guest's, its value the host's.
  template <std::unsigned_integral T>
  std::optional<T> Load(const OperandAddress& operand) {
    std::array<uint8_t, sizeof(T)> bytes;
    if (!Read(operand, bytes.data(), sizeof(T))) return std::nullopt;
    return LoadBigEndian<T>(bytes.data());
  }
  template <std::unsigned_integral T>
  bool Store(const OperandAddress& operand, T value) {
    std::array<uint8_t, sizeof(T)> bytes;
    StoreBigEndian(bytes.data(), value);
    return Write(operand, bytes.data(), sizeof(T));
  }

  // Tests a store without doing it: what an instruction that stores late must know early.
  bool Check(const OperandAddress& operand, uint64_t length, Access access);

  // Real addresses: prefixing alone. The caller tests low-address protection where it applies.
  bool ReadReal(hypervisor::GuestReal address, void* bytes, uint64_t length);
  bool WriteReal(hypervisor::GuestReal address, const void* bytes, uint64_t length);
  template <std::unsigned_integral T>
  std::optional<T> LoadReal(hypervisor::GuestReal address) {
    std::array<uint8_t, sizeof(T)> bytes;
    if (!ReadReal(address, bytes.data(), sizeof(T))) return std::nullopt;
    return LoadBigEndian<T>(bytes.data());
  }
  template <std::unsigned_integral T>
  bool StoreReal(hypervisor::GuestReal address, T value) {
    std::array<uint8_t, sizeof(T)> bytes;
    StoreBigEndian(bytes.data(), value);
    return WriteReal(address, bytes.data(), sizeof(T));
  }

  // Absolute addresses, as this vCPU's mappings have them.
  bool ReadAbsolute(hypervisor::GuestAbsolute address, void* bytes, uint64_t length);
  bool WriteAbsolute(hypervisor::GuestAbsolute address, const void* bytes, uint64_t length);

  // Our memory behind one page, or null (and addressing latched) if there is none.
  uint8_t* FindPage(hypervisor::GuestAbsolute page);

  // Dynamic address translation of one address, if the PSW asks for it; without protection by key
  // or low address.
  struct Translation {
    hypervisor::GuestReal real{};
    bool dat_protected = false;
    uint64_t space = 0;  // as bits 62-63 of a TEID name it
    bool is_private = false;
    bool is_fetch_only = false;  // by its access-list entry
  };
  std::optional<Translation> Translate(const OperandAddress& operand, Access access);

  hypervisor::GuestAbsolute Prefix(hypervisor::GuestReal address) const;

  // True if CR0 and the addresses say that a store to `address` is low-address protected.
  bool IsLowAddressProtected(uint64_t address) const;

  // The storage key of the page, as ISKE would insert it; 0 if keys are not in use.
  uint8_t KeyOf(hypervisor::GuestAbsolute address);

  // The first byte of the instruction that the PSW points to; nothing if it can't be fetched.
  // Latches nothing.
  std::optional<uint8_t> OpcodeAtPsw();

  // The latched program interruption as the end of a handler; unlatches it.
  Disposition Fault();

 private:
  struct Piece {
    uint8_t* bytes;
    uint64_t length;
  };
  struct Pieces {
    std::array<Piece, kMaximumLength / hypervisor::kPageSize + 1> piece;
    int count = 0;
  };

  struct Space {
    uint64_t asce = 0;
    uint64_t id = 0;
    bool is_fetch_only = false;
  };

  bool SelectSpace(const OperandAddress& operand, Space& space);
  bool IsKeyProtected(hypervisor::GuestAbsolute address, hypervisor::GuestLogical logical,
                      Access access, bool is_private);
  uint64_t Teid(hypervisor::GuestLogical address, Access access, uint64_t space) const;
  bool Latch(hypervisor::PgmCode code, uint64_t translation_exception = 0, int access_register = 0);

  bool Collect(const OperandAddress& operand, uint64_t length, Access access, Pieces& pieces);
  bool CollectReal(hypervisor::GuestReal address, uint64_t length, Pieces& pieces);
  bool CollectAbsolute(hypervisor::GuestAbsolute address, uint64_t length, Pieces& pieces);
  static void CopyOut(const Pieces& pieces, void* bytes);
  static void CopyIn(const Pieces& pieces, const void* bytes);

  Vcpu& vcpu_;
  hypervisor::ProgramInterruption latched_;
};

}  // namespace ucontrol

#endif  // UCONTROL_GUEST_STORAGE_H_
