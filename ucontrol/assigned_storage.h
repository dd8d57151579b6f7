// The prefix area of one vCPU: what an interruption stores and loads (PoP: Storage, "Assigned
// Storage Locations").
#ifndef UCONTROL_ASSIGNED_STORAGE_H_
#define UCONTROL_ASSIGNED_STORAGE_H_

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/psw.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/disposition.h"

namespace ucontrol {

class Vcpu;

// Only the vCPU's own thread may use one, and only as long as prefix and mappings stay.
class AssignedStorage {
 public:
  explicit AssignedStorage(Vcpu& vcpu);

  // False: the prefix area is no storage, and nothing below may be called.
  bool exists() const { return pages_[0] && pages_[1]; }

  template <std::unsigned_integral T>
  T Load(uint64_t real) const {
    return LoadBigEndian<T>(At(real));
  }
  template <std::unsigned_integral T>
  void Store(uint64_t real, T value) {
    StoreBigEndian(At(real), value);
  }
  void Store(uint64_t real, const void* bytes, uint64_t length) {
    std::memcpy(At(real), bytes, length);
  }

  hypervisor::Psw LoadPsw(uint64_t real) const {
    return {Load<uint64_t>(real), Load<uint64_t>(real + 8)};
  }

  // The vCPU's PSW goes to `old_psw`, the one at `new_psw` becomes its own.
  void SwapPsw(uint64_t old_psw, uint64_t new_psw);

 private:
  uint8_t* At(uint64_t real) const {
    return pages_[real / hypervisor::kPageSize] + real % hypervisor::kPageSize;
  }

  Vcpu& vcpu_;
  std::array<uint8_t*, 2> pages_;
};

// The end of an interruption whose prefix area doesn't exist.
constexpr Disposition NoPrefixArea() {
  return Disposition::Crash(CrashCause::kNoPrefixArea, "the prefix area is no storage");
}

}  // namespace ucontrol

#endif  // UCONTROL_ASSIGNED_STORAGE_H_
