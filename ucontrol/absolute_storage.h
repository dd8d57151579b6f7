// The storage of a machine as its devices and its monitor see it: absolute addresses, no keys.
#ifndef UCONTROL_ABSOLUTE_STORAGE_H_
#define UCONTROL_ABSOLUTE_STORAGE_H_

#include <cstdint>
#include <cstring>

#include "hypervisor/arch/address.h"

namespace ucontrol {

// Any thread. Guest programs change what is behind a pointer at any time: read a field once.
class AbsoluteStorage {
 public:
  virtual ~AbsoluteStorage() = default;

  // Our memory behind [address, address + length), or null if any byte of it is no storage of the
  // machine or the range isn't contiguous in our memory.
  virtual uint8_t* Find(hypervisor::GuestAbsolute address, uint64_t length) = 0;

  // False if any byte is no storage of the machine; nothing is read or written then.
  virtual bool Read(hypervisor::GuestAbsolute address, void* bytes, uint64_t length) = 0;
  virtual bool Write(hypervisor::GuestAbsolute address, const void* bytes, uint64_t length) = 0;
};

}  // namespace ucontrol

#endif  // UCONTROL_ABSOLUTE_STORAGE_H_
