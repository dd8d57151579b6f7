// The program-status word in its 16-byte z/Architecture form (PoP: Control, "Program-Status Word").
#ifndef HYPERVISOR_ARCH_PSW_H_
#define HYPERVISOR_ARCH_PSW_H_

#include <cstdint>

#include "hypervisor/arch/bits.h"

namespace hypervisor {

enum class AddressSpaceControl : uint8_t {
  kPrimary = 0,
  kAccessRegister = 1,
  kSecondary = 2,
  kHome = 3
};

struct Psw {
  uint64_t mask = 0;
  uint64_t address = 0;

  static constexpr uint64_t kPer = Mask<1, 1>();
  static constexpr uint64_t kDat = Mask<5, 5>();
  static constexpr uint64_t kIo = Mask<6, 6>();
  static constexpr uint64_t kExternal = Mask<7, 7>();
  static constexpr uint64_t kKey = Mask<8, 11>();
  static constexpr uint64_t kShortForm = Mask<12, 12>();
  static constexpr uint64_t kMachineCheck = Mask<13, 13>();
  static constexpr uint64_t kWait = Mask<14, 14>();
  static constexpr uint64_t kProblemState = Mask<15, 15>();
  static constexpr uint64_t kAddressSpaceControl = Mask<16, 17>();
  static constexpr uint64_t kConditionCode = Mask<18, 19>();
  static constexpr uint64_t kProgramMask = Mask<20, 23>();
  static constexpr uint64_t kFixedPointOverflow = Mask<20, 20>();
  static constexpr uint64_t kDecimalOverflow = Mask<21, 21>();
  static constexpr uint64_t kHfpExponentUnderflow = Mask<22, 22>();
  static constexpr uint64_t kHfpSignificance = Mask<23, 23>();
  static constexpr uint64_t kRuntimeInstrumentation = Mask<24, 24>();
  static constexpr uint64_t kExtendedAddressing = Mask<31, 31>();
  static constexpr uint64_t kBasicAddressing = Mask<32, 32>();
  // Bits that must be zero in a valid PSW.
  static constexpr uint64_t kUnassigned = 0xb80800fe7fffffff;

  constexpr bool dat() const { return (mask & kDat) != 0; }
  constexpr bool problem_state() const { return (mask & kProblemState) != 0; }
  constexpr bool wait() const { return (mask & kWait) != 0; }
  constexpr uint8_t key() const { return static_cast<uint8_t>(Bits<8, 11>(mask)); }
  constexpr AddressSpaceControl address_space_control() const {
    return static_cast<AddressSpaceControl>(Bits<16, 17>(mask));
  }
  constexpr uint8_t condition_code() const { return static_cast<uint8_t>(Bits<18, 19>(mask)); }
  constexpr uint8_t program_mask() const { return static_cast<uint8_t>(Bits<20, 23>(mask)); }

  constexpr void set_key(uint8_t key) { mask = (mask & ~kKey) | (uint64_t{key} << 52); }
  constexpr void set_condition_code(uint8_t cc) {
    mask = (mask & ~kConditionCode) | (uint64_t{cc} << 44);
  }

  // The bits of an address that the addressing mode (24, 31 or 64 bits) keeps.
  constexpr uint64_t address_mask() const {
    if (mask & kExtendedAddressing) return ~uint64_t{0};
    return mask & kBasicAddressing ? Mask<33, 63>() : Mask<40, 63>();
  }

  // What an early specification exception tests, odd instruction address excepted, which is late.
  constexpr bool IsValid() const {
    if (mask & kUnassigned) return false;
    if ((mask & kExtendedAddressing) && !(mask & kBasicAddressing)) return false;
    return (address & ~address_mask()) == 0;
  }

  friend constexpr bool operator==(const Psw&, const Psw&) = default;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_PSW_H_
