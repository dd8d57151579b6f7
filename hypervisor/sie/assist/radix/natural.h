// Natural numbers of any size, as far as changes of radix need them.
#ifndef HYPERVISOR_SIE_ASSIST_RADIX_NATURAL_H_
#define HYPERVISOR_SIE_ASSIST_RADIX_NATURAL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hypervisor/sie/assist/bfp/wide.h"

namespace hypervisor::radix {

using bfp::U128;
using bfp::Wide;

class Natural {
 public:
  explicit Natural(U128 value);

  void Multiply(uint64_t factor);
  // To a quotient; the remainder is returned. The divisor must not be zero.
  uint64_t Divide(uint64_t divisor);
  void ShiftLeft(int bits);
  void Drop64Bits();  // on the right

  // A bit more: by one part in 2^400, and by one.
  Natural Above() const;

  int BitLength() const;
  // The leftmost 256 bits, the first of them one; the last one is one, too, if any bit behind it
  // is. The number must not be zero.
  Wide Leading() const;
  // A number of no more than 256 bits.
  Wide Value() const;

 private:
  uint64_t Limb(int index) const {
    const auto at = static_cast<size_t>(index);
    return index >= 0 && at < limbs_.size() ? limbs_[at] : 0;
  }
  void Trim();

  std::vector<uint64_t> limbs_;  // the least significant first; the last one is not zero
};

}  // namespace hypervisor::radix

#endif  // HYPERVISOR_SIE_ASSIST_RADIX_NATURAL_H_
