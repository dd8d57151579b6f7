// The tweak of the XTS mode (IEEE 1619).
#ifndef HYPERVISOR_SIE_ASSIST_CRYPTO_XTS_H_
#define HYPERVISOR_SIE_ASSIST_CRYPTO_XTS_H_

#include <cstdint>

namespace hypervisor::crypto {

// Multiplies the 16-byte tweak by the primitive element of GF(2^128): the next block's tweak.
inline void XtsNext(uint8_t* tweak) {
  uint8_t carry = 0;
  for (int i = 0; i < 16; ++i) {
    const auto next = static_cast<uint8_t>(tweak[i] >> 7);
    tweak[i] = static_cast<uint8_t>(tweak[i] << 1 | carry);
    carry = next;
  }
  if (carry) tweak[0] ^= 0x87;
}

}  // namespace hypervisor::crypto

#endif  // HYPERVISOR_SIE_ASSIST_CRYPTO_XTS_H_
