// One type for each address space, so that a step of translation can't be skipped.
//
//   GuestLogical --Dat--> GuestReal --Prefix--> GuestAbsolute --Sie--> VcpuAddress
//                                                 VcpuAddress --AddressSpace--> UserAddress
//
// An address changes its type only in the function named on the arrow.
#ifndef HYPERVISOR_ARCH_ADDRESS_H_
#define HYPERVISOR_ARCH_ADDRESS_H_

#include <compare>
#include <cstdint>

namespace hypervisor {

inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kPageMask = kPageSize - 1;
inline constexpr uint64_t kSegmentSize = 1024 * 1024;

template <typename Space>
class Address {
 public:
  constexpr Address() = default;
  constexpr explicit Address(uint64_t raw) : raw_(raw) {}

  constexpr uint64_t raw() const { return raw_; }
  constexpr bool IsAligned(uint64_t unit) const { return raw_ % unit == 0; }
  constexpr Address page() const { return Address(raw_ & ~kPageMask); }
  constexpr uint64_t byte_in_page() const { return raw_ & kPageMask; }

  friend constexpr auto operator<=>(Address, Address) = default;
  friend constexpr Address operator+(Address a, uint64_t bytes) { return Address(a.raw_ + bytes); }
  friend constexpr uint64_t operator-(Address a, Address b) { return a.raw_ - b.raw_; }

 private:
  uint64_t raw_ = 0;
};

using GuestLogical = Address<struct LogicalSpace>;    // as the program formed it
using GuestReal = Address<struct RealSpace>;          // after dynamic address translation
using GuestAbsolute = Address<struct AbsoluteSpace>;  // after prefixing
using VcpuAddress = Address<struct VcpuSpace>;        // vcpu_addr of KVM_S390_UCAS_MAP
using UserAddress = Address<struct UserSpace>;        // user_addr: our own virtual memory

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_ADDRESS_H_
